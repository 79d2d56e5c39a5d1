import { parseArgs } from "node:util";
import { startProvider } from "./provider.ts";

// node test/provider/main.ts [--port N]: prints its URL in one line, runs until it is stopped.
const { values } = parseArgs({ options: { port: { type: "string", default: "0" } } });
const provider = await startProvider({ port: Number(values.port) });
process.stdout.write(`scripted provider (not a real model) on ${provider.url}/v1\n`);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => void provider.close().then(() => process.exit(0)));
}
