import { expect, it } from "vitest";
import { estimateTokens } from "../../src/adapt/prompt.ts";
import { emptyMarket, learn } from "../../src/market/market.ts";
import type { Message } from "../../src/plan/microtask.ts";
import { bidderOf, requestOf, type Script, World } from "./world.ts";

/** A model whose tokenizer counts three tokens where Atomic guesses two. */
const counted = (messages: readonly Message[]): number =>
  Math.round(1.5 * messages.reduce((sum, message) => sum + estimateTokens(message.content) + 4, 0));
const answers = (messages: readonly Message[]): Script => [
  { afterMs: 100, part: { type: "open" } },
  { afterMs: 20, part: { type: "text", text: "Yes, on Friday." } },
  { afterMs: 1, part: { type: "usage", usage: { input: counted(messages), output: 50, source: "provider" } } },
  { afterMs: 0, part: { type: "end", finish: "stop" } },
];
const turn = (role: Message["role"], content: string): Message => ({ role, content });
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
