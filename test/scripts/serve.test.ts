import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Api } from "../../scripts/api.ts";
import { bundleWorker, optionsFile } from "../../scripts/bundle.ts";
import { freePort, inUse, root } from "../../scripts/machine.ts";
import { type LocalWorker, startWorker } from "../../scripts/workerd.ts";
import type { JobView } from "../../src/job/job-view.ts";
import { type Provider, startProvider } from "../provider/provider.ts";

const operatorKey = "the-operators-key-of-this-test";
const script = join(root, "scripts", "serve.ts");
const folder = mkdtempSync(join(tmpdir(), "atomic-serve-"));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

interface Listed {
  jobs: { id: string; status: string }[];
}

describe("npm run serve refuses, and says what to do,", () => {
  it.each([
    ["without an operator's key", {}, [], "export ATOMIC_API_KEY="],
    ["with a short one", { ATOMIC_API_KEY: "short" }, [], "16 characters"],
    ["a pattern behind --egress", { ATOMIC_API_KEY: operatorKey }, ["--egress", "*.corp"], "give a host"],
    [
      "an address of another machine",
      { ATOMIC_API_KEY: operatorKey },
      ["--host", "192.0.2.1"],
      "no address of this machine",
    ],
    [
      "a model server that is no URL",
      { ATOMIC_API_KEY: operatorKey, ATOMIC_LLM_URL: "llm:1/v1" },
      [],
      "ATOMIC_LLM_URL",
    ],
    [
      "a model server outside --egress",
      { ATOMIC_API_KEY: operatorKey, ATOMIC_LLM_URL: "http://10.0.0.1:8000/v1", ATOMIC_LLM_MODEL: "m" },
      ["--egress", "10.0.0.2"],
      "Add 10.0.0.1:8000",
    ],
    ["a port that is none", { ATOMIC_API_KEY: operatorKey }, ["--port", "70000"], "70000 is not a port"],
    ["a name to listen on", { ATOMIC_API_KEY: operatorKey }, ["--host", "example.com"], "give an IP address"],
    ["no host behind --egress", { ATOMIC_API_KEY: operatorKey }, ["--egress", ","], "names no host"],
    ["a URL behind --egress", { ATOMIC_API_KEY: operatorKey }, ["--egress", "http://a/v1"], "give a host"],
    [
      "a usual port of https behind --egress",
      { ATOMIC_API_KEY: operatorKey },
      ["--egress", "a.example:443"],
      "give a host",
    ],
    [
      "a URL as a receiver",
      { ATOMIC_API_KEY: operatorKey, ATOMIC_WEBHOOK_HOSTS: "http://a" },
      [],
      "ATOMIC_WEBHOOK_HOSTS",
    ],
    ["a usual port behind --egress", { ATOMIC_API_KEY: operatorKey }, ["--egress", "a.example:80"], "give a host"],
  ])("%s", (_, env, args, words) => {
    const { ATOMIC_API_KEY: _none, ...rest } = process.env;
    const ended = spawnSync(process.execPath, [script, ...args], { env: { ...rest, ...env }, encoding: "utf8" });
    expect(ended.stderr).toContain(words);
    expect(ended.status).toBe(2);
  });
});

it.each([
  ["is a file", "", "is, or is in, a file"],
  ["is in a file", "/data", "is, or is in, a file"],
  ["has a file where its databases go", "d1", "is, or is in, a file"],
  ["has a file where its objects go", "do", "is, or is in, a file"],
  ["has a lock that is no file", "lock.sqlite/", "unable to open"],
])(
  "npm run serve says in a line that its data folder %s",
  async (_, what, why) => {
    const here = mkdtempSync(join(folder, "bad-"));
    const data = join(here, `data${what.startsWith("/") ? what : ""}`);
    const at = what === "" || what.startsWith("/") ? join(here, "data") : join(data, what);
    mkdirSync(what.endsWith("/") ? at : dirname(at), { recursive: true });
    if (!what.endsWith("/")) writeFileSync(at, "");
    const ended = spawnSync(process.execPath, [script, "--data", data, "--port", String(await freePort())], {
      env: { ...process.env, NODE_NO_WARNINGS: "1", ATOMIC_API_KEY: operatorKey },
      encoding: "utf8",
    });
    expect(ended.stderr.trim().split("\n")).toEqual([
      expect.stringContaining(`atomic: The data folder ${data} cannot`),
    ]);
    expect(ended.stderr).toContain(why);
    expect(ended.stderr).toContain("give another folder: --data DIR.");
    expect(ended.status).toBe(2);
  },
  60_000,
);

