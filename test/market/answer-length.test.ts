import { expect, it } from "vitest";
import { decide, emptyMarket, learn, seededRandom } from "../../src/market/market.ts";
import { bidder, decided, pacing, report, request, settlement, startMs } from "./setting.ts";

it("expects a call to take as long as the answers of its context are, not as those of its kind on average", () => {
  const one = bidder("a/one", 1);
  const state = emptyMarket();
  const random = seededRandom("length");
  const uses = [
    { context: "labels", tokens: 12, tookMs: 400 + 12 * 20 },
    { context: "essays", tokens: 1500, tookMs: 400 + 1500 * 20 },
  ];
  const claim = (context: string) => {
    const features = { inputChars: 400, script: "latin", context };
    const nowMs = startMs + 40_000;
    return decided(decide(state, [one], request({ features, nowMs, maxOutputTokens: 4000 }), pacing, random)).bids[0];
  };
  for (let n = 0; n < 40; n++) {
    const use = uses[n % 2];
    if (use === undefined) continue;
    const features = { inputChars: 400, script: "latin", context: use.context };
    const made = decided(decide(state, [one], request({ features }), pacing, random));
    const ran = report(made, "a/one", 1, { firstTokenMs: 400, totalMs: use.tookMs, outputTokens: use.tokens });
    learn(state, settlement([ran], n, { features }), [one]);
  }
  for (const { context, tookMs } of uses) {
    const p50 = claim(context)?.totalMs.p50 ?? 0;
    expect(p50 / tookMs).toBeGreaterThan(0.5);
    expect(p50 / tookMs).toBeLessThan(2);
  }
});
