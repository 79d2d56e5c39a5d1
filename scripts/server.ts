/** Atomic as `npm start` and the demo run it: what `npm run serve` runs, but open without a key, with simulated bidders. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { bindingProblem, type ModelBindings } from "../src/models/default-bidders.ts";
import { bundleWorker } from "./bundle.ts";
import { root } from "./machine.ts";
import { type LocalWorker, startWorker } from "./workerd.ts";

/** Variables that bring models. */
const modelVars = [
  "OPENAI_API_KEY",
  "ANTHROPIC_API_KEY",
  "GOOGLE_GENERATIVE_AI_API_KEY",
  "ATOMIC_LLM_URL",
  "ATOMIC_LLM_MODEL",
  "ATOMIC_LLM_IMAGES",
  "ATOMIC_LLM_KEY",
];
/** Variables of the caller's shell that the Worker is given as bindings. */
const handedOn = [...modelVars, "ATOMIC_API_KEY", "ATOMIC_OTLP_URL", "ATOMIC_OTLP_HEADERS", "ATOMIC_CORS_ORIGINS"];

export interface ServerOptions {
  /** Absent: a free one. */
  port?: number;
  /** Folder of its data; one server at a time. */
  persistTo?: string;
  onLine?: (line: string) => void;
}

/** Where `npm start` and the demo keep their data. */
export const localData = join(root, ".wrangler", "atomic");

/** Names of the shell's variables that bring models. */
export const modelSources = (env: NodeJS.ProcessEnv = process.env): string[] =>
  modelVars.filter((name) => env[name] !== undefined && env[name] !== "");

/** Bindings for a local server from the shell's variables. */
function localVars(env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const vars: Record<string, string> = { ATOMIC_LOCAL: "1", ATOMIC_SIM: "1", ATOMIC_ALLOW_LOOPBACK: "1" };
  for (const name of handedOn) {
    const value = env[name];
    if (value !== undefined && value !== "") vars[name] = value;
  }
  return vars;
}

let built: Promise<string> | null = null;

/** Starts the Worker in workerd on this machine's own address; resolves when it answers. Throws for a model server that it could not use. */
export async function startServer({ port, persistTo = localData, onLine }: ServerOptions = {}): Promise<LocalWorker> {
  const problem = bindingProblem(process.env as ModelBindings);
  if (problem !== null) throw new Error(problem);
  built ??= bundleWorker().then((bundle) => {
    process.on("exit", () => rmSync(bundle, { recursive: true, force: true }));
    return bundle;
  });
  return startWorker({
    bundle: await built,
    persistTo,
    ...(port === undefined || port === 0 ? {} : { port }),
    durableSettlement: true,
    // Miniflare's door believes what a client says of its host, and takes mails and timers from anyone.
    direct: true,
    vars: localVars(),
    ...(onLine === undefined ? {} : { onLine }),
  });
}
