import { describe, expect, it } from "vitest";
import { type AuctionRequest, decide, emptyMarket, explainDecision, seededRandom } from "../../src/market/market.ts";
import { sentenceOf } from "../../src/market/sentence.ts";
import { formatUsd } from "../../src/money/nano-usd.ts";
import { bidder, decided, pacing, request } from "./setting.ts";

const four = ["a/1", "b/2", "c/3", "d/4"].map((id) => bidder(id, 1));
const made = (more: Partial<AuctionRequest>, seed = "sentence") =>
  decided(decide(emptyMarket(), four, request(more), pacing, seededRandom(`audit ${seed}`)));

describe("why nobody stands behind a leader", () => {
  const rejected = (id: string) => ({ bidder: id, how: "rejected" as const });

  it("is that attempts are used up, where they are", () => {
    const last = made({ tried: [rejected("a/1"), rejected("b/2")] });
    expect(last.award).toHaveLength(1);
    expect(last.why).toMatch(/; no other attempt is left\.$/);
  });

  it("is the budget, where it pays for one only, looks included", () => {
    const [bid] = made({}).bids;
    const look = 100_000;
    const verdict = { trueAccept: 1, trueReject: 1, costNano: look };
    const short = made({ budgetNano: 2 * (bid?.costNano ?? 0) + look, verdict, valueNano: 50_000_000 });
    expect(short.award).toHaveLength(1);
    expect(short.why).toMatch(/; what is left of the budget pays for no second one\.$/);
  });

  it("is its worth, where attempts and money are left", () => {
    const worthless = made({ valueNano: 1 });
    expect(worthless.award).toHaveLength(1);
    expect(worthless.why).toMatch(/; of 4 bids no second one was worth its cost\.$/);
  });
});

it("an audit is told of in words that fit how many answer", () => {
  const free = four.map((one) => ({ ...one, serves: ["spam" as const], price: { inputPerMtok: 0, outputPerMtok: 0 } }));
  const asked = request({ kind: "spam", closed: true, verdict: { trueAccept: 1, trueReject: 0, costNano: 0 } });
  const seen = new Set<number>();
  for (let seed = 0; seed < 60; seed++) {
    const d = decided(decide(emptyMarket(), free, asked, pacing, seededRandom(`audit ${seed}`)));
    const audits = d.award.filter((place) => place.role === "audit").map((place) => place.bidder);
    seen.add(audits.length);
    const told =
      audits.length === 0
        ? ""
        : `; ${audits.join(", ")} answer${audits.length === 1 ? "s" : ""} too, as a random check`;
    expect(d.why, `seed ${seed}`).toContain(told);
    expect(d.why.includes("random check"), `seed ${seed}`).toBe(audits.length > 0);
    expect(explainDecision(d).sentences.join(" ").includes("Others answer too"), `seed ${seed}`).toBe(
      audits.length > 0,
    );
  }
  expect([...seen].sort()).toEqual([0, 1, 2]);
});

it("a claim is never told as certain", () => {
  const d = made({});
  const leader = d.bids.find((bid) => bid.bidder === d.award[0]?.bidder);
  if (!leader) throw new Error("no leader");
  const told = (mean: number) => {
    leader.accept.mean = mean;
    return /leads: ([\d.]+ %)/.exec(sentenceOf(d, "sequence"))?.[1];
  };
  expect([0.995, 0.99, 0.724, 0.004, 0].map(told)).toEqual(["99.5 %", "99.0 %", "72 %", "0.4 %", "0 %"]);
});

it("numbers of attempts and rejections, and prices of time, are told as people say them", () => {
  const tried = four.slice(0, 3).map(({ id }) => ({ bidder: id, how: "rejected" as const }));
  const second = made({ tried: tried.slice(0, 1), policy: "fast" });
  const told = explainDecision({ ...second, lambda: 1.23456, muUsdPerSecond: 0.000348527 }).sentences.join(" ");
  expect(told).toContain("a dollar of cost weighed 1.23, a second of waiting $0.000349.");
  expect(told).toContain("Round 2: the bids already know that one attempt did not hold.");
  expect(explainDecision(made({ tried: tried.slice(0, 2) })).sentences.join(" ")).toContain(
    "that 2 attempts did not hold",
  );
  const noneOf = (rejections: number, left: number) =>
    decide(
      emptyMarket(),
      four.slice(0, rejections + left),
      request({ tried: tried.slice(0, rejections), valueNano: 1 }),
      pacing,
      seededRandom("one"),
    );
  expect(noneOf(1, 1)).toMatchObject({
    message: "The one bidder left is not worth its cost after 1 rejection. Raise the value or the budget.",
  });
  expect(noneOf(2, 2)).toMatchObject({
    message: "None of the 2 bidders left is worth its cost after 2 rejections. Raise the value or the budget.",
  });
});

