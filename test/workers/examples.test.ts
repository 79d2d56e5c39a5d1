import { env } from "cloudflare:workers";
import { afterEach, expect, inject, it, vi } from "vitest";
import type { LedgerEntry } from "../provider/ledger.ts";
import { addBidder, call, keyOf, post, viewOf } from "./api.ts";

afterEach(() => {
  vi.useRealTimers();
});

/** What the provider was sent for a model, call by call. */
async function promptsTo(model: string): Promise<string[]> {
  const entries = (await (await fetch(`${inject("providerUrl")}/ledger`)).json()) as LedgerEntry[];
  return entries.filter((e) => e.model === model).map((e) => JSON.stringify(e.body));
}

it("shows accepted answers as examples to their own tenant alone, and only when a job asks", async () => {
  await addBidder("examples/teller", inject("providerUrl"), { text: "A heron at the weir." });
  const [one, two] = [await keyOf("heron"), await keyOf("egret")];
  const ask = async (text: string, key: Record<string, string>, examples: boolean): Promise<string> => {
    const made = await post(
      "/v1/jobs?wait=20",
      { text, kind: "summarise", bidders: ["examples/teller"], examples },
      key,
    );
    const { id } = (await made.json()) as { id: string };
    expect((await viewOf(id, key)).status).toBe("succeeded");
    return id;
  };
  await ask("The secret heron stood at the weir all day.", one, true);
  await expect
    .poll(() => env.DB.prepare("select count(*) as n from examples where tenant = 'heron'").first("n"), {
      timeout: 10_000,
    })
    .toBe(1);

  // Decisions read a snapshot at most 10 s old.
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 11_000 });
  await ask("Another heron stood at another weir.", one, true);
  await ask("A heron again, without examples.", one, false);
  await ask("An egret stood at the weir.", two, true);
  const [first, own, plain, other] = await promptsTo("examples-teller");
  expect(first).not.toContain("A heron at the weir.");
  expect(own).toContain("The secret heron");
  expect(own).toContain("A heron at the weir.");
  expect(plain).not.toContain("The secret heron");
  expect(other).toContain("An egret");
  expect(other).not.toContain("secret heron");

  // They are shown to their tenant and forgotten when it says so: of a job, of a kind, all.
  const kept = async (key: Record<string, string>, query = "") =>
    (await (await call(`/v1/examples${query}`, {}, key)).json()) as {
      examples: { kind: string; job: string; input: string; only: object }[];
    };
  await expect.poll(async () => (await kept(one)).examples.length, { timeout: 10_000 }).toBe(2);
  const [newest, oldest] = (await kept(one)).examples;
  expect(oldest).toMatchObject({
    kind: "summarise",
    input: "The secret heron stood at the weir all day.",
    output: "A heron at the weir.",
    only: { bidders: ["examples/teller"], region: null },
  });
  expect((await kept(one, "?kind=draft")).examples).toEqual([]);
  const forget = async (query: string, key: Record<string, string>) =>
    (await call(`/v1/examples${query}`, { method: "DELETE" }, key)).json();
  expect(await forget(`?job=${oldest?.job}`, two)).toEqual({ forgotten: 0 });
  expect(await forget(`?job=${oldest?.job}`, one)).toEqual({ forgotten: 1 });
  expect((await kept(one)).examples.map(({ job }) => job)).toEqual([newest?.job]);
  expect(await forget("?kind=draft", one)).toEqual({ forgotten: 0 });
  expect(await forget("", one)).toEqual({ forgotten: 1 });
  // At once here, whatever this isolate had read before.
  await ask("The last heron stood at the weir.", one, true);
  expect((await promptsTo("examples-teller")).at(-1)).not.toContain("A heron at the weir.");
  expect((await call("/v1/examples?kind=poem", {}, one)).status).toBe(400);
  expect((await call("/v1/examples?jb=1", { method: "DELETE" }, one)).status).toBe(400);
});

it("what a person says was wrong is no example any more, and what was said to be good stays one", async () => {
  const key = await keyOf("crane");
  await addBidder("examples/crane", inject("providerUrl"), { text: "A crane at the weir." });
  const ask = async (text: string) => {
    const body = { text, kind: "summarise", bidders: ["examples/crane"], examples: true };
    return ((await (await post("/v1/jobs?wait=true", body, key)).json()) as { id: string }).id;
  };
  const kept = async () =>
    ((await (await call("/v1/examples", {}, key)).json()) as { examples: { job: string }[] }).examples.map(
      ({ job }) => job,
    );
  const [good, bad] = [await ask("The first crane stood there."), await ask("The second crane stood there.")];
  await expect.poll(async () => (await kept()).length, { timeout: 10_000 }).toBe(2);
  expect((await post("/v1/feedback", { job: bad, good: false }, key)).status).toBe(202);
  expect((await post("/v1/feedback", { job: good, good: true }, key)).status).toBe(202);
  await expect.poll(kept, { timeout: 10_000 }).toEqual([good]);
});
