import { expect, it } from "vitest";
import { estimateTokens } from "../../src/adapt/prompt.ts";
import { type AwardInputs, emptyMarket, learn, replay } from "../../src/market/market.ts";
import type { Message } from "../../src/plan/microtask.ts";
import { bidderOf, requestOf, type Script, World } from "./world.ts";

/** A model whose tokenizer counts three tokens where Atomic guesses two. */
const counted = (messages: readonly Message[]): number =>
  Math.round(1.5 * messages.reduce((sum, message) => sum + estimateTokens(message.content) + 4, 0));
const answers = (messages: readonly Message[], text = "Yes, on Friday."): Script => [
  { afterMs: 100, part: { type: "open" } },
  { afterMs: 20, part: { type: "text", text } },
  { afterMs: 1, part: { type: "usage", usage: { input: counted(messages), output: 50, source: "provider" } } },
  { afterMs: 0, part: { type: "end", finish: "stop" } },
];
const turn = (role: "system" | "user" | "assistant", content: string): Message => ({ role, content });
const asked: Message[][] = [
  [turn("user", "Open?")],
  [turn("system", "You answer for a shop. ".repeat(100)), turn("user", "Open?")],
  [turn("user", "Are you open? ".repeat(30)), turn("assistant", "Yes. ".repeat(200)), turn("user", "Open?")],
];

it("a bid's cost counts the prompt as it is sent: instructions, schema and earlier turns, not the last turn alone", async () => {
  const dear = bidderOf("a/one", { price: { inputPerMtok: 10_000_000_000, outputPerMtok: 1_000_000_000 } });
  const state = emptyMarket();
  const errors: number[] = [];
  for (let n = 0; n < 30; n++) {
    const world = new World([dear], (call) => answers(call.messages));
    world.state = state;
    world.nowMs += n * 60_000;
    world.accept(requestOf({ input: { type: "messages", messages: asked[n % 3] ?? [] } }), n);
    const job = await world.settle();
    const [microtask] = job.microtasks;
    const claimed = microtask?.decisions[0]?.bids[0]?.costNano ?? 0;
    if (n >= 15) errors.push(claimed / (microtask?.attempts[0]?.costNano ?? 0));
    for (const settlement of world.settled.values()) learn(state, settlement, [dear]);
  }
  expect(Math.min(...errors)).toBeGreaterThan(0.9);
  expect(Math.max(...errors)).toBeLessThan(1.15);
});

it("a job is not refused as too dear for its budget because its last turn is short", async () => {
  const dear = bidderOf("a/one", { price: { inputPerMtok: 10_000_000_000, outputPerMtok: 1_000_000_000 } });
  const state = emptyMarket();
  const run = async (n: number, budgetNano: number | null) => {
    const world = new World([dear], (call) => answers(call.messages));
    world.state = state;
    world.accept(requestOf({ input: { type: "messages", messages: [turn("user", "Hi")] }, budgetNano }), n);
    const job = await world.settle();
    for (const settlement of world.settled.values()) learn(state, settlement, [dear]);
    return job;
  };
  for (let n = 0; n < 10; n++) await run(n, null);
  // 8 tokens of input and 50 of output cost 130,000 nano-USD; a call of it may cost 986,000.
  const job = await run(10, 1_200_000);
  expect([job.status, job.error?.message]).toEqual(["succeeded", undefined]);
  expect(job.costNano).toBeLessThan(1_200_000);
});

it("a look is priced by the judge that would look: nobody judges itself, and one that may still be asked only if none else can", async () => {
  const priced = (id: string, x: number) =>
    bidderOf(id, { price: { inputPerMtok: x * 1_000_000_000, outputPerMtok: 4 * x * 1_000_000_000 } });
  const bidders = [priced("a/cheap", 1), priced("b/dear", 30)];
  const verdict = '{"results":[{"criterion":0,"result":"accept","evidence":"so"}]}';
  const state = emptyMarket();
  const errors: number[] = [];
  const judges = new Set<string>();
  for (let n = 0; n < 12; n++) {
    const world = new World(bidders, (call) => answers(call.messages, call.kind === "judge" ? verdict : undefined));
    world.state = state;
    world.nowMs += n * 60_000;
    // A look at the cheap one's answer by the dear one needs room beside the answer's own cost.
    world.accept(requestOf({ contract: { criteria: [], judged: ["It says when."] }, valueNano: 50_000_000 }), n);
    const job = await world.settle();
    const [microtask] = job.microtasks;
    const decision = microtask?.decisions[0];
    const leader = decision?.award[0]?.bidder;
    const look = microtask?.attempts.find((a) => a.role === "judge");
    if (decision === undefined || look === undefined) continue;
    expect(look.bidder).not.toBe(leader);
    judges.add(look.bidder);
    const inputs = decision.inputs as AwardInputs;
    const i = decision.bids.findIndex((bid) => bid.bidder === leader);
    const claimed = new Map(inputs.looks).get(i) ?? inputs.verdict.costNano;
    errors.push(claimed / look.costNano);
    expect(replay(JSON.parse(JSON.stringify(decision))).award).toEqual(decision.award);
    for (const settlement of world.settled.values()) learn(state, settlement, bidders);
  }
  expect(errors.length).toBeGreaterThan(6);
  expect(judges).toContain("b/dear");
  // Before anything was learned half of the longest answer was taken to be judged.
  expect(Math.max(...errors.slice(2))).toBeLessThan(2);
  expect(Math.min(...errors)).toBeGreaterThan(0.5);
});
