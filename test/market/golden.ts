import { drawBeta } from "../../src/market/draw.ts";
import { logarithm, logistic } from "../../src/market/elementary.ts";
import { type Decision, decide, emptyMarket, learn, replay, seededRandom } from "../../src/market/market.ts";
import { normalCdf, normalQuantile } from "../../src/market/normal.ts";
import { bidder, decided, pacing, report, request, settlement, startMs } from "./setting.ts";

/** What the sampler's arithmetic must come to on every engine, to the last digit. */
export const goldenNumbers = [
  "0.2973891806427877",
  "0.000021140979432306032",
  "0.8270597306714313",
  "0.574442516811659",
  "1.945910149055313",
] as const;

export function sampledNumbers(): string[] {
  const random = seededRandom("golden");
  const drawn = [
    drawBeta(2, 3, random),
    drawBeta(0.5, 0.5, random),
    drawBeta(200, 50, random),
    logistic(0.3),
    logarithm(7),
  ];
  return drawn.map(String);
}

export interface EngineTrace {
  /** Decisions as JSON, as an event stores them. */
  decisions: string[];
  /** What was learned from them, as JSON. */
  state: string;
  /** The normal distribution function and its inverse over a grid. */
  normal: string[];
}

/** Forty decisions of every strategy with what they taught: the same text on every engine. */
export function engineTrace(): EngineTrace {
  const bidders = [bidder("a/small", 0.1), bidder("b/middle", 1), bidder("b/other", 2), bidder("c/large", 10)];
  const state = emptyMarket();
  const random = seededRandom("engine");
  const strategies = ["auto", "single", "race", "best-of", "agreement"] as const;
  const decisions: string[] = [];
  for (let n = 0; n < 40; n++) {
    const strategy = strategies[n % 5] ?? "auto";
    const features = { inputChars: 30 * 2 ** (n % 9), script: n % 2 === 0 ? "latin" : "han" };
    const nowMs = startMs + n * 3_600_000;
    const asked = request({ strategy, features, nowMs, deadlineMs: n % 3 === 0 ? 5000 : null });
    const decision = decided(decide(state, bidders, asked, pacing, random));
    decisions.push(JSON.stringify(decision));
    const attempts = decision.award.map((place, i) =>
      report(decision, place.bidder, random() < 0.7 ? 1 : 0, { role: place.role, totalMs: 300 + 97 * ((n + i) % 11) }),
    );
    learn(state, settlement(attempts, n, { features, atMs: nowMs }), bidders);
  }
  const grid = Array.from({ length: 99 }, (_, i) => (i + 1) / 100);
  return {
    decisions,
    state: JSON.stringify(state),
    normal: grid.map((p) => `${normalQuantile(p)} ${normalCdf(8 * p - 4)}`),
  };
}

/** Whether a stored decision gives its award and scores again. */
export function repeats(stored: string): boolean {
  const decision = JSON.parse(stored) as Decision;
  const again = replay(decision);
  const scores = decision.bids.map((bid) => bid.score);
  return JSON.stringify(again) === JSON.stringify({ award: decision.award, scores });
}
