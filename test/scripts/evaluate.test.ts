import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, it } from "vitest";
import { isExpected } from "../../scripts/expected.ts";

const folder = mkdtempSync(join(tmpdir(), "atomic-evaluate-"));
afterAll(() => rmSync(folder, { recursive: true }));
let server: Server | null = null;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

interface Asked {
  path: string;
  key: string;
  body: { text?: string; bidders?: string[]; rows?: object[] };
  bytes: number;
}
interface Said {
  status?: number;
  headers?: Record<string, string>;
  body: object;
  afterMs?: number;
}

async function read(request: IncomingMessage): Promise<Asked> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks);
  const key = String(request.headers["idempotency-key"] ?? "");
  return { path: request.url ?? "", key, body: JSON.parse(text.toString()), bytes: text.length };
}

/** A server that says what `answer` has for each call; what it was asked. */
async function serverOf(answer: (asked: Asked, n: number) => Said): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const one = createServer(async (request, response) => {
    const call = await read(request);
    asked.push(call);
    const { status = 200, headers = {}, body, afterMs = 0 } = answer(call, asked.length);
    setTimeout(() => {
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(JSON.stringify(body));
    }, afterMs);
  });
  server = one;
  await new Promise<void>((done) => one.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${(one.address() as AddressInfo).port}`, asked };
}

const job = (more: object = {}) => ({
  ...{ id: "job_1", status: "succeeded", microtasks: [], costUsd: 0.01, createdAtMs: 0, endedAtMs: 1_500, error: null },
  ...more,
});

function fileOf(name: string, lines: readonly object[]): string {
  const path = join(folder, name);
  writeFileSync(path, lines.map((line) => JSON.stringify(line)).join("\n"));
  return path;
}

/** Runs a command; `onLine` sees what it says on standard error as it comes, and may send it signals. */
function run(
  [script = "", ...args]: string[],
  url: string,
  onLine: (line: string, kill: (signal: NodeJS.Signals) => void) => void = () => {},
): Promise<{ status: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [`scripts/${script}.ts`, ...args], {
    env: { ...process.env, NODE_NO_WARNINGS: "1", ATOMIC_URL: url, ATOMIC_API_KEY: "" },
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (data) => {
    out += data;
  });
  child.stderr.on("data", (data) => {
    err += data;
    onLine(String(data), (signal) => child.kill(signal));
  });
  return new Promise((done) => child.on("close", (status) => done({ status, out, err })));
}

it("puts each job to each bidder once, waits where no more may begin, and says how each did", async () => {
  const seen = new Map<string, number>();
  const { url, asked } = await serverOf(({ key, body }) => {
    seen.set(key, (seen.get(key) ?? 0) + 1);
    if (body.text === "two" && seen.get(key) === 1)
      return { status: 429, headers: { "retry-after": "1" }, body: { detail: "3 jobs a minute." } };
    const rejected = body.bidders?.[0] === "b/poor";
    return { body: rejected ? job({ status: "failed", error: { code: "not-accepted" } }) : job() };
  });
  const file = fileOf("jobs.jsonl", [{ text: "one" }, { text: "two" }, { text: "one" }]);
  const bidders = "a/good, b/poor,a/good";
  const told = await run(["evaluate", file, "--bidders", bidders, "--name", "n", "--json"], url);
  expect(told.status).toBe(0);
  expect(JSON.parse(told.out)).toMatchObject({
    runs: 4,
    done: 4,
    spentUsd: 0.04,
    bidders: [
      { bidder: "a/good", jobs: 2, accepted: 2, rejected: 0, failed: 0, meanCostUsd: 0.01, p50Ms: 1_500 },
      { bidder: "b/poor", jobs: 2, accepted: 0, rejected: 2, failed: 0, meanCostUsd: 0.01, p50Ms: null },
    ],
  });
  expect(told.err).toContain("goes on in 1 s");
  expect(seen.size).toBe(4);
  expect(asked.every(({ key }) => /^evaluate\/n\/[0-9a-f]{64}$/.test(key))).toBe(true);
  // Begun again it asks for the same jobs.
  await run(["evaluate", file, "--bidders", bidders, "--name", "n"], url);
  expect(seen.size).toBe(4);
});

it("counts an answer that no judge decided on as undecided, not as accepted", async () => {
  const { url } = await serverOf(({ body }) => ({
    body: job({ microtasks: [{ how: body.text === "open" ? "only-one-left" : "first-pass" }] }),
  }));
  const file = fileOf("open.jsonl", [{ text: "open" }, { text: "sure" }]);
  const told = await run(["evaluate", file, "--bidders", "a/good", "--json"], url);
  expect(JSON.parse(told.out).bidders).toMatchObject([{ jobs: 2, accepted: 1, rejected: 0, undecided: 1, failed: 0 }]);
});

it("ends with what there is at Ctrl-C, which comes from the terminal and from npm; a second one waits for nobody", async () => {
  const { url, asked } = await serverOf((_, n) => ({ body: job(), afterMs: n <= 2 ? 0 : n <= 4 ? 1_000 : 60_000 }));
  const file = fileOf(
    "many.jsonl",
    Array.from({ length: 20 }, (_, n) => ({ text: `t${n}` })),
  );
  const args = ["evaluate", file, "--bidders", "a/good", "--at-once", "2"];
  const interrupt = (kill: (signal: NodeJS.Signals) => void) => {
    setTimeout(() => kill("SIGINT"), 500);
    setTimeout(() => kill("SIGINT"), 520);
  };
  const once = await run(args, url, (line, kill) => line.includes("runs (") && interrupt(kill));
  expect(once.status).toBe(130);
  expect(once.out).toMatch(/a\/good\s+4\s+100 %/);
  expect(once.err).toContain("It was interrupted. 4 of 20 runs are done");
  expect(asked).toHaveLength(4);

  const twice = await run(args, url, (line, kill) => {
    if (!line.includes("runs (")) return;
    interrupt(kill);
    setTimeout(() => kill("SIGINT"), 2_000);
  });
  expect(twice.status).toBe(130);
  expect(twice.err).toContain("It was interrupted. 0 of 20 runs are done");
}, 30_000);

it("ends where its jobs have cost enough, and at once where one is refused", async () => {
  const { url } = await serverOf(({ body }) =>
    body.text === "bad" ? { status: 400, body: { detail: "No such kind." } } : { body: job() },
  );
  const jobs = Array.from({ length: 9 }, (_, n) => ({ text: `t${n}` }));
  const args = ["--bidders", "a/good", "--at-once", "1"];
  const dear = await run(["evaluate", fileOf("nine.jsonl", jobs), ...args, "--most-usd", "0.03"], url);
  expect([dear.status, dear.err]).toEqual([1, expect.stringContaining("raise --most-usd. 3 of 9 runs")]);
  const just = await run(["evaluate", fileOf("nine.jsonl", jobs), ...args, "--most-usd", "0.09"], url);
  expect([just.status, just.err]).toEqual([0, expect.not.stringContaining("raise --most-usd")]);
  const refused = await run(["evaluate", fileOf("bad.jsonl", [{ text: "bad" }, ...jobs]), ...args], url);
  expect([refused.status, refused.err]).toEqual([1, expect.stringContaining("Entry 1, a/good: No such kind.")]);
});

it("begins none that was put off once its jobs have cost enough", async () => {
  const { url, asked } = await serverOf(({ body }) =>
    body.text === "off" ? { status: 429, headers: { "retry-after": "1" }, body: {}, afterMs: 500 } : { body: job() },
  );
  const file = fileOf("off.jsonl", [{ text: "on" }, { text: "off" }]);
  const told = await run(["evaluate", file, "--bidders", "a/good", "--most-usd", "0.01"], url);
  expect([told.status, told.err]).toEqual([1, expect.stringContaining("raise --most-usd. 1 of 2 runs")]);
  expect(asked.filter(({ body }) => body.text === "off")).toHaveLength(1);
});

it("an evaluation is told in parts that the server takes, however long its rows are; no input is divided", async () => {
  const { url, asked } = await serverOf(({ body }) => ({
    body: { taken: body.rows?.length ?? 0, repeated: 0, refused: [] },
  }));
  const rows = Array.from({ length: 900 }, (_, n) => ({
    input: `q${n % 450}`,
    bidder: n < 450 ? "a/good" : "b/poor",
    kind: "answer",
    good: true,
    // Of the file's own: the server passes over it.
    prompt: "ü".repeat(1_000),
  }));
  const told = await run(["seed", fileOf("rows.jsonl", rows)], url);
  expect([told.status, told.out]).toEqual([0, expect.stringContaining("900 rows taken")]);
  expect(asked.length).toBe(3);
  for (const { bytes, body } of asked) {
    expect(bytes).toBeLessThan(1_000_000);
    const inputs = (body.rows ?? []).map((row) => (row as { input: string }).input);
    expect(inputs).toHaveLength(2 * new Set(inputs).size);
  }
});

it("holds answers against what is said to be right, which no bidder is shown, and tells the market", async () => {
  const { url, asked } = await serverOf(({ path, body }) => {
    if (path === "/v1/auctions/preview")
      return { body: { auctions: [{ decision: { cell: "classify/orders/latin/1" } }] } };
    if (path === "/v1/market/evaluations") return { body: { taken: body.rows?.length, repeated: 0, refused: [] } };
    const label = body.bidders?.[0] === "a/one" ? "Shipping" : "billing";
    return { body: job({ kind: "classify", answer: { text: `{"label":"${label}"}`, value: { label }, unsure: [] } }) };
  });
  const file = fileOf("labels.jsonl", [
    { text: "Where is it?", kind: "classify", labels: ["shipping", "billing"], expect: "shipping" },
  ]);
  const { status, out, err } = await run(["evaluate", file, "--bidders", "a/one,b/two", "--name", "x"], url);
  expect(status).toBe(0);
  expect(out).toMatch(/a\/one +1 +100 % +0 /);
  expect(out).toMatch(/b\/two +1 +0 % +1 /);
  expect(err).toContain("The market was told of 2 answers.");
  expect(JSON.stringify(asked.filter(({ path }) => path.startsWith("/v1/jobs")))).not.toContain("expect");
  const rows = asked.find(({ path }) => path === "/v1/market/evaluations")?.body.rows as { input: string }[];
  expect(rows).toEqual([
    { input: rows[0]?.input, bidder: "a/one", kind: "classify", context: "orders/latin", good: true },
    { input: rows[0]?.input, bidder: "b/two", kind: "classify", context: "orders/latin", good: false },
  ]);
});

it.each([
  ["a label in either case", { value: { label: "Spam", confidence: 1 }, text: "{}" }, "spam", true],
  ["another label", { value: { label: "ham" }, text: "spam" }, "spam", false],
  ["a text but for the space around it", { value: " Paris.\n", text: " Paris.\n" }, "paris.", true],
  ["data in any order", { value: { b: [1], a: 2 }, text: "" }, { a: 2, b: [1] }, true],
  ["other data", { value: { a: 2 }, text: "" }, { a: 3 }, false],
])("takes %s for what was expected, or not", (_, answer, expected, right) => {
  expect(isExpected({ answer: { ...answer, unsure: [] } }, expected)).toBe(right);
  expect(isExpected({ answer: null }, expected)).toBe(false);
});
