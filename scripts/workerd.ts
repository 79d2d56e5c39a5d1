import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { freePort, root } from "./machine.ts";

export interface WorkerdOptions {
  /** Of `bundleWorker`. */
  bundle: string;
  /** Folder of the databases, objects and their alarms. One server at a time. */
  persistTo: string;
  /** Default: this machine only. */
  host?: string;
  port?: number;
  vars?: Record<string, string>;
  /** false: without static pages. Miniflare puts a router of its own, a Worker in JavaScript, before one that has some. */
  pages?: boolean;
  /** true: what jobs teach goes to the database before they are told so; the local queue is in memory only. */
  durableSettlement?: boolean;
  /** A socket of the Worker's own, without Miniflare's door before it, which is made for development. */
  direct?: boolean;
  /** Hosts that the Worker may reach, "name" or "name:port" where the port is not the usual one; absent: all. */
  egress?: string[];
  /** Lines of its console as they come, once it runs; before, they are in the error when it does not. */
  onLine?: (line: string) => void;
}

export interface LocalWorker {
  url: string;
  /** Leader of a process group: workerd is in it. */
  pid: number;
  /** The last lines of its console. */
  lines: string[];
  /** When it answered first, epoch ms. */
  readyAtMs: number;
  /** SIGKILL to the whole process group: nothing is flushed, nothing is said. */
  kill(): Promise<void>;
  /** Ends it; what jobs are doing goes on at the next start. */
  stop(): Promise<void>;
  exited: Promise<void>;
}

const keptLines = 5000;

/**
 * Starts a bundle in workerd with its state in a folder: what is deployed, without a development server around it. It
 * ends with this process. Throws with its last lines when it does not start.
 */
export async function startWorker(options: WorkerdOptions): Promise<LocalWorker> {
  const { onLine, ...given } = options;
  const port = options.port ?? (await freePort());
  const host = options.host ?? "127.0.0.1";
  const child: ChildProcess = spawn(process.execPath, [join(import.meta.dirname, "workerd-main.ts")], {
    cwd: root,
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
    env: process.env,
  });
  const lines: string[] = [];
  let partial = "";
  let ready = false;
  const take = (chunk: Buffer) => {
    const parts = (partial + chunk.toString()).split("\n");
    partial = parts.pop() ?? "";
    for (const line of parts) {
      if (line.startsWith("ready on ")) ready = true;
      else if (ready && line !== "") onLine?.(line);
      lines.push(line);
      if (lines.length > keptLines) lines.shift();
    }
  };
  child.stdout?.on("data", take);
  child.stderr?.on("data", take);
  // Not as an argument: command lines are public to every user of a machine, and there are keys in it. The pipe stays
  // open, and its end tells the child that this process is gone.
  child.stdin?.on("error", () => {});
  child.stdin?.write(`${JSON.stringify({ ...given, host, port })}\n`);
  const pid = child.pid ?? 0;
  const exited = new Promise<void>((done) => child.once("exit", () => done()));
  const allSaid = new Promise<void>((done) => child.once("close", () => done()));
  const signal = (name: NodeJS.Signals) => {
    try {
      process.kill(-pid, name);
    } catch {
      // Gone already.
    }
  };
  // workerd may outlive the process that started it.
  void exited.then(() => signal("SIGKILL"));
  const kill = async () => {
    signal("SIGKILL");
    await exited;
  };
  const stop = async () => {
    child.stdin?.end();
    const patience = setTimeout(() => signal("SIGKILL"), 10_000);
    await exited;
    clearTimeout(patience);
  };
  const name = host.includes(":") ? `[${host}]` : host;
  const url = `http://${/^(0\.0\.0\.0|\[::\])$/.test(name) ? "127.0.0.1" : name}:${port}`;
  for (let tries = 0; tries < 1200; tries++) {
    if (child.exitCode !== null) break;
    const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(1000) }).catch(() => null);
    await answer?.body?.cancel();
    if (answer !== null && ready) return { url, pid, lines, readyAtMs: Date.now(), kill, stop, exited };
    await new Promise((done) => setTimeout(done, 25));
  }
  await kill();
  if (child.exitCode === 2) {
    // Its last line is what is to be put right.
    await allSaid;
    throw new Error(lines.at(-1));
  }
  throw new Error(`The Worker did not start:\n${lines.slice(-20).join("\n")}`);
}
