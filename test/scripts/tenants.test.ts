import { spawn } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";

let server: Server | null = null;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A server with these bidders and rules that are what was put last; without a key it refuses. */
async function serverOf(bidders: readonly object[]): Promise<string> {
  let rules: object = { bidders: null, region: null, noRetention: false };
  const one = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const keyed = request.headers.authorization !== undefined;
    if (keyed && request.method === "PUT") rules = JSON.parse(body);
    const path = request.url ?? "";
    const budget = { month: "2026-11", costUsd: 0, heldUsd: 0, running: 0, jobs: 0, monthlyUsd: null, jobUsd: null };
    const said = path.endsWith("/rules") ? rules : path.endsWith("/budget") ? budget : { bidders };
    response.writeHead(keyed ? 200 : 401, { "content-type": "application/json" });
    response.end(JSON.stringify(keyed ? said : { detail: "A key is needed." }));
  });
  server = one;
  await new Promise<void>((done) => one.listen(0, "127.0.0.1", done));
  return `http://127.0.0.1:${(one.address() as AddressInfo).port}`;
}

function run(url: string, words: string[], key = "k"): Promise<{ status: number | null; err: string }> {
  const child = spawn(process.execPath, ["scripts/tenants.ts", ...words], {
    env: { ...process.env, NODE_NO_WARNINGS: "1", ATOMIC_URL: url, ATOMIC_API_KEY: key },
  });
  let err = "";
  child.stderr.on("data", (text) => {
    err += String(text);
  });
  return new Promise((done) => child.on("close", (status) => done({ status, err })));
}

const model = (id: string, region: string, more: object = {}) => ({
  ...{ id, region, enabled: true, serves: "generative", noRetention: false },
  ...more,
});
const rule = (...words: string[]) => ["rules", "acme", ...words];

it("rules that leave a tenant no model, or name a region where none runs, are doubted aloud and set", async () => {
  const embedded = model("embedded/a", "local", { serves: ["language"] });
  const off = model("c/off", "us", { enabled: false });
  const url = await serverOf([embedded, off, model("a/one", "eu"), model("b/two", "global", { noRetention: true })]);
  for (const [words, doubt] of [
    [rule("--region", "eu"), /^$/],
    [rule("--region", "mars"), /No model may be asked .* No model runs in "mars"; there is eu, global\./],
    [rule("--region", "us"), /No model runs in "us"/],
    [rule("--region", "eu", "--retention", "forbidden"), /No model may be asked under these rules, only specialists/],
    [rule("--region", "any", "--retention", "any"), /^$/],
    [["show", "acme"], /^$/],
  ] as const)
    expect([words, await run(url, [...words])]).toEqual([words, { status: 0, err: expect.stringMatching(doubt) }]);
}, 60_000);

it("a model server nearby, whose region nobody said, is told to stay where a region has no other", async () => {
  const url = await serverOf([model("local/a", "local"), model("a/one", "eu")]);
  const near = await run(url, rule("--region", "mars"));
  expect(near.err).toMatch(/on the server's machine or network\. No model runs in "mars"; there is eu, local\./);
  expect((await run(url, rule("--region", "local"))).err).toBe("");
}, 60_000);

it("a command that was refused for want of a key says where its key comes from", async () => {
  const url = await serverOf([]);
  expect(await run(url, ["show", "acme"], "")).toEqual({
    status: 1,
    err: "atomic: A key is needed. (GET /v1/tenants/acme/rules: 401) Set ATOMIC_API_KEY in your shell.\n",
  });
}, 60_000);