describe("a server of one's own", () => {
  let provider: Provider;
  let elsewhere: Provider;
  let bundle: string;
  let worker: LocalWorker | null = null;
  let api: Api;
  const start = async () => {
    worker = await startWorker({
      bundle,
      persistTo: join(folder, "data"),
      durableSettlement: true,
      direct: true,
      egress: [`127.0.0.1:${provider.port}`],
      vars: { ATOMIC_API_KEY: operatorKey, ATOMIC_PRIVATE_BIDDERS: "1" },
    });
    api = new Api(worker.url, operatorKey);
  };
  const add = (id: string, at: Provider) =>
    api.call("PUT", `/v1/bidders/${id}`, {
      endpoint: { type: "openai-compatible", model: id.split("/")[1], baseUrl: `${at.url}/v1` },
      price: { input: 1, output: 2 },
      concurrency: 100,
    });
  /** A command of `npm run ...` against this server: its exit code, and all it said. */
  const run = async (name: string, words: string[], key: string) => {
    const env = { ...process.env, ATOMIC_API_KEY: key, ATOMIC_URL: worker?.url };
    const child = spawn(process.execPath, [join(root, "scripts", name), ...words], { env });
    children.push(child);
    let said = "";
    child.stdout.on("data", (chunk) => (said += chunk));
    child.stderr.on("data", (chunk) => (said += chunk));
    const code = await new Promise((done) => child.once("close", done));
    return { code, said };
  };
  const ask = (bidder: string, more: object = {}) =>
    api.call<JobView>("POST", "/v1/jobs?wait=20", { text: "Which city?", bidders: [bidder], ...more });

  beforeAll(async () => {
    mkdirSync(join(folder, "data"), { mode: 0o755 });
    [provider, elsewhere, bundle] = await Promise.all([startProvider(), startProvider(), bundleWorker()]);
    for (const one of [provider, elsewhere]) one.script("fast", { text: "Paris." });
    provider.script("slow", { text: "one two three four five six seven eight nine ten", betweenMs: 400 });
    await start();
    await add("near/fast", provider);
    await add("near/slow", provider);
    await add("far/fast", elsewhere);
  }, 120_000);
  afterAll(async () => {
    await worker?.kill();
    await Promise.all([provider.close(), elsewhere.close()]);
    rmSync(bundle, { recursive: true, force: true });
  });

  it("is closed without a key, has no simulated bidder, and leaves no way around the Worker", async () => {
    const status = async (path: string) => (await fetch(`${worker?.url}${path}`)).status;
    // Miniflare's door would hand this to the Worker that guards what leaves.
    const door = await fetch(`${worker?.url}/x`, {
      headers: { "MF-Route-Override": "egress", "MF-Original-URL": `${provider.url}/v1/models` },
    });
    expect(door.status).toBe(401);
    expect(await door.json()).toMatchObject({ code: "unauthorized" });
    for (const path of ["/", "/v1/bidders", "/healthz", "/cdn-cgi/handler/scheduled", "/cdn-cgi/local/scheduled"])
      expect([path, await status(path)]).toEqual([path, 401]);
    const { bidders } = await api.call<{ bidders: { id: string }[] }>("GET", "/v1/bidders");
    expect(bidders.filter(({ id }) => id.startsWith("sim/"))).toEqual([]);
  });

  it("keeps its folder for its user, whatever the folder was before", async () => {
    await ask("near/fast");
    const data = join(folder, "data");
    const files = readdirSync(data, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".sqlite"));
    expect(files.length).toBeGreaterThan(2);
    for (const name of ["", ...files]) expect([name, statSync(join(data, name)).mode & 0o077]).toEqual([name, 0]);
  });

  it("reaches the hosts it was told and no other; a stream that nobody wants any more ends there too", async () => {
    expect(await ask("near/fast")).toMatchObject({ status: "succeeded", answer: { value: "Paris." } });
    expect(await ask("far/fast")).toMatchObject({
      status: "failed",
      costUsd: 0,
      error: {
        code: "bidders-failed",
        message: expect.stringContaining("far/fast: unauthorized (HTTP 403 egress_refused)"),
      },
    });
    expect(elsewhere.ledger()).toEqual([]);
    expect(worker?.lines.some((line) => line.includes(`"egress-refused","host":"127.0.0.1:${elsewhere.port}"`))).toBe(
      true,
    );

    const { id } = await api.call<JobView>("POST", "/v1/jobs", { text: "Count.", bidders: ["near/slow"] });
    for await (const event of api.events(id)) if (event.type === "text-streamed") break;
    await api.call("POST", `/v1/jobs/${id}/cancel`);
    const call = () => provider.ledger().findLast((entry) => entry.model === "slow");
    await expect.poll(() => call()?.end, { timeout: 5_000 }).toBe("client-closed");
  });

  it("has in its database what it says was settled, when it is killed right after", async () => {
    const made = await Promise.all(Array.from({ length: 30 }, () => ask("near/fast")));
    const settled = made.map(async ({ id }) => {
      for await (const event of api.events(id)) if (event.type === "settlement-sent") return;
      throw new Error("The job's stream ended before it was settled.");
    });
    await Promise.all(settled);
    await worker?.kill();
    await start();
    const { jobs } = await api.call<Listed>("GET", "/v1/jobs?limit=100");
    for (const { id } of made) expect(jobs).toContainEqual(expect.objectContaining({ id, status: "succeeded" }));
  }, 60_000);

  it("shows a tenant's rules and caps to its operator, who moves one and leaves the others", async () => {
    const tenants = (...words: string[]) => run("tenants.ts", words, operatorKey);
    const terms = join(folder, "terms.txt");
    const empty = join(folder, "empty.txt");
    writeFileSync(empty, "\n \n");
    writeFileSync(terms, "Project X\n\n  Ana Lima \r\n");
    expect((await tenants("show", "acme")).said).toMatch(
      /bidders +any\n.*region +any\n.*\n.*redact +nothing\n.*no cap/,
    );
    await tenants("rules", "acme", "--bidders", "near/fast", "--redact", "all", "--terms", terms);
    await tenants("rules", "acme", "--region", "local", "--retention", "forbidden");
    const { said } = await tenants("budget", "acme", "--month", "10", "--latency", "1500");
    expect(said).toMatch(/bidders +near\/fast\n.*region +local\n.*retention +forbidden\n/);
    expect(said).toMatch(/redact +email, phone, iban, card, ip; 2 terms\n.*\$10.*\n.*job +no cap\n.*1500 ms/);
    expect(await api.call("GET", "/v1/tenants/acme/rules")).toMatchObject({
      redact: { terms: ["Project X", "Ana Lima"] },
    });
    await tenants("rules", "acme", "--bidders", "any", "--redact", "none");
    expect((await tenants("budget", "acme", "--month", "none")).said).toMatch(
      /bidders +any\n.*region +local\n.*\n +redact +2 terms/,
    );
    const codes: unknown[] = [];
    for (const [words, says] of [
      [["rules", "acme", "--bidders", "near/nobody"], "near/nobody"],
      [["rules", "acme", "--redact", "names"], "redact"],
      [["budget", "acme", "--month", "a lot"], 'takes a number, or "none"'],
      [["rules", "acme", "--terms", join(folder, "not-there")], "not-there"],
      [["budget", "acme", "--redact", "all"], '--redact does not belong to "budget"'],
      [["rules", "acme", "--terms", empty], "has no terms"],
      [["lift", "acme"], "Say show, rules or budget"],
    ] as const) {
      const refused = await tenants(...words);
      expect(refused.said).toContain(says);
      codes.push(refused.code);
    }
    // 2: wrong use of the command; 1: the server, or the disk, said no.
    expect(codes).toEqual([1, 1, 2, 1, 2, 2, 2]);
    expect((await tenants("show", "acme")).said).toMatch(/region +local\n/);
  }, 60_000);

  it("verifies a log and the chain of them, and finds a job that was taken out of the database", async () => {
    const tenant = await api.call<{ key: string }>("POST", "/v1/keys", { tenant: "chained" });
    const own = new Api(worker?.url ?? "", tenant.key);
    const verify = (...words: string[]) => run("verify.ts", words, tenant.key);
    const ids: string[] = [];
    for (let i = 0; i < 4; i++) {
      const { id } = await own.call<JobView>("POST", "/v1/jobs?wait=20", { text: "Which?", bidders: ["near/fast"] });
      ids.push(id);
    }
    const whole = await verify("--chain");
    expect(whole.said).toMatch(
      /^chained: 4 seals, places 1 to 4\.\nThe chain is whole\. Its end, to be kept: 4:[0-9a-f]{64}\n$/,
    );
    expect(whole.code).toBe(0);
    expect(await verify(ids[0] ?? "")).toMatchObject({
      code: 0,
      said: expect.stringContaining("is what was recorded"),
    });
    const kept = /4:[0-9a-f]{64}/.exec(whole.said)?.[0] ?? "";
    expect(await verify("--chain", "--kept", kept)).toMatchObject({ code: 0 });
    expect(await run("verify.ts", ["--chain", "--tenant", "chained"], operatorKey)).toEqual(whole);
    expect(await verify("--chain", "--tenant", "acme")).toMatchObject({
      code: 1,
      said: expect.stringContaining("403"),
    });
    expect(await verify("--chain", "--kept", `4:${"0".repeat(64)}`)).toMatchObject({ code: 1 });
    for (const words of [[], ["job_x", "--chain"], ["--chain", "--kept", "4"], ["job_x", "--kept", kept]])
      expect((await verify(...words)).code).toBe(2);

    await worker?.stop();
    for (const file of readdirSync(join(folder, "data", "d1"), { recursive: true, encoding: "utf8" })) {
      if (!/[0-9a-f]{64}\.sqlite$/.test(file)) continue;
      const database = new DatabaseSync(join(folder, "data", "d1", file));
      expect(database.prepare("DELETE FROM jobs WHERE id = ?").run(ids[2] ?? "").changes).toBe(1);
      database.close();
    }
    await start();
    const cut = await verify("--chain");
    expect(cut.said).toContain("1 before place 4");
    expect(cut.code).toBe(1);
  }, 60_000);

  it("lends its folder to one server at a time, and stops when it is told, ready to go on", async () => {
    const second = startWorker({ bundle, persistTo: join(folder, "data"), vars: { ATOMIC_API_KEY: operatorKey } });
    await expect(second).rejects.toThrow("Another server uses");
    const port = Number(new URL(worker?.url ?? "").port);
    await worker?.stop();
    expect(await inUse(port)).toBe(false);
    await start();
    expect((await api.call<Listed>("GET", "/v1/jobs?limit=1")).jobs).toHaveLength(1);
  }, 60_000);
});

