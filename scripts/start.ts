/** `npm start`: the server, left running. */
import { resolve } from "node:path";
import { Api } from "./api.ts";
import { argumentsOf } from "./arguments.ts";
import { inUse } from "./machine.ts";
import { modelSources, startServer } from "./server.ts";

const usage = `npm start [-- --port 8787 --data DIR]

Starts Atomic on this machine (127.0.0.1), with its data in .wrangler/atomic or the folder that --data names: one
server at a time in each. It is open without a key unless
ATOMIC_API_KEY is in the shell: the operator's. Keys and servers of models in the shell are handed on: OPENAI_API_KEY,
ANTHROPIC_API_KEY, GOOGLE_GENERATIVE_AI_API_KEY, ATOMIC_LLM_URL with ATOMIC_LLM_MODEL, ATOMIC_LLM_IMAGES (those
of its models that see pictures) and ATOMIC_LLM_KEY. For development: it has simulated bidders, and jobs may name servers of this machine. For keeps: npm run serve.`;
const { values } = argumentsOf(usage, {
  port: { type: "string", default: process.env.PORT ?? "8787" },
  data: { type: "string" },
});
const port = Number(values.port);
if (!Number.isInteger(port) || port < 0 || port > 65535) fail(`--port ${values.port} is not a port.`);
if (port !== 0 && (await inUse(port))) fail(`Port ${port} is in use. Choose another: npm start -- --port ${port + 1}`);
console.log("Starting Atomic ...");
const server = await startServer({
  port,
  ...(values.data === undefined ? {} : { persistTo: resolve(values.data) }),
  onLine: (line) => line.trim() !== "" && console.error(line),
}).catch((error: Error) => fail(error.message));
const { bidders } = await new Api(server.url).call<{ bidders: { id: string }[] }>("GET", "/v1/bidders");
const models = bidders.filter(({ id }) => !/^(embedded|sim)\//.test(id)).length;
const sources = modelSources();
const more =
  sources.length === 0
    ? "set OPENAI_API_KEY, or ATOMIC_LLM_URL and ATOMIC_LLM_MODEL, for more"
    : `from ${sources.join(", ")}`;
const keyed = process.env.ATOMIC_API_KEY !== undefined && process.env.ATOMIC_API_KEY !== "";
const header = keyed ? ' -H "authorization: Bearer $ATOMIC_API_KEY"' : "";
console.log(`
Atomic is running: ${server.url}
  page     ${server.url}/
  API      curl -s ${server.url}/v1/jobs${header} -H 'content-type: application/json' -d '{"text":"Please call me back before Friday.","kind":"action-request"}'
  OpenAI   base URL ${server.url}/v1, model "atomic" (Anthropic's SDKs: ${server.url})
  key      ${keyed ? "ATOMIC_API_KEY, or one that npm run keys -- add TENANT makes" : "none is needed; with ATOMIC_API_KEY in the shell nothing is open without one"}
  bidders  ${bidders.length} (${models} generative models; ${more})
Ctrl-C stops it.`);
let stopping = false;
const quit = async () => {
  if (stopping) return;
  stopping = true;
  await server.stop();
  process.exit(0);
};
process.on("SIGINT", quit).on("SIGTERM", quit);
await server.exited;
if (!stopping) process.exit(1);

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
