import fc from "fast-check";
import { expect, it } from "vitest";
import { type Beginning, SentPrompts } from "../../src/race/sent-prompts.ts";

const none = { head: false, end: false };
const of = (keys: string[], tokens = 1_100): Beginning[] => keys.map((key, i) => ({ key, tokens: tokens + 100 * i }));

it("asks for what stands before the turns once it comes again to the same bidder", () => {
  let nowMs = 0;
  const prompts = new SentPrompts(() => nowMs);
  expect(prompts.send("a/b", of(["rules", "one"]), none)).toEqual(none);
  expect(prompts.send("a/c", of(["rules", "two"]), none)).toEqual(none);
  expect(prompts.cachedTokens(of(["rules"]))).toEqual({});
  nowMs = 300_000;
  expect(prompts.send("a/b", of(["rules", "three"]), none)).toEqual({ head: true, end: false });
  expect(prompts.cachedTokens(of(["rules", "four"]))).toEqual({ "a/b": 1_100 });
  nowMs = 600_001;
  expect(prompts.cachedTokens(of(["rules", "four"]))).toEqual({});
  expect(prompts.send("a/b", of(["rules", "one"]), none)).toEqual(none);
});

it("asks for nothing short", () => {
  const prompts = new SentPrompts(() => 0);
  expect(prompts.send("a/b", of(["rules"], 1_023), { head: true, end: true })).toEqual(none);
  expect(prompts.send("a/b", of(["rules", "one"], 1_000), { head: true, end: true })).toEqual({
    head: false,
    end: true,
  });
  expect(prompts.cachedTokens([])).toEqual({});
});

it("knows of a conversation what was sent of it to be cached, to each bidder, and never more", () => {
  const bidder = fc.constantFrom("a/b", "a/c", "d/e");
  const step = fc.record({ bidder, turns: fc.integer({ min: 1, max: 6 }), end: fc.boolean(), waitMs: fc.nat(200_000) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let nowMs = 0;
      const prompts = new SentPrompts(() => nowMs);
      const sent: { bidder: string; tokens: number; atMs: number }[] = [];
      for (const { bidder, turns, end, waitMs } of steps) {
        nowMs += waitMs;
        const beginnings = of(["rules", ...Array.from({ length: turns }, (_, i) => `turn ${i}`)]);
        const expected: Record<string, number> = {};
        for (const one of sent)
          if (nowMs - one.atMs <= 300_000 && beginnings.some(({ tokens }) => tokens === one.tokens))
            expected[one.bidder] = Math.max(expected[one.bidder] ?? 0, one.tokens);
        expect(prompts.cachedTokens(beginnings)).toEqual(expected);
        const marks = prompts.send(bidder, beginnings, { head: false, end });
        expect(marks.end).toBe(end);
        if (marks.head) sent.push({ bidder, tokens: 1_100, atMs: nowMs });
        if (marks.end) sent.push({ bidder, tokens: beginnings.at(-1)?.tokens ?? 0, atMs: nowMs });
      }
    }),
  );
});

it("remembers two thousand, and drops the one unused for longest", () => {
  const prompts = new SentPrompts(() => 0);
  const wish = { head: false, end: true };
  prompts.send("a/b", of(["first"]), wish);
  for (let i = 0; i < 1_999; i++) prompts.send("a/b", of([`${i}`]), wish);
  prompts.send("a/b", of(["first"]), wish);
  prompts.send("a/b", of(["last"]), wish);
  expect(prompts.cachedTokens(of(["first"]))).toEqual({ "a/b": 1_100 });
  expect(prompts.cachedTokens(of(["0"]))).toEqual({});
});
