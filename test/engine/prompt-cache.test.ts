import { expect, it } from "vitest";
import { beginningsOf } from "../../src/engine/prompt-cache.ts";
import type { Bidder } from "../../src/market/bidder.ts";
import type { JobRequest } from "../../src/plan/job-request.ts";
import type { Message } from "../../src/plan/microtask.ts";
import type { ModelCall } from "../../src/race/model-port.ts";
import { bidderOf, requestOf, says, World } from "./world.ts";

/** About 1,180 tokens. */
const long = "Answer as the lamp shop would, kindly and in one sentence. ".repeat(80);
const rules: Message = { role: "system", content: long };
const first: Message[] = [rules, { role: "user", content: "Where is my lamp?" }];
const second: Message[] = [
  ...first,
  { role: "assistant", content: "On its way." },
  { role: "user", content: "Since when?" },
];
const conversation = (messages: Message[], more: Partial<JobRequest> = {}): Partial<JobRequest> => ({
  input: { type: "messages", messages },
  ...more,
});
const tool = { name: "track", description: "Where a parcel is.", parameters: { type: "object" } };

/** One isolate: what it sent lately outlives each job. */
class Isolate {
  #world: World | null = null;
  calls: ModelCall[] = [];
  laterMs = 0;
  readonly #bidders: Bidder[];

  constructor(bidders = [bidderOf("a/one"), bidderOf("b/two"), bidderOf("c/judge", { contextTokens: 100 })]) {
    this.#bidders = bidders;
  }

  async run(request: Partial<JobRequest>) {
    const before = this.#world;
    this.calls = [];
    const world = new World(this.#bidders, (call) => {
      this.calls.push(call);
      return call.kind === "judge"
        ? says('{"results":[{"criterion":0,"result":"accept","evidence":"so"}]}', 1, 50)
        : says("Since Monday.");
    });
    world.fleet = before?.fleet ?? world.fleet;
    if (before !== null) before.nowMs += this.laterMs;
    world.nowMs = before?.nowMs ?? world.nowMs;
    // The fleet reads the clock of the world that it was made in.
    this.#world = before ?? world;
    world.accept(requestOf(request));
    const job = await world.settle();
    expect(job.status).toBe("succeeded");
    const [settlement] = world.settled.values();
    return { job, call: this.calls[0], bids: job.microtasks[0]?.decisions[0]?.bids ?? [], settlement };
  }
}

it.each<[string, Partial<JobRequest>, ModelCall["promptCache"]]>([
  ["a conversation that goes on", conversation(second), { head: false, end: true }],
  [
    "one that offers tools",
    conversation(first, { tools: { offered: [tool], choice: "auto", parallel: true } }),
    { head: false, end: true },
  ],
  ["a first turn", conversation(first), { head: false, end: false }],
  ["what its caller says comes again", conversation(first, { promptCache: true }), { head: true, end: true }],
  ["what its caller wants nobody to cache", conversation(second, { promptCache: false }), undefined],
  ["what nobody is to keep", conversation(second, { noRetention: true }), undefined],
  ["what is too short", conversation(second.slice(1), { promptCache: true }), undefined],
])("is asked of %s", async (_, request, expected) => {
  expect((await new Isolate().run(request)).call?.promptCache).toEqual(expected);
});

it("is asked of no more than the instructions of a judge, whose prompts are Atomic's own", async () => {
  const isolate = new Isolate();
  await isolate.run(
    conversation(second, { contract: { criteria: [], judged: ["It says since when."] }, valueNano: 1e12 }),
  );
  const judge = isolate.calls.find((call) => call.kind === "judge");
  expect(judge).toBeDefined();
  expect(judge?.promptCache?.end ?? false).toBe(false);
});

it("is asked of instructions once they come again to the same bidder within five minutes", async () => {
  const isolate = new Isolate();
  const head = async (bidder: string, text = "And my vase?") =>
    (await isolate.run(conversation([rules, { role: "user", content: text }], { bidders: [bidder] }))).call?.promptCache
      ?.head;
  expect(await head("a/one", "Where is my lamp?")).toBe(false);
  expect(await head("b/two")).toBe(false);
  expect(await head("a/one")).toBe(true);
  isolate.laterMs = 5 * 60_000 + 1;
  expect(await head("a/one")).toBe(false);
});

it("is another tenant's, with other tools, or after another turn", () => {
  const keys = [
    beginningsOf("t", second, undefined),
    beginningsOf("u", second, undefined),
    beginningsOf("t", second, { offered: [tool], choice: "auto", parallel: true }),
    beginningsOf("t", [rules, { role: "user", content: "Where is my vase?" }, ...second.slice(2)], undefined),
  ].map((beginnings) => beginnings.map(({ key }) => key));
  const [own = [], other = [], tools = [], turn = []] = keys;
  expect(own).toHaveLength(4);
  for (const list of [other, tools]) expect(list.filter((key) => own.includes(key))).toEqual([]);
  expect(turn.map((key) => own.includes(key))).toEqual([true, false, false, false]);
  expect(beginningsOf("t", first, undefined).map(({ key }) => key)).toEqual(own.slice(0, 2));
});

const dear = { inputPerMtok: 4e9, outputPerMtok: 2e9 };
const cheap = { inputPerMtok: 2e9, outputPerMtok: 2e9 };

it("makes the next turn cheaper at who has the conversation in its cache, and the bid says so", async () => {
  const third: Message[] = [
    ...second,
    { role: "assistant", content: "Since Monday." },
    { role: "user", content: "Why?" },
  ];
  const isolate = () =>
    new Isolate([
      bidderOf("a/one", { price: { ...dear, cachedInputPerMtok: 2e8 } }),
      bidderOf("b/two", { price: cheap }),
    ]);
  const costs = ({ bids }: Awaited<ReturnType<Isolate["run"]>>) =>
    Object.fromEntries(bids.map(({ bidder, costNano }) => [bidder, costNano]));
  const warm = isolate();
  await warm.run(conversation(second, { bidders: ["a/one"] }));
  const turn = await warm.run(conversation(third));
  const { "a/one": at = 0, "b/two": elsewhere = 0 } = costs(turn);
  expect(at).toBeLessThan(elsewhere);
  const bid = turn.bids.find(({ bidder }) => bidder === "a/one");
  // All but its last two turns.
  expect(bid?.reasons.cachedTokens).toBe(beginningsOf("t", second, undefined).at(-1)?.tokens);
  expect(turn.bids.find(({ bidder }) => bidder === "b/two")?.reasons).not.toHaveProperty("cachedTokens");
  expect(turn.settlement?.attempts.find((a) => a.bidder === "a/one")?.cachedTokens).toBe(bid?.reasons.cachedTokens);
  // Money is lent for the whole all the same: the cache may have been emptied.
  const attempt = turn.job.microtasks[0]?.attempts[0];
  expect(attempt?.reservedNano).toBeGreaterThan(1_180 * 4_000 * (attempt?.bidder === "a/one" ? 1 : 0.5));
  // Without the turn before, or where the caller wants no cache, it is the dearer one.
  const cold = costs(await isolate().run(conversation(third)));
  expect(cold["a/one"]).toBeGreaterThan(cold["b/two"] ?? 0);
  const refused = isolate();
  await refused.run(conversation(second, { bidders: ["a/one"], promptCache: false }));
  expect(costs(await refused.run(conversation(third)))["a/one"]).toBe(cold["a/one"]);
});
