import { type Bidder, decide, emptyMarket, learn, type MarketState, seededRandom } from "../../src/market/market.ts";
import { quantile } from "./figures.ts";

export interface DecisionTime {
  bidders: number;
  pastJobs: number;
  p50Ms: number;
  p99Ms: number;
  eventBytes: number;
  kindBytes: number;
  sharedBytes: number;
}

const startMs = 1_750_000_000_000;

function bidderOf(i: number): Bidder {
  return {
    id: `provider-${i % 9}/some-model-of-usual-length-${i}`,
    model: `model-${i}`,
    provider: `provider-${i % 9}`,
    family: `family-${i % 7}`,
    serves: "generative",
    price: { inputPerMtok: 1e8 * (1 + i), outputPerMtok: 4e8 * (1 + i) },
    contextTokens: 100_000,
    maxOutputTokens: 4096,
    structuredOutput: true,
    region: "any",
    noRetention: true,
    concurrency: null,
    cancelStopsBill: true,
    expected: { firstTokenMs: 300, tokensPerSecond: 80 },
    enabled: true,
  };
}

/** Wall-clock time of one decision (a loaded machine shows in p99; process.cpuUsage alone takes 30 us a call) by number of bidders and of past jobs; sizes of what is stored. */
export function decisionTimes(): DecisionTime[] {
  return [
    [12, 2000],
    [24, 2000],
    [48, 200],
    [48, 2000],
    [48, 8000],
  ].map(([bidders = 0, jobs = 0]) => timeOf(bidders, jobs));
}

function timeOf(count: number, pastJobs: number): DecisionTime {
  const bidders = Array.from({ length: count }, (_, i) => bidderOf(i));
  const state = emptyMarket();
  const random = seededRandom(`time/${count}`);
  const ask = (n: number, market: MarketState) =>
    decide(
      market,
      bidders,
      {
        kind: "answer",
        closed: false,
        features: { inputChars: 20 * 10 ** (n % 4), script: `script-${n % 14}` },
        inputTokens: 200,
        maxOutputTokens: 800,
        valueNano: null,
        budgetNano: null,
        deadlineMs: null,
        policy: "balanced",
        strategy: "auto",
        needsStructuredOutput: false,
        allowed: null,
        noRetention: false,
        region: null,
        tried: [],
        unavailable: [],
        verdict: { trueAccept: 0.95, trueReject: 0.9, costNano: 50_000 },
        load: {},
        nowMs: startMs + n * 1000,
      },
      { lambda: 1, muUsdPerSecond: 0 },
      random,
    );
  for (let n = 0; n < pastJobs; n++) {
    const attempts = [0, 1].map((k) => {
      const i = Math.floor(random() * count);
      return {
        attempt: `${k}`,
        bidder: bidders[i]?.id ?? "",
        role: k === 0 ? "leader" : "fallback",
        claimed: { accept: 0.7, costNano: 1000, totalMs: 1000 },
        outcome: {
          worth: random() < 0.5 + i / 100 ? 1 : 0,
          source: "judge" as const,
          reliability: { trueAccept: 0.95, trueReject: 0.9 },
        },
        failure: null,
        costNano: 0,
        firstTokenMs: 200 + 100 * random(),
        totalMs: 900 + 500 * random(),
        censored: false,
        timed: true,
        inputTokens: 210,
        outputTokens: Math.round(100 + 200 * random()),
      };
    });
    const features = { inputChars: 20 * 10 ** (n % 4), script: `script-${n % 14}` };
    learn(state, { key: `${n}`, tenant: "t", kind: "answer", features, atMs: startMs + n * 1000, attempts }, bidders);
  }
  const times: number[] = [];
  let event = 0;
  for (let n = 0; n < 6000; n++) {
    const began = performance.now();
    const decision = ask(pastJobs + n, state);
    const took = performance.now() - began;
    if (n >= 2000) times.push(took);
    if (n % 500 === 0) event = Math.max(event, JSON.stringify(decision).length);
  }
  return {
    bidders: count,
    pastJobs,
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    eventBytes: event,
    kindBytes: JSON.stringify(state.kinds.answer).length,
    sharedBytes: JSON.stringify(state.shared).length,
  };
}
