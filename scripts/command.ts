import { Api } from "./api.ts";
import { argumentsOf } from "./arguments.ts";

/** What every command of `npm run ...` shares: where the server is, which key is used, and how errors are told. */
export interface Command {
  usage: string;
  options?: Record<string, { type: "string" | "boolean"; default?: string | boolean }>;
  run(api: Api, words: string[], options: Record<string, string | boolean | undefined>): Promise<void>;
}

export async function main(command: Command): Promise<void> {
  const usage = command.usage + common;
  const { values, positionals } = argumentsOf(usage, { url: { type: "string" }, ...command.options }, true);
  const options = values as Record<string, string | boolean | undefined>;
  try {
    const url = typeof options.url === "string" ? options.url : (process.env.ATOMIC_URL ?? "http://127.0.0.1:8787");
    await command.run(new Api(url), positionals, options);
  } catch (error) {
    const refused = error instanceof TypeError && String(error.cause).includes("ECONNREFUSED");
    const message = refused
      ? "No server answers. Start one with npm start, or give --url."
      : error instanceof TypeError && error.cause instanceof Error
        ? `The server cannot be reached: ${error.cause.message}.`
        : error instanceof Error
          ? error.message
          : String(error);
    console.error(`atomic: ${message}`);
    process.exitCode = 1;
  }
}

const common = `

  --url URL    the server (default: $ATOMIC_URL, else http://127.0.0.1:8787)
  ATOMIC_API_KEY in the shell is sent as the key.`;

/** A usage error: what is wrong, and the whole usage. */
export const wrong = (message: string, usage: string): Error => new Error(`${message}\n\n${usage}${common}`);
