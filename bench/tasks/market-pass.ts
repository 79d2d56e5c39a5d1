import {
  type AttemptReport,
  agreementOutcomes,
  type Bidder,
  decide,
  emptyMarket,
  learn,
  type Outcome,
  reliabilityOf,
  type Strategy,
  seededRandom,
} from "../../src/market/market.ts";
import type { Item, TaskSet } from "./answers.ts";
import { quantile } from "./answers.ts";

/** What the market is told after each answer: the label, or nothing but what other bidders said. */
export type Teaching = "label feedback" | "agreement only";

export interface PassFigures {
  /** In the second half of the pass. */
  accuracy: number;
  n: number;
  /** Accuracy of each bidder on the same second half, had it been asked alone. */
  alone: Map<string, number>;
  /** Bidders asked a job, auditors included. */
  calls: number;
  leaders: Map<string, number>;
  p50: number;
  p95: number;
  costNano: number;
}

/** One pass of the production market over the items in a seeded order; it starts knowing nothing. */
export function marketPass(
  set: TaskSet,
  items: readonly Item[],
  bidders: readonly Bidder[],
  teaching: Teaching,
  strategy: Strategy,
  seed: number,
): PassFigures {
  const random = seededRandom(`tasks/${set.name}/${teaching}/${seed}`);
  const order = shuffled(items, seededRandom(`order/${set.name}/${seed}`));
  const state = emptyMarket();
  const half = Math.floor(order.length / 2);
  let [right, n, calls, costNano] = [0, 0, 0, 0];
  const times: number[] = [];
  const leaders = new Map<string, number>();
  for (const [at, item] of order.entries()) {
    const features = { inputChars: item.text.length, script: scriptOf(item.text) };
    const decision = decide(
      state,
      bidders,
      {
        kind: set.kind,
        closed: true,
        features,
        inputTokens: Math.ceil(item.text.length / 4),
        maxOutputTokens: 16,
        valueNano: null,
        budgetNano: null,
        deadlineMs: null,
        policy: "balanced",
        strategy,
        needsStructuredOutput: false,
        allowed: null,
        noRetention: false,
        region: null,
        tried: [],
        unavailable: [],
        // A closed answer in the right form passes: the verdict accepts whatever is wrong as well.
        verdict: { trueAccept: 1, trueReject: 0, costNano: 0 },
        load: {},
        nowMs: at * 1000,
      },
      { lambda: 1, muUsdPerSecond: 0 },
      random,
    );
    if ("code" in decision) throw new Error(decision.message);
    // Nothing in a closed answer can be rejected by its form, so fall-backs never start.
    const ran = decision.award.filter((place) => place.startAfterMs === 0);
    const answers = ran.map(({ bidder }) => {
      const measured = bidders.find((one) => one.id === bidder)?.measuredConfidence === true;
      return { bidder, measured, ...answerOf(item, bidder) };
    });
    const label = strategy === "agreement" ? agreed(answers.map((answer) => answer.label)) : answers[0]?.label;
    const byOthers = agreementOutcomes(answers, state, set.kind, features);
    const reports = answers.map((answer, index): AttemptReport => {
      const { bidder } = answer;
      const bid = decision.bids.find((one) => one.bidder === bidder);
      const told: Outcome = {
        worth: answer.label === item.label ? 1 : 0,
        source: "feedback",
        reliability: reliabilityOf(state, "feedback"),
      };
      return {
        attempt: `${seed}/${at}/${index}`,
        bidder,
        role: ran[index]?.role ?? "leader",
        round: 1,
        claimed: { accept: bid?.accept.mean ?? 0.5, costNano: 0, totalMs: bid?.totalMs.p50 ?? 0 },
        confidence: answer.confidence,
        outcome: teaching === "label feedback" ? told : (byOthers[index] ?? null),
        failure: null,
        costNano: 0,
        firstTokenMs: null,
        totalMs: answer.ms,
        censored: false,
        timed: false,
        inputTokens: 0,
        outputTokens: 0,
      };
    });
    // The word of one tenant is capped (market/feedback-cap.ts): labels come from a hundred.
    const tenant = `tenant-${at % 100}`;
    const settlement = { key: `${seed}/${at}`, tenant, kind: set.kind, features, atMs: at * 1000 };
    learn(state, { ...settlement, attempts: reports }, bidders);
    if (at < half) continue;
    n++;
    calls += answers.length;
    costNano += reports.reduce((sum, report) => sum + report.costNano, 0);
    if (label === item.label) right++;
    // They run in sequence, and the answer is there when the last that it waits for has spoken.
    const waitedFor = strategy === "agreement" ? answers : answers.slice(0, 1);
    times.push(waitedFor.reduce((sum, answer) => sum + answer.ms, 0));
    const leader = answers[0]?.bidder ?? "";
    leaders.set(leader, (leaders.get(leader) ?? 0) + 1);
  }
  const judged = order.slice(half);
  const alone = new Map(
    bidders.map(({ id }) => [
      id,
      judged.filter((item) => answerOf(item, id).label === item.label).length / judged.length,
    ]),
  );
  return {
    accuracy: right / n,
    n,
    alone,
    calls: calls / n,
    leaders,
    p50: quantile(times, 0.5),
    p95: quantile(times, 0.95),
    costNano,
  };
}

const answerOf = (item: Item, bidder: string) => item.answers.get(bidder) ?? { label: "", confidence: 0, ms: 0 };

/** The label that most answered; of equals the first, which is the leader's. */
function agreed(labels: readonly string[]): string | undefined {
  const votes = (label: string) => labels.filter((other) => other === label).length;
  return labels.reduce<string | undefined>(
    (best, label) => (best === undefined || votes(label) > votes(best) ? label : best),
    undefined,
  );
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const mixed = [...items];
  for (let last = mixed.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [mixed[last], mixed[other]] = [mixed[other] as T, mixed[last] as T];
  }
  return mixed;
}

/** The script most letters of the first 200 characters are in; the feature a cell is made of. */
function scriptOf(text: string): string {
  const read = text.slice(0, 200);
  let best = "none";
  let most = 0;
  for (const script of ["Latin", "Cyrillic", "Arabic", "Hebrew", "Devanagari", "Hangul", "Hiragana", "Han"]) {
    const count = read.match(new RegExp(`\\p{Script=${script}}`, "gu"))?.length ?? 0;
    if (count > most) [best, most] = [script, count];
  }
  return best;
}