it("what is said for development beside a wrangler.toml is in no bundle", async () => {
  const own = mkdtempSync(join(folder, "own-"));
  writeFileSync(join(own, "wrangler.toml"), 'name = "own"\nmain = "worker.js"\ncompatibility_date = "2026-10-20"\n');
  writeFileSync(join(own, "worker.js"), "export default { fetch: () => new Response() };\n");
  writeFileSync(join(own, ".dev.vars"), "ATOMIC_SIM=1\nA_SECRET=of-development\n");
  const made = await bundleWorker(relative(root, join(own, "wrangler.toml")));
  const options = readFileSync(join(made, optionsFile), "utf8");
  rmSync(made, { recursive: true, force: true });
  expect(JSON.parse(options)).toMatchObject({ entry: "worker.js", workerOptions: { compatibilityDate: "2026-10-20" } });
  expect(options).not.toMatch(/ATOMIC_SIM|of-development/);
}, 60_000);

it("takes no request before its database has its tables", async () => {
  const port = await freePort();
  const vars = { ATOMIC_API_KEY: operatorKey };
  const bundle = await bundleWorker();
  const settings = { bundle, persistTo: join(folder, "early"), port, vars, durableSettlement: true, direct: true };
  const started = startWorker(settings);
  // Whoever does not wait to be told: a request from the first moment that the port is open.
  const url = `http://127.0.0.1:${port}`;
  const open = () =>
    fetch(`${url}/healthz`, { signal: AbortSignal.timeout(5_000) }).then(
      () => true,
      () => false,
    );
  while (!(await open())) await new Promise((next) => setTimeout(next, 1));
  const api = new Api(url, operatorKey);
  const first = await api.call<{ tenant: string }>("POST", "/v1/keys", { tenant: "early" });
  expect(first.tenant).toBe("early");
  await (await started).stop();
  rmSync(bundle, { recursive: true });
}, 60_000);

