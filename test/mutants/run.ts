import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { argumentsOf } from "../../scripts/arguments.ts";
import type { Mutant } from "./mutant.ts";
import { shellMutants } from "./shell-mutants.ts";
import { stageMutants } from "./stage-mutants.ts";

const mutants = [...stageMutants, ...shellMutants];

const usage = `npm run test:mutants -- [--only WORD]

Puts each seeded bug into a copy of the source and asks whether the test that is named beside it notices. Exit code 1 when
one is not caught, or no longer applies.

  --only       bugs whose name has this word`;
const { values } = argumentsOf(usage, { only: { type: "string", default: "" } });
const root = resolve(import.meta.dirname, "../..");
/** Longest run of a test. One that is cut by it has noticed nothing, unless the bug is one that hangs. */
const limitMs = 120_000;

const copy = mkdtempSync(join(tmpdir(), "atomic-mutants-"));
process.on("exit", () => rmSync(copy, { recursive: true, force: true }));
for (const folder of ["src", "test", "durable-objects", "migrations"])
  cpSync(join(root, folder), join(copy, folder), { recursive: true });
for (const file of ["package.json", "vitest.config.ts", "wrangler.toml", "tsconfig.base.json", "tsconfig.json"])
  cpSync(join(root, file), join(copy, file));
cpSync(join(root, "scripts"), join(copy, "scripts"), { recursive: true });
symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));

const chosen = mutants.filter((mutant) => mutant.name.includes(values.only));
let missed = 0;
const healthy = new Set(chosen.map((mutant) => mutant.caughtBy));
for (const test of healthy) {
  const outcome = run(test);
  if (outcome === "passed") continue;
  console.error(`${test} ${outcome === "failed" ? "fails" : `takes longer than ${limitMs / 1000} s`} without any bug.`);
  process.exit(1);
}
for (const mutant of chosen) {
  const began = performance.now();
  const verdict = tried(mutant);
  if (verdict !== "caught") missed++;
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${verdict.padEnd(14)} ${mutant.name} (${mutant.file}; ${mutant.caughtBy}, ${seconds} s)`);
}
console.log(`${chosen.length - missed} of ${chosen.length} bugs caught.`);
process.exit(missed === 0 ? 0 : 1);

function tried(mutant: Mutant): "caught" | "NOT CAUGHT" | "NOT CAUGHT: timed out" | "DOES NOT APPLY" {
  const path = join(copy, mutant.file);
  const source = readFileSync(join(root, mutant.file), "utf8");
  if (source.split(mutant.find).length !== 2) return "DOES NOT APPLY";
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(
    path,
    source.replace(mutant.find, () => mutant.replace),
  );
  const outcome = run(mutant.caughtBy);
  writeFileSync(path, source);
  if (outcome === "timed out") return mutant.hangs === true ? "caught" : "NOT CAUGHT: timed out";
  return outcome === "failed" ? "caught" : "NOT CAUGHT";
}

function run(test: Mutant["caughtBy"]): "passed" | "failed" | "timed out" {
  const command =
    test === "chaos"
      ? ["node", "test/durability/chaos.ts", "--each", "2", "--schedules", "600"]
      : ["vitest", "run", "--project", test.startsWith("test/workers/") ? "workers" : "node", test];
  const [program = "", ...args] = command;
  // A bug may make a loop that writes for ever: it is to die of its own memory, not take the machine's.
  const env = { ...process.env, NODE_OPTIONS: "--max-old-space-size=1024" };
  const ran = spawnSync(program, args, { cwd: copy, env, timeout: limitMs, killSignal: "SIGKILL", stdio: "ignore" });
  if (ran.error !== undefined && "code" in ran.error && ran.error.code === "ETIMEDOUT") return "timed out";
  return ran.status === 0 ? "passed" : "failed";
}
