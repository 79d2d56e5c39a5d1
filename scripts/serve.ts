/** `npm run serve`: Atomic on a machine of one's own, as it would be deployed. */
import { rmSync } from "node:fs";
import { isIP } from "node:net";
import { resolve } from "node:path";
import { readLlmServer } from "../src/models/llm-server.ts";
import { Api } from "./api.ts";
import { argumentsOf, wholeNumber } from "./arguments.ts";
import { bundleWorker } from "./bundle.ts";
import { inUse } from "./machine.ts";
import { startWorker } from "./workerd.ts";

const usage = `npm run serve -- [--data DIR] [--host 127.0.0.1] [--port 8787] [--egress HOST,HOST:PORT,...] | --build

Runs Atomic on your own machine as it would run deployed: the same bundle in workerd, nothing open without a key, no
simulated bidder, nothing of Cloudflare's. Needs ATOMIC_API_KEY in the shell: the operator's key, at least 16 characters.

  --data     folder of jobs, market and keys (default: ./data); one server at a time. A backup is a copy of it,
             taken while the server is stopped
  --host     address to listen on; 0.0.0.0: all of this machine's. Put TLS in front of it
  --port     default 8787
  --egress   hosts that may be reached: "10.1.2.3:8000,llm.corp" (a port where it is not 80 or 443). Nothing else
             can be, whatever a job, a bidder or a webhook names. Default: everything
  --build    only builds what is started, as each start does after a change of the sources; for images

Of the shell the server is given every ATOMIC_... variable and every ..._API_KEY (a bidder names its key's variable):
  ATOMIC_LLM_URL, ATOMIC_LLM_MODEL, ATOMIC_LLM_KEY   a model server and its models, comma-separated
  ATOMIC_LLM_IMAGES        those of them that see pictures
  OPENAI_API_KEY, ANTHROPIC_API_KEY, GOOGLE_GENERATIVE_AI_API_KEY
  ATOMIC_SIGNING_SECRET    signs job ids and webhooks, so that the operator's key can change
  ATOMIC_SIGNING_SECRET_PREVIOUS   what signed before (or the operator's key that did), while it is rotated: old job ids
                           are found, webhooks carry both signatures
  ATOMIC_WEBHOOK_HOSTS     receivers of webhooks on your own network: "hooks.corp,10.0.0.7:8080"
  ATOMIC_CORS_ORIGINS      origins whose pages may call it from a browser: "https://app.corp,https://other.corp"
  ATOMIC_RETENTION_DAYS, ATOMIC_OTLP_URL, ATOMIC_OTLP_HEADERS, ATOMIC_JUDGE_AUDIT_SHARE: see README

More model servers, also on your own network:  npm run bidders -- add ID --base-url http://10.1.2.3:8000/v1 ...
SIGTERM or Ctrl-C stops it; jobs go on at the next start, within half a minute and without any request.`;
const { values } = argumentsOf(usage, {
  data: { type: "string", default: "data" },
  host: { type: "string", default: "127.0.0.1" },
  port: { type: "string", default: process.env.PORT ?? "8787" },
  egress: { type: "string" },
  build: { type: "boolean", default: false },
});

/** Set by `npm start` and tests; here they would open what must be closed. */
const notHere = new Set([
  "ATOMIC_LOCAL",
  "ATOMIC_SIM",
  "ATOMIC_ALLOW_LOOPBACK",
  "ATOMIC_PRIVATE_BIDDERS",
  "ATOMIC_URL",
]);
const leastKeyChars = 16;

if (values.build) {
  rmSync(await bundleWorker().catch((error: Error) => refuse(error.message)), { recursive: true, force: true });
  console.log("Atomic is built: the next start is quick.");
  process.exit(0);
}
const port = wholeNumber("port", values.port, 1);
if (port > 65535) refuse(`--port ${values.port} is not a port.`);
if (isIP(values.host) === 0) refuse(`--host ${values.host}: give an IP address of this machine, or 0.0.0.0 for all.`);
const egress = values.egress === undefined ? undefined : hostsOf("--egress", values.egress);
if (process.env.ATOMIC_WEBHOOK_HOSTS) hostsOf("ATOMIC_WEBHOOK_HOSTS", process.env.ATOMIC_WEBHOOK_HOSTS);
const key = process.env.ATOMIC_API_KEY ?? "";
if (key.length < leastKeyChars)
  refuse(
    `ATOMIC_API_KEY, the operator's key, must be in the shell and have ${leastKeyChars} characters or more. Make one: export ATOMIC_API_KEY=$(openssl rand -hex 32)`,
  );
