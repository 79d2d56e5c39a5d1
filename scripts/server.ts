import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";

export const root = resolve(import.meta.dirname, "..");

/** Variables that bring models. */
const modelVars = [
  "OPENAI_API_KEY",
  "ANTHROPIC_API_KEY",
  "GOOGLE_GENERATIVE_AI_API_KEY",
  "ATOMIC_LLM_URL",
  "ATOMIC_LLM_MODEL",
  "ATOMIC_LLM_KEY",
];
/** Variables of the caller's shell that the Worker is given as bindings. */
const handedOn = [...modelVars, "ATOMIC_API_KEY", "ATOMIC_MAIL_ACTIONS", "ATOMIC_OTLP_URL", "ATOMIC_OTLP_HEADERS"];

export interface ServerOptions {
  /** 0 or absent: a free one. */
  port?: number;
  /** Folder of the local D1, Durable Objects and queues. */
  persistTo?: string;
  /** Bindings besides those of the shell. */
  vars?: Record<string, string>;
  /** Where the server's own output goes; default: kept, and shown when it fails to start. */
  onLine?: (line: string) => void;
}

export interface LocalServer {
  url: string;
  port: number;
  pid: number;
  /** Lines the server printed so far. */
  lines: string[];
  /** Ends the server and all its processes; resolves when they are gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  exited: Promise<number | null>;
}

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

/** Migrates the local D1 and starts the Worker in workerd; resolves when it answers. Throws with its last lines if not. */
export async function startServer(options: ServerOptions = {}): Promise<LocalServer> {
  const persistTo = options.persistTo ?? join(root, ".wrangler", "state");
  const port = options.port === undefined || options.port === 0 ? await freePort() : options.port;
  mkdirSync(persistTo, { recursive: true });
  const migrated = spawnSync("wrangler", ["d1", "migrations", "apply", "DB", "--local", "--persist-to", persistTo], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, CI: "1" },
  });
  if (migrated.status !== 0)
    throw new Error(`The local database could not be migrated:\n${migrated.stdout}\n${migrated.stderr}`);

  // A file that only its owner can read: command lines are public to every user of a machine.
  const envFile = join(persistTo, `vars-${port}.env`);
  const vars = { ...localVars(), ...options.vars };
  writeFileSync(
    envFile,
    Object.entries(vars)
      .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
      .join("\n"),
    { mode: 0o600 },
  );

  const lines: string[] = [];
  const child: ChildProcess = spawn(
    "wrangler",
    [
      "dev",
      "--local",
      "--show-interactive-dev-session=false",
      "--inspector-port",
      "0",
      "--log-level",
      "warn",
      "--ip",
      "127.0.0.1",
      "--port",
      String(port),
      "--persist-to",
      persistTo,
      "--env-file",
      envFile,
    ],
    // A group of its own, so that workerd goes with it.
    { cwd: root, stdio: ["ignore", "pipe", "pipe"], detached: true, env: { ...process.env, CI: "1" } },
  );
  let partial = "";
  const take = (chunk: Buffer) => {
    const parts = (partial + chunk.toString()).split("\n");
    partial = parts.pop() ?? "";
    for (const line of parts) {
      lines.push(line);
      if (lines.length > 2000) lines.shift();
      options.onLine?.(line);
    }
  };
  child.stdout?.on("data", take);
  child.stderr?.on("data", take);
  const exited = new Promise<number | null>((done) => child.on("exit", (code) => done(code)));
  const pid = child.pid ?? 0;
  const stop = async (signal: NodeJS.Signals = "SIGTERM"): Promise<void> => {
    try {
      process.kill(-pid, signal);
    } catch {
      // Already gone.
    }
    const gone = await Promise.race([
      exited.then(() => true),
      new Promise<boolean>((done) => setTimeout(() => done(false), 5000).unref()),
    ]);
    if (!gone) {
      try {
        process.kill(-pid, "SIGKILL");
      } catch {
        // Gone in between.
      }
      await exited;
    }
    rmSync(envFile, { force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  let dead = false;
  void exited.then(() => {
    dead = true;
  });
  // With an operator's key nothing is open without it, this neither.
  const headers: Record<string, string> = {};
  if (vars.ATOMIC_API_KEY !== undefined) headers.authorization = `Bearer ${vars.ATOMIC_API_KEY}`;
  for (let tries = 0; ; tries++) {
    if (dead || tries > 600) {
      await stop();
      throw new Error(`The server did not start on port ${port}:\n${lines.slice(-30).join("\n")}`);
    }
    const answer = await fetch(`${url}/healthz`, { headers, signal: AbortSignal.timeout(2000) }).catch(() => null);
    if (answer?.ok) break;
    await new Promise((done) => setTimeout(done, 100));
  }
  return { url, port, pid, lines, stop, exited };
}

export const freePort = (): Promise<number> =>
  new Promise((done, failed) => {
    const server = createServer();
    server.on("error", failed);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => done(typeof address === "object" && address !== null ? address.port : 0));
    });
  });

/** Is something listening there? */
export const inUse = (port: number, host = "127.0.0.1"): Promise<boolean> =>
  new Promise((done) => {
    const server = createServer();
    server.once("error", () => done(true));
    server.listen(port, host, () => server.close(() => done(false)));
  });