it("those who were never in question are one sentence and no losers; those who could have bid are told one by one", () => {
  const others = [
    ...["e/1", "e/2", "e/3"].map((id) => bidder(id, 1, { serves: ["spam"] })),
    bidder("f/named", 1, { onlyByName: true }),
    bidder("g/dear", 1e6),
    bidder("h/small", 1, { contextTokens: 1 }),
  ];
  const d = decided(
    decide(
      emptyMarket(),
      [...four, ...others],
      request({ budgetNano: 10_000_000, unavailable: [{ bidder: "d/4", reason: "its circuit is open" }] }),
      pacing,
      seededRandom("others"),
    ),
  );
  const before = JSON.stringify(d);
  const told = explainDecision(d);
  expect(told.sentences).toContain("3 others do not serve answer, 1 takes part only in requests that name it.");
  expect(told.notAsked).toEqual([
    { why: "it does not serve answer", bidders: ["e/1", "e/2", "e/3"] },
    { why: "it takes part only in requests that name it", bidders: ["f/named"] },
  ]);
  const losers = told.losers.map((one) => one.bidder);
  expect(losers).toEqual(expect.arrayContaining(["d/4", "g/dear", "h/small"]));
  expect(losers.filter((id) => /^[ef]/.test(id))).toEqual([]);
  expect(explainDecision({ ...d, round: 2 }).sentences.join(" ")).not.toContain("do not serve");
  expect(JSON.stringify(d)).toBe(before);
});

describe("the worth of an answer is told with where it comes from", () => {
  const sourceOf = (more: Partial<AuctionRequest>, usdPerMtok: number) => {
    const asked = request(more);
    const some = [bidder("a/1", usdPerMtok), bidder("b/2", 2 * usdPerMtok)];
    const d = decided(decide(emptyMarket(), some, asked, pacing, seededRandom("worth")));
    const sentence = explainDecision(d, asked).sentences.find((one) => one.startsWith("That worth"));
    return { d, sentence, cost: d.bids.find((bid) => bid.bidder === "a/1")?.costNano ?? 0 };
  };

  it("the caller's word, and what the policy made of it", () => {
    expect(sourceOf({ valueNano: 5_000_000 }, 1).sentence).toBe("That worth comes from the caller's valueUsd.");
    expect(sourceOf({ valueNano: 5_000_000, policy: "best" }, 1).sentence).toBe(
      "That worth comes from the caller's valueUsd, x 8 for policy best.",
    );
  });

  it("20 x the expected cost of the strongest, by name", () => {
    const { sentence, cost } = sourceOf({}, 100);
    expect(sentence).toBe(
      `That worth is 20 x the expected cost of a/1, the strongest bidder (${formatUsd(cost)}), as the caller gave no valueUsd.`,
    );
    const looked = sourceOf({ verdict: { trueAccept: 1, trueReject: 1, costNano: 70_000 }, policy: "cheap" }, 100);
    expect(looked.sentence).toBe(
      `That worth is 20 x the expected cost of a/1, the strongest bidder (${formatUsd(looked.cost + 70_000)} with a look at its answer), x 0.2 for policy cheap, as the caller gave no valueUsd.`,
    );
  });

  it("10 x the wait for the fastest, where costs are small beside it", () => {
    expect(sourceOf({}, 0.0001).sentence).toMatch(
      /^That worth is 10 x what waiting for \S+, the fastest bidder, comes to \(\d+ ms at \$0\.000100 a second\), as the caller gave no valueUsd\.$/,
    );
  });

  it("nothing where the decision does not tell, or nobody knows what was asked", () => {
    const { d } = sourceOf({}, 100);
    const told = explainDecision({ ...d, valueNano: 123_456 }, { valueNano: null, policy: "balanced" });
    expect(told.sentences.join(" ")).not.toContain("That worth");
    expect(explainDecision(d).sentences.join(" ")).not.toContain("That worth");
  });
});
