import { describe, expect, it } from "vitest";
import { inputFeatures } from "../../src/engine/input-features.ts";
import { previewAuctions } from "../../src/engine/preview.ts";
import { emptyMarket, learn, type MarketState } from "../../src/market/market.ts";
import type { JobRequest } from "../../src/plan/job-request.ts";
import type { Microtask } from "../../src/plan/microtask.ts";
import { singlePlan } from "../../src/plan/templates.ts";
import { bidderOf, requestOf, says, World } from "./world.ts";

const bidders = [bidderOf("a/sql"), bidderOf("b/poems")];
const accepted = { criteria: [{ type: "contains" as const, text: "good", must: true, ignoreCase: false }], judged: [] };
const asked = (use: string, more: Partial<JobRequest> = {}): JobRequest =>
  requestOf({
    contract: accepted,
    input: {
      type: "messages",
      messages: [
        { role: "system", content: `You write ${use}.` },
        { role: "user", content: "Go on, please." },
      ],
    },
    ...more,
  });

/** One job after another; each bidder is good at what it is named for and at nothing else. */
async function taught(requests: (n: number) => JobRequest, jobs: number): Promise<MarketState> {
  const state = emptyMarket();
  for (let n = 0; n < jobs; n++) {
    const request = requests(n);
    const world = new World(bidders, (call) => says(usedFor(request) === call.bidder.slice(2) ? "good" : "bad"));
    world.state = state;
    world.nowMs += n * 60_000;
    world.accept(request, n);
    await world.settle();
    for (const settlement of world.settled.values()) learn(state, settlement, bidders);
  }
  return state;
}

const usedFor = ({ input, context }: JobRequest): string =>
  context ?? (input.type === "messages" && input.messages[0]?.content === "You write sql." ? "sql" : "poems");

/** How often each bidder would lead, over seeds. */
function leaders(state: MarketState, request: JobRequest): Record<string, number> {
  const view = { state, bidders, pacing: { lambda: 1, muUsdPerSecond: 0 }, judgeAuditShare: 0, examples: () => [] };
  const led: Record<string, number> = {};
  for (let seed = 0; seed < 100; seed++) {
    const [first] = previewAuctions(request, view, 2_000_000_000, seed);
    if (first === undefined || "code" in first.decision) throw new Error("no decision");
    const leader = first.decision.award[0]?.bidder ?? "";
    led[leader] = (led[leader] ?? 0) + 1;
  }
  return led;
}

describe("what a job is a case of", () => {
  it("is learned apart by its system message, though kind, script and length are the same", async () => {
    const state = await taught((n) => asked(n % 2 === 0 ? "sql" : "poems"), 60);
    expect(leaders(state, asked("sql"))["a/sql"]).toBeGreaterThan(85);
    expect(leaders(state, asked("poems"))["b/poems"]).toBeGreaterThan(85);
  });

  it("is learned apart by the context the caller declared, before what the instructions say", async () => {
    const declared = (context: string) => requestOf({ contract: accepted, context });
    const state = await taught((n) => declared(n % 2 === 0 ? "sql" : "poems"), 60);
    expect(leaders(state, declared("sql"))["a/sql"]).toBeGreaterThan(85);
    expect(leaders(state, asked("poems", { context: "sql" }))["a/sql"]).toBeGreaterThan(85);
    const plain = leaders(state, requestOf({ contract: accepted }));
    expect(Math.max(...Object.values(plain))).toBeLessThan(85);
  });

  it("has no name in a job without retention: what is learned outlives the job", async () => {
    const world = new World(bidders, () => says("good"));
    world.accept(requestOf({ contract: accepted, context: "Ana Lima", noRetention: true }));
    await world.settle();
    const [settlement] = [...world.settled.values()];
    expect(settlement?.features.context).toBeUndefined();
    expect(JSON.stringify(settlement)).not.toContain("Ana Lima");
  });

  it("names decision and settlement alike", async () => {
    const world = new World(bidders, () => says("good"));
    world.accept(asked("sql"));
    const job = await world.settle();
    const [settlement] = [...world.settled.values()];
    expect(settlement?.features.context).toMatch(/^use-[0-9a-f]{8}\/latin$/);
    expect(job.microtasks[0]?.decisions[0]?.cell).toBe(`answer/${settlement?.features.context}/0`);
  });
});

describe("the features of an input", () => {
  const job = (more: Partial<JobRequest>, planSource: "caller" | "planner" | null = null) => ({
    request: requestOf(more),
    planSource,
  });
  const [task] = singlePlan(requestOf()).microtasks as [Microtask];

  it("hold a microtask's own context before the job's, and the script with each", () => {
    const own = { ...task, context: "invoices" };
    expect(inputFeatures(job({ context: "support" }), own, "Привет")).toEqual({
      inputChars: 6,
      script: "cyrillic",
      context: "invoices/cyrillic",
    });
    expect(inputFeatures(job({ context: "support" }), task, "Hi").context).toBe("support/latin");
  });

  it("hold nothing but the script of a job without retention", () => {
    const told = { ...task, instruction: "You answer for ACME." };
    expect(inputFeatures(job({ noRetention: true }), told, "Hi").context).toBeUndefined();
    expect(inputFeatures(job({ noRetention: true, context: "support" }), told, "Hi").context).toBeUndefined();
    expect(inputFeatures(job({ noRetention: true }), { ...told, context: "support" }, "Hi").context).toBeUndefined();
    expect(inputFeatures(job({}), told, "Hi").context).toMatch(/^use-/);
  });

  it("hold no context where nothing names one", () => {
    expect(inputFeatures(job({}), task, "Hi")).toEqual({ inputChars: 2, script: "latin" });
    const planned = { ...task, instruction: "Look up flight 12." };
    expect(inputFeatures(job({}, "planner"), planned, "Hi").context).toBeUndefined();
    expect(inputFeatures(job({}, "caller"), planned, "Hi").context).toMatch(/^use-/);
  });
});
