import { expect, it } from "vitest";
import { decide, emptyMarket, explainDecision, learn, seededRandom } from "../../src/market/market.ts";
import { whyLost } from "../../src/market/why-lost.ts";
import { bidder, decided, pacing, report, request, settlement, startMs } from "./setting.ts";

const all = [
  bidder("a/1", 1),
  bidder("b/2", 1.5),
  bidder("c/slow", 0.5, { expected: { firstTokenMs: 8000, tokensPerSecond: 20 } }),
  bidder("d/dear", 8),
  bidder("e/weak", 1),
];
const chance: Record<string, number> = { "a/1": 0.8, "b/2": 0.85, "c/slow": 0.83, "d/dear": 0.9, "e/weak": 0.6 };

it("every loser is told what spoke against it, and that is what its score lies behind by", () => {
  const state = emptyMarket();
  const random = seededRandom("why");
  const said = { explored: 0, sequence: 0, waiting: 0, worth: 0, cost: 0, look: 0 };
  for (let n = 0; n < 1500; n++) {
    const nowMs = startMs + n * 1000;
    const policy = n % 3 ? ("balanced" as const) : ("fast" as const);
    const looks = n % 5 ? {} : { looks: { "b/2": 30_000_000 } };
    const verdict = { trueAccept: 0.93, trueReject: 0.8, costNano: 50_000 };
    const asked = request({ nowMs, policy, verdict, valueNano: n % 2 ? 20_000_000 : null, ...looks });
    const d = decided(decide(state, all, asked, { lambda: 1, muUsdPerSecond: 1e-4 }, random));
    const id = d.award[0]?.bidder ?? "";
    const leader = d.bids.find((one) => one.bidder === id);
    learn(state, settlement([report(d, id, random() < (chance[id] ?? 0) ? 1 : 0)], n, { atMs: nowMs }), all);
    for (const { bidder: loser, why } of explainDecision(d).losers) {
      const bid = d.bids.find((one) => one.bidder === loser);
      if (!bid || !leader) continue;
      expect(why).not.toMatch(/-\$|\$-|-\d+ ms/);
      if (why.includes("at random")) said.explored++;
      else if (why.startsWith("By itself")) said.sequence++;
      else if (why.includes("ms slower")) said.waiting++;
      else if (why.startsWith("Less likely")) said.worth++;
      else if (why.includes("dearer (")) said.cost++;
      else if (why.startsWith("A look")) said.look++;
      expect(why.includes("at random")).toBe(d.explored);
      expect(why.startsWith("By itself")).toBe(!d.explored && bid.score > leader.score);
      if (why.startsWith("Less likely")) expect(bid.draw).toBeLessThan(leader.draw);
      if (why.includes("dearer (")) expect(bid.costNano).toBeGreaterThan(leader.costNano);
      if (why.includes("ms slower:")) expect(bid.totalMs.p50).toBeGreaterThan(leader.totalMs.p50);
    }
  }
  for (const [ground, times] of Object.entries(said)) expect(times, ground).toBeGreaterThan(0);
});

it("names as much against a loser as outweighs what speaks for it", () => {
  const random = seededRandom("outweighs");
  let weighed = 0;
  for (let n = 0; n < 400; n++) {
    const some = Array.from({ length: 2 + Math.floor(random() * 5) }, (_, i) =>
      bidder(`p${i}/m`, 0.1 + 8 * random(), {
        expected: { firstTokenMs: 100 + 5000 * random(), tokensPerSecond: 20 + 100 * random() },
      }),
    );
    const verdict = { trueAccept: 0.93, trueReject: 0.8, costNano: 50_000 };
    const looks = n % 2 ? {} : { looks: { "p0/m": 3_000_000 } };
    const asked = request({ policy: n % 3 ? "fast" : "balanced", verdict, ...looks });
    const d = decided(decide(emptyMarket(), some, asked, { lambda: 1 + 3 * random(), muUsdPerSecond: 1e-4 }, random));
    const leader = d.bids.find((one) => one.bidder === d.award[0]?.bidder);
    if (!leader || d.explored) continue;
    const lookNano = (id: string) => (n % 2 === 0 && id === "p0/m" ? 3_000_000 : verdict.costNano);
    for (const { bidder: loser, why } of explainDecision(d).losers) {
      const bid = d.bids.find((one) => one.bidder === loser);
      const [against = "", favour = ""] = why.split("For it: ");
      if (!bid || favour === "") continue;
      weighed++;
      const looked = lookNano(bid.bidder) - lookNano(leader.bidder);
      const grounds: [ground: number, words: string][] = [
        [(d.valueNano / 1e9) * (leader.draw - bid.draw), "ess likely to be accepted"],
        [(d.lambda * (bid.costNano - leader.costNano)) / 1e9, "dearer ("],
        [(d.lambda * looked) / 1e9, "look at its answer"],
        [(d.muUsdPerSecond * (bid.totalMs.p50 - leader.totalMs.p50)) / 1000, "ms slower"],
      ];
      const named = grounds.reduce((sum, [ground, words]) => sum + (against.includes(words) ? ground : 0), 0);
      const forIt = grounds.reduce((sum, [ground]) => sum - Math.min(0, ground), 0);
      expect(named, why).toBeGreaterThan(forIt);
    }
  }
  expect(weighed).toBeGreaterThan(100);
});

it("says of one that is level with the leader that it is", () => {
  const twins = [bidder("a/1", 1), bidder("b/2", 1)];
  const d = decided(decide(emptyMarket(), twins, request(), pacing, seededRandom("level")));
  for (const bid of d.bids) Object.assign(bid, { draw: 0.7, score: 0.0012 });
  const other = d.bids.find((bid) => bid.bidder !== d.award[0]?.bidder);
  const leader = d.bids.find((bid) => bid !== other);
  if (!other || !leader) throw new Error("two bids");
  other.score += 1e-17;
  expect(whyLost(other, leader, { ...d, explored: true })).toMatch(/by score this one was level\.$/);
  expect(whyLost(other, leader, { ...d, explored: false })).toMatch(/^As good as/);
});
