import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "..");

/** What each folder of src may import besides itself; `error` is src/error.ts. Pure stages stand first. */
const may: Record<string, string[]> = {
  money: [],
  plan: ["error", "money", "market"],
  output: ["error", "plan"],
  market: ["error", "plan", "money"],
  judge: ["error", "plan", "output", "market", "money"],
  race: ["plan", "judge", "market", "money"],
  adapt: ["plan"],
  job: ["error", "plan", "market", "race", "judge", "money"],
  engine: ["error", "plan", "market", "race", "judge", "output", "money", "adapt", "job"],
  models: ["error", "plan", "market", "race", "money", "output"],
  store: ["error", "plan", "market", "job", "adapt", "money", "access"],
  access: [],
  observe: ["job", "market", "judge"],
  email: ["error"],
  http: ["error", "job", "plan", "market", "money", "race"],
  deliver: ["error"],
  // What the platform calls: glue between all of them, imported by the composition root alone.
  entry: [
    "adapt",
    "error",
    "env",
    "durable-objects",
    "access",
    "email",
    "engine",
    "http",
    "job",
    "judge",
    "market",
    "models",
    "money",
    "observe",
    "plan",
    "store",
    "deliver",
  ],
};
const pure = ["money", "plan", "output", "market", "judge", "race", "adapt", "job", "engine"];
/** Packages that pure stages may use: schemas, parsers and a linear-time pattern engine; nothing with effects. */
const purePackages = ["zod", "@cfworker/json-schema", "jsonrepair", "re2js", "acorn"];
const impure =
  /\b(Date\.now|Math\.random|performance\.now|crypto\.|fetch\(|setTimeout|setInterval|console\.|process\.|globalThis)/;

function filesBelow(dir: string): string[] {
  return readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    if (statSync(path).isDirectory()) return filesBelow(path);
    return /\.(ts|mts)$/.test(name) ? [path] : [];
  });
}

function importsOf(path: string): string[] {
  const text = readFileSync(path, "utf8");
  const found = [
    ...text.matchAll(/(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+"([^"]+)"/g),
    ...text.matchAll(/import\(\s*"([^"]+)"\s*\)/g),
  ];
  return found.map((m) => m[1] ?? "");
}

const stageOf = (path: string): string => {
  if (path.startsWith(join(root, "durable-objects"))) return "durable-objects";
  const [first, second] = relative(join(root, "src"), path).split("/");
  return second === undefined ? (first ?? "").replace(/\.ts$/, "") : (first ?? "");
};

describe("who may import whom", () => {
  const files = filesBelow(join(root, "src"));

  it("finds the source", () => {
    expect(files.length).toBeGreaterThan(40);
  });

  it("keeps the flow of imports in one direction", () => {
    const breaches: string[] = [];
    for (const file of files) {
      const stage = stageOf(file);
      if (stage === "worker" || stage === "env" || stage === "error") continue;
      for (const name of importsOf(file)) {
        if (!name.startsWith(".")) continue;
        const target = stageOf(resolve(dirname(file), name));
        if (target !== stage && !(may[stage] ?? []).includes(target))
          breaches.push(`${relative(root, file)} imports ${name}`);
      }
    }
    expect(breaches).toEqual([]);
  });

  it("gives no permission that nobody uses", () => {
    const used = new Set(
      files.flatMap((file) =>
        importsOf(file)
          .filter((name) => name.startsWith("."))
          .map((name) => `${stageOf(file)} -> ${stageOf(resolve(dirname(file), name))}`),
      ),
    );
    const given = Object.entries(may).flatMap(([stage, targets]) => targets.map((target) => `${stage} -> ${target}`));
    expect(given.filter((permission) => !used.has(permission))).toEqual([]);
    const folders = new Set(files.map(stageOf));
    expect(Object.keys(may).filter((stage) => !folders.has(stage))).toEqual([]);
  });

  it("keeps pure stages free of effects and of packages with effects", () => {
    const breaches: string[] = [];
    for (const file of files.filter((f) => pure.includes(stageOf(f)))) {
      for (const name of importsOf(file))
        if (!name.startsWith(".") && !purePackages.includes(name))
          breaches.push(`${relative(root, file)} imports ${name}`);
      const code = readFileSync(file, "utf8")
        .replace(/\/\*[\s\S]*?\*\//g, "")
        .replace(/(^|\s)\/\/.*$/gm, "");
      const effect = impure.exec(code);
      if (effect !== null) breaches.push(`${relative(root, file)} uses ${effect[0]}`);
    }
    expect(breaches).toEqual([]);
  });

  it("lets nothing import the composition root", () => {
    const all = [...files, ...filesBelow(join(root, "durable-objects"))];
    expect(all.filter((f) => importsOf(f).some((name) => /(^|\/)worker\.ts$/.test(name)))).toEqual([]);
  });

  it("has no circles, types included", () => {
    const all = [...files, ...filesBelow(join(root, "durable-objects"))];
    const imports = new Map(
      all.map((file) => {
        const near = importsOf(file).filter((name) => name.startsWith("."));
        return [file, near.map((name) => resolve(dirname(file), name)).filter((to) => all.includes(to))];
      }),
    );
    const done = new Set<string>();
    const circleFrom = (file: string, path: string[]): string[] | null => {
      if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
      if (done.has(file)) return null;
      for (const to of imports.get(file) ?? []) {
        const circle = circleFrom(to, [...path, file]);
        if (circle !== null) return circle;
      }
      done.add(file);
      return null;
    };
    const circles = all.map((file) => circleFrom(file, [])).filter((circle) => circle !== null);
    expect(circles.map((circle) => circle.map((file) => relative(root, file)).join(" -> "))).toEqual([]);
  });

  it("keeps files short", () => {
    const long = [...files, ...filesBelow(join(root, "durable-objects"))].filter(
      (f) => !f.includes("/weights/") && readFileSync(f, "utf8").split("\n").length > 401,
    );
    expect(long.map((f) => relative(root, f))).toEqual([]);
  });
});
