import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "atomic-commands-"));
afterAll(() => rmSync(folder, { recursive: true }));
const other = join(folder, "other.json");
writeFileSync(other, "{}\n");
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

/** Where nobody listens any more. */
let nowhere = "";
beforeAll(async () => {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  nowhere = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise((done) => server.close(done));
});

/** A command whose server is not there: its exit code and what it said. */
function said(command: string, ...args: string[]): [number | null, string] {
  const { status, stdout, stderr } = spawnSync(process.execPath, [`scripts/${command}.ts`, ...args], {
    encoding: "utf8",
    env: { ...process.env, NODE_NO_WARNINGS: "1", ATOMIC_URL: nowhere, ATOMIC_API_KEY: "" },
  });
  return [status, `${stdout}${stderr}`];
}

it("says what is wrong with what was typed, and ends with 2", () => {
  for (const [command, args, words] of [
    ["keys", ["revoke", "a", "b"], /"b" is a word too many/],
    ["keys", ["list", "acme"], /"acme" is a word too many/],
    ["bidders", ["list", "a/b"], /"a\/b" is a word too many/],
    ["keys", ["show"], /Say list, add TENANT or revoke ID/],
    ["keys", ["add", "acme", "--days", "0"], /--days 0: give a whole number of at least 1/],
    ["keys", ["revoke", "a", "--read-only"], /are of a key that is added/],
    ["verify", ["job_1", "job_2"], /"job_2" is a word too many/],
    ["verify", [], /Name a job, or say --chain/],
    ["ope", ["--jobs", "many"], /--jobs many: give a whole number/],
    ["ope", ["--kind", "nonsense"], /nonsense is not a kind/],
    ["bidders", ["add", "a/b", "--input", "", "--output", "1"], /--input takes a number/],
    ["bidders", ["try"], /"try" needs a bidder's id/],
    ["replay", ["--fiel", other], /Unknown option/],
    ["evaluate", [other], /Say whom to put them to/],
    ["evaluate", [other, "--bidders", "a/b", "--most-usd", "much"], /--most-usd takes an amount/],
    ["evaluate", [other, "--bidders", "a/b", "--name", "a b"], /--name takes 1 to 128/],
  ] as const)
    expect([command, ...said(command, ...args)]).toEqual([command, 2, expect.stringMatching(words)]);
}, 60_000);

it("says what to do where no server or no such file is, and ends with 1", () => {
  for (const [command, args, words] of [
    ["keys", ["list"], /No server answers. Start one/],
    ["demo", ["--url", nowhere], /No server answers. Start one/],
    ["replay", ["--file", other], /is no explanation. Save what GET/],
    ["ope", ["--file", other], /entry 1 has no "decision"/],
    [
      "ope",
      ["--kind", "code", "--file", file("no.jsonl", "\n")],
      /Of no first choice for code in .*no.jsonl the worth is known/,
    ],
    ["seed", [join(folder, "none")], /no such file/],
    ["seed", [file("none.jsonl", "")], /none.jsonl has no rows/],
    ["keys", ["list", "--url", "nonsense"], /cannot be reached: Invalid URL. Give its address with --url/],
    ["seed", [file("listed.jsonl", "{}\n[1]\n")], /row 2 is no JSON object/],
    ["evaluate", [other, "--bidders", "a/b"], /Entry 1, a\/b: No server answers. Start one/],
    ["evaluate", [file("empty.jsonl", "\n"), "--bidders", "a/b"], /empty.jsonl has no jobs/],
    ["evaluate", [file("half.json", "[{},"), "--bidders", "a/b"], /half.json is not JSON: /],
    ["evaluate", [file("fast.jsonl", '{"lane": "fast"}'), "--bidders", "a/b"], /entry 1 has "lane"; leave it out/],
  ] as const)
    expect([command, ...said(command, ...args)]).toEqual([command, 1, expect.stringMatching(words)]);
}, 60_000);

it("shows how it is used without doing anything", () => {
  for (const command of [
    "bidders",
    "demo",
    "deploy",
    "evaluate",
    "keys",
    "ope",
    "replay",
    "seed",
    "serve",
    "start",
    "tenants",
    "verify",
  ])
    expect([command, ...said(command, "--help")]).toEqual([command, 0, expect.stringMatching(/^npm (?:run|start)/)]);
}, 90_000);

it("an estimate tells small amounts apart, and says when too few decisions speak for it", () => {
  const bid = { bidder: "a/b", accept: { mean: 0.7, sd: 0.1 }, draw: 0.7, costNano: 1_620, score: 0.001 };
  const inputs = { rules: 4, strategy: "auto", closed: true, places: 3, budgetNano: null, deadlineMs: null };
  const more = { verdict: { trueAccept: 1, trueReject: 1, costNano: 0 }, loading: 0.7, belief: [1], fresh: true };
  const rest = { rows: [[0.7, 2, 0.7, 1, 1, 0, 0, 0]], floor: 0, trials: [1], random: null, audit: [], auditRate: 0 };
  const time = { firstTokenMs: { p50: 1, p95: 2 }, totalMs: { p50: 1, p95: 2 }, reasons: {} };
  const decision = {
    bids: [{ ...bid, ...time }],
    award: [{ bidder: "a/b", role: "leader", startAfterMs: 0 }],
    valueNano: 1_000_000,
    lambda: 1,
    muUsdPerSecond: 0,
    inputs: { ...inputs, ...more, ...rest },
  };
  const line = JSON.stringify({ decision, first: { bidder: "a/b", worth: 1, costNano: 1_620 } });
  const few = said("ope", "--policy", "likeliest", "--file", file("few.jsonl", `${line}\n`));
  expect(few).toEqual([
    0,
    expect.stringMatching(/^likeliest: 1 decision, .* Too few to tell\.\n.* cost \$0\.00000162 \+- \$0\n/),
  ]);
  const [, many] = said("ope", "--policy", "likeliest", "--file", file("many.jsonl", `${line}\n`.repeat(12)));
  expect(many).not.toContain("Too few");
}, 60_000);
