import { Api, Refused } from "./api.ts";
import { argumentsOf } from "./arguments.ts";

/** What every command of `npm run ...` shares: where the server is, which key is used, and how errors are told. */
export interface Command {
  usage: string;
  /** Words it takes at most, behind options: more of them would be ignored. */
  words: number;
  options?: Record<string, { type: "string" | "boolean"; default?: string | boolean }>;
  run(api: Api, words: string[], options: Record<string, string | boolean | undefined>): Promise<void>;
}

export async function main(command: Command): Promise<void> {
  const usage = command.usage + common;
  const { values, positionals } = argumentsOf(usage, { url: { type: "string" }, ...command.options }, true);
  const options = values as Record<string, string | boolean | undefined>;
  try {
    if (positionals.length > command.words)
      throw wrong(`"${positionals[command.words]}" is a word too many.`, command.usage);
    const url = typeof options.url === "string" ? options.url : (process.env.ATOMIC_URL ?? "http://127.0.0.1:8787");
    await command.run(new Api(url), positionals, options);
  } catch (error) {
    console.error(`atomic: ${inWords(error)}`);
    process.exitCode = error instanceof WrongUse ? 2 : 1;
  }
}

/** An error as it is told: what is wrong, and for a server that is not there what to do. */
export function inWords(error: unknown): string {
  if (error instanceof TypeError && String(error.cause).includes("ECONNREFUSED"))
    return "No server answers. Start one with npm start, or give --url.";
  if (error instanceof TypeError && error.cause instanceof Error)
    return `The server cannot be reached: ${error.cause.message.trim()}. Give its address with --url http://host:8787.`;
  // The server's own words are for whoever sends a header.
  if (error instanceof Refused && error.status === 401)
    return `${error.message} ${process.env.ATOMIC_API_KEY ? "That key is your shell's ATOMIC_API_KEY." : "Set ATOMIC_API_KEY in your shell."}`;
  return error instanceof Error ? error.message : String(error);
}

/** What the caller typed is wrong: 2, as for an option nobody knows. */
class WrongUse extends Error {}

const common = `

  --url URL    the server (default: $ATOMIC_URL, else http://127.0.0.1:8787)
  ATOMIC_API_KEY in the shell is sent as the key.`;

/** A usage error: what is wrong, and the whole usage. */
export const wrong = (message: string, usage: string): Error => new WrongUse(`${message}\n\n${usage}${common}`);