if (await inUse(port, values.host))
  refuse(`Port ${port} of ${values.host} is in use, or that is no address of this machine: see --port and --host.`);
const llm = readLlmServer(process.env.ATOMIC_LLM_URL, process.env.ATOMIC_LLM_MODEL, process.env.ATOMIC_LLM_IMAGES);
if (typeof llm === "string") refuse(llm);
if (llm !== null && egress?.includes(new URL(llm.baseUrl).host) === false)
  refuse(`ATOMIC_LLM_URL is not among the hosts of --egress. Add ${new URL(llm.baseUrl).host}.`);

const given = Object.entries(process.env).filter(
  ([name, value]) => /^ATOMIC_|_API_KEY$/.test(name) && !notHere.has(name) && value !== undefined && value !== "",
) as [string, string][];
const ignored = Object.keys(process.env).filter((name) => notHere.has(name) && name !== "ATOMIC_URL");
for (const name of ignored) console.error(`atomic: ${name} is not handed on; this server is no development server.`);

const data = resolve(values.data);
console.log("Building Atomic ...");
const bundle = await bundleWorker().catch((error: Error) => refuse(error.message));
process.on("exit", () => rmSync(bundle, { recursive: true, force: true }));
const server = await startWorker({
  bundle,
  persistTo: data,
  host: values.host,
  port,
  durableSettlement: true,
  direct: true,
  vars: { ...Object.fromEntries(given), ATOMIC_PRIVATE_BIDDERS: "1" },
  ...(egress === undefined ? {} : { egress }),
  onLine: (line) => console.error(line),
}).catch((error: Error) => refuse(error.message));

const { bidders } = await new Api(server.url).call<{ bidders: { id: string }[] }>("GET", "/v1/bidders");
const models = bidders.filter(({ id }) => !id.startsWith("embedded/")).length;
console.log(`
Atomic is running: ${server.url}
  data     ${data}
  egress   ${egress?.join(", ") ?? "everything; --egress confines it"}
  key      ATOMIC_API_KEY is the operator's; npm run keys -- add TENANT makes one for a tenant
  bidders  ${bidders.length} (${models} generative models${models === 0 ? "; set ATOMIC_LLM_URL and ATOMIC_LLM_MODEL, or npm run bidders -- add" : ""})
Ctrl-C stops it.`);
if (!process.env.ATOMIC_SIGNING_SECRET)
  console.log(`
Ids of jobs are signed with the operator's key: after a change of it they are not found any more. Set ATOMIC_SIGNING_SECRET
before there are jobs, and the key can be changed.`);

let stopping = false;
const stop = async () => {
  if (stopping) return;
  stopping = true;
  await server.stop();
  process.exit(0);
};
process.on("SIGINT", stop).on("SIGTERM", stop);
await server.exited;
if (!stopping) {
  console.error("atomic: the server ended by itself. Its data are whole; start it again.");
  process.exit(1);
}

function hostsOf(option: string, text: string): string[] {
  const hosts = text
    .split(",")
    .map((one) => one.trim().toLowerCase())
    .filter((one) => one !== "");
  if (hosts.length === 0) refuse(`${option} names no host. Give names or addresses, e.g. 10.1.2.3:8000,llm.corp.`);
  for (const host of hosts)
    if (
      host.includes("*") ||
      ["http", "https"].some(
        (scheme) => !URL.canParse(`${scheme}://${host}`) || new URL(`${scheme}://${host}`).host !== host,
      )
    )
      refuse(`${option} ${host}: give a host as a URL has it, with its port where that is not 80 or 443.`);
  return hosts;
}

function refuse(message: string): never {
  console.error(`atomic: ${message}`);
  process.exit(2);
}
