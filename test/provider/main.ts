import { argumentsOf, wholeNumber } from "../../scripts/arguments.ts";
import { startProvider } from "./provider.ts";

const usage = `node test/provider/main.ts [--port N]

A scripted provider (not a real model): prints its URL in one line, runs until it is stopped.`;
const { values } = argumentsOf(usage, { port: { type: "string", default: "0" } });
const provider = await startProvider({ port: wholeNumber("port", values.port) });
process.stdout.write(`scripted provider (not a real model) on ${provider.url}/v1\n`);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => void provider.close().then(() => process.exit(0)));
}