it("npm run serve hands on keys, drops what only development may have, and ends with SIGTERM", async () => {
  const port = await freePort();
  const env = {
    ...process.env,
    ATOMIC_API_KEY: operatorKey,
    ATOMIC_SIM: "1",
    ATOMIC_LLM_URL: "http://127.0.0.1:9/v1",
    ATOMIC_LLM_MODEL: "mine",
  };
  const child = spawn(process.execPath, [script, "--port", String(port), "--data", join(folder, "own")], { env });
  children.push(child);
  let said = "";
  child.stdout.on("data", (chunk) => (said += chunk));
  child.stderr.on("data", (chunk) => (said += chunk));
  const code = new Promise((done) => child.once("exit", done));
  await expect.poll(() => said, { timeout: 60_000, interval: 100 }).toContain("Ctrl-C stops it.");
  expect(said).toContain("ATOMIC_SIM is not handed on");
  expect(said).not.toContain(operatorKey);
  const { bidders } = await new Api(`http://127.0.0.1:${port}`, operatorKey).call<{ bidders: { id: string }[] }>(
    "GET",
    "/v1/bidders",
  );
  expect(bidders.map(({ id }) => id.split("/")[0])).not.toContain("sim");
  expect(bidders.some(({ id }) => id.endsWith("/mine"))).toBe(true);
  child.kill("SIGTERM");
  expect(await code).toBe(0);
  expect(await inUse(port)).toBe(false);
}, 90_000);
