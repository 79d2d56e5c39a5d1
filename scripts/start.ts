/** `npm start`: the server, left running. */
import { argumentsOf } from "./arguments.ts";
import { inUse, localVars, startServer } from "./server.ts";

const usage = `npm start [-- --port 8787]

Starts Atomic on this machine, open without a key, with its data in .wrangler/state.
Keys and servers in the shell are handed on: OPENAI_API_KEY, ANTHROPIC_API_KEY, GOOGLE_GENERATIVE_AI_API_KEY,
ATOMIC_LLM_URL with ATOMIC_LLM_MODEL.`;
const { values } = argumentsOf(usage, { port: { type: "string", default: process.env.PORT ?? "8787" } });
const port = Number(values.port);
if (!Number.isInteger(port) || port < 0 || port > 65535) fail(`--port ${values.port} is not a port.`);
if (port !== 0 && (await inUse(port))) fail(`Port ${port} is in use. Choose another: npm start -- --port ${port + 1}`);
console.log("Starting Atomic ...");
// What the tools say while they start is kept, and shown only when they fail.
let running = false;
const server = await startServer({
  port,
  onLine: (line) => running && line.trim() !== "" && console.error(line),
}).catch((error: Error) => fail(error.message));
running = true;
const list = (await (await fetch(`${server.url}/v1/bidders`)).json()) as { bidders: { id: string }[] };
const handed = Object.keys(localVars()).filter(
  (name) => !name.startsWith("ATOMIC_LOCAL") && !name.startsWith("ATOMIC_SIM") && !name.startsWith("ATOMIC_ALLOW"),
);
console.log(`
Atomic is running: ${server.url}
  page     ${server.url}/
  API      curl -s ${server.url}/v1/jobs -H 'content-type: application/json' -d '{"text":"Please call me back before Friday.","kind":"action-request"}'
  OpenAI   base URL ${server.url}/v1, model "atomic"
  bidders  ${list.bidders.length} (${list.bidders.filter((b) => !b.id.startsWith("embedded/") && !b.id.startsWith("sim/")).length} generative models; ${handed.length === 0 ? "set OPENAI_API_KEY, or ATOMIC_LLM_URL and ATOMIC_LLM_MODEL, for more" : `from ${handed.join(", ")}`})
Ctrl-C stops it.`);
const quit = async () => {
  await server.stop();
  process.exit(0);
};
process.on("SIGINT", quit).on("SIGTERM", quit);
process.exit((await server.exited) ?? 1);

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
