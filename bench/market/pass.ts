import {
  type AttemptReport,
  answeredClaim,
  decide,
  emptyMarket,
  forecastAfter,
  learn,
  type MarketState,
  type Random,
  seededRandom,
  settlementsOf,
} from "../../src/market/market.ts";
import type { RecordedRow, RecordedSet } from "./recorded.ts";

export interface Judge {
  trueAccept: number;
  trueReject: number;
  costNano: number;
}

export interface PassOptions {
  lambda: number;
  valueNano: number;
  places: number;
  judge: Judge;
  seed: number;
  /** The declared context of a row; its task where nothing is said. */
  contextOf?: (row: RecordedRow) => string;
}

/** What a pass over rows came to: means a row, and what calibration needs. */
export interface Tally {
  quality: number;
  costNano: number;
  n: number;
  /** First-round claims of every eligible bidder, and the recorded truth. */
  claims: number[];
  truths: number[];
  /** The same for the others after the first outcome was seen. */
  laterClaims: number[];
  laterTruths: number[];
  decisionMs: number[];
}

export const emptyTally = (): Tally => ({
  quality: 0,
  costNano: 0,
  n: 0,
  claims: [],
  truths: [],
  laterClaims: [],
  laterTruths: [],
  decisionMs: [],
});

export function shuffled<T>(list: readonly T[], random: Random): T[] {
  const copy = list.slice();
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const held = copy[i] as T;
    copy[i] = copy[j] as T;
    copy[j] = held;
  }
  return copy;
}

const startMs = 1_750_000_000_000;

/** One online pass over train, then test, with the production code; feedback only from what ran. */
export class Pass {
  readonly set: RecordedSet;
  readonly options: PassOptions;
  readonly state: MarketState = emptyMarket();
  readonly random: Random;
  clockMs = startMs;
  private readonly index: Map<string, number>;

  constructor(set: RecordedSet, options: PassOptions) {
    this.set = set;
    this.options = options;
    this.random = seededRandom(`pass/${set.name}/${options.seed}`);
    this.index = new Map(set.bidders.map((bidder, i) => [bidder.id, i]));
  }

  run(rows: readonly RecordedRow[], detail = false): Tally {
    const tally = emptyTally();
    for (const row of rows) this.serve(row, tally, detail);
    tally.quality /= tally.n;
    tally.costNano /= tally.n;
    return tally;
  }

  /** All models' outcomes on these rows, told as an evaluation that `npm run seed` brings; nothing is served. */
  evaluate(rows: readonly RecordedRow[]): void {
    const { options, set } = this;
    const lines = rows.flatMap((row) =>
      set.bidders.map(({ id }, i) => ({
        input: row.id,
        bidder: id,
        kind: "answer",
        context: options.contextOf?.(row) ?? row.task,
        good: goodOf(row, i, options.seed),
        inputChars: row.chars,
        inputTokens: row.inputTokens[i] ?? 0,
        outputTokens: row.outputTokens[i] ?? 0,
        ...(row.latencyMs[i] ? { totalMs: row.latencyMs[i] } : {}),
      })),
    );
    for (const settlement of settlementsOf(lines, set.bidders, this.clockMs).settlements)
      learn(this.state, settlement, set.bidders);
  }

  /**
   * Serves one row; returns what it cost, nano-USD. `more` replaces parts of the request (a budget, another lambda). A
   * bill above what is left ends where the money does, as a call's output tokens do (src/engine/bound.ts): its answer
   * is cut short, is not judged and says nothing of its bidder.
   */
  serve(
    row: RecordedRow,
    tally: Tally,
    detail: boolean,
    more: { lambda?: number; budgetNano?: number | null } = {},
  ): number {
    const { options, set } = this;
    const { judge } = options;
    this.clockMs += 1000;
    const features = { inputChars: row.chars, script: "any", context: options.contextOf?.(row) ?? row.task };
    const estimatedInputTokens = Math.max(1, Math.round(row.chars / 4));
    const attempts: AttemptReport[] = [];
    const tried: { bidder: string; how: "rejected" }[] = [];
    const first = new Map<string, number>();
    let costNano = 0;
    let delivered = -1;
    for (let round = 0; round < options.places; round++) {
      const began = performance.now();
      const decision = decide(
        this.state,
        set.bidders,
        {
          kind: "answer",
          closed: false,
          features,
          inputTokens: estimatedInputTokens,
          maxOutputTokens: 4096,
          valueNano: options.valueNano,
          budgetNano:
            more.budgetNano === undefined || more.budgetNano === null ? null : Math.max(0, more.budgetNano - costNano),
          deadlineMs: null,
          policy: "balanced",
          strategy: "auto",
          needsStructuredOutput: false,
          allowed: null,
          noRetention: false,
          region: null,
          tried,
          unavailable: [],
          verdict: judge,
          load: {},
          nowMs: this.clockMs,
          maxAttempts: options.places,
        },
        { lambda: more.lambda ?? options.lambda, muUsdPerSecond: 0 },
        this.random,
      );
      if (detail) tally.decisionMs.push(performance.now() - began);
      if ("code" in decision) break;
      const leader = decision.award[0];
      // A market may find that nobody else is worth asking.
      if (!leader) break;
      const i = this.index.get(leader.bidder) ?? 0;
      // Recorded scores may be partial: such an answer is good with that probability, the same for every policy.
      const good = goodOf(row, i, options.seed);
      const passes = this.random() < (good ? judge.trueAccept : 1 - judge.trueReject);
      const left = (more.budgetNano ?? Number.POSITIVE_INFINITY) - costNano;
      const whole = row.costNano[i] ?? 0;
      const cut = whole + judge.costNano > left;
      const accepted = passes && !cut;
      costNano += cut ? left : whole + judge.costNano;
      const bid = decision.bids.find((one) => one.bidder === leader.bidder);
      attempts.push({
        attempt: `${round}`,
        bidder: leader.bidder,
        role: round === 0 ? "leader" : "fallback",
        round: round + 1,
        after: tried.map((one) => one.bidder),
        claimed: {
          accept: bid?.accept.mean ?? 0.5,
          answered: answeredClaim(decision, leader.bidder) ?? 0.5,
          costNano: bid?.costNano ?? 0,
          totalMs: bid?.totalMs.p50 ?? 0,
        },
        outcome: cut ? null : { worth: accepted ? 1 : 0, source: "judge", reliability: judge },
        failure: cut ? "cut-short" : null,
        costNano: Math.min(whole, left),
        firstTokenMs: null,
        totalMs: row.latencyMs[i] ?? 0,
        censored: false,
        timed: row.latencyMs[i] !== null && row.latencyMs[i] !== undefined,
        inputTokens: row.inputTokens[i] ?? 0,
        outputTokens: row.outputTokens[i] ?? 0,
      });
      if (round === 0) {
        for (const one of decision.bids) {
          const j = this.index.get(one.bidder) ?? 0;
          first.set(one.bidder, one.accept.mean);
          if (!detail) continue;
          tally.claims.push(one.accept.mean);
          tally.truths.push(row.score[j] ?? 0);
        }
        if (detail) {
          for (const [id, p] of Object.entries(forecastAfter(decision, leader.bidder, accepted ? 1 : 0))) {
            tally.laterClaims.push(p);
            tally.laterTruths.push(row.score[this.index.get(id) ?? 0] ?? 0);
          }
        }
      }
      if (accepted) {
        delivered = i;
        break;
      }
      if (cut) break;
      tried.push({ bidder: leader.bidder, how: "rejected" });
    }
    if (delivered < 0) {
      // All were rejected: the likeliest of them is delivered.
      let top = Number.NEGATIVE_INFINITY;
      for (const one of tried) {
        const p = first.get(one.bidder) ?? 0;
        if (p > top) {
          top = p;
          delivered = this.index.get(one.bidder) ?? 0;
        }
      }
    }
    tally.n++;
    tally.costNano += costNano;
    if (delivered >= 0 && goodOf(row, delivered, options.seed)) tally.quality++;
    learn(
      this.state,
      { key: row.id, tenant: "bench", kind: "answer", features, estimatedInputTokens, atMs: this.clockMs, attempts },
      set.bidders,
    );
    return costNano;
  }
}

/** Is this answer good, for a seed? Whole scores are; partial ones by a draw that depends on row, model and seed. */
export function goodOf(row: RecordedRow, i: number, seed: number): boolean {
  const score = row.score[i] ?? 0;
  if (score >= 1) return true;
  if (score <= 0) return false;
  let hash = 2166136261 ^ (seed * 16777619) ^ (i * 40503);
  for (let k = 0; k < row.id.length; k++) hash = Math.imul(hash ^ row.id.charCodeAt(k), 16777619);
  hash = Math.imul(hash ^ (hash >>> 15), 2246822507);
  return ((hash ^ (hash >>> 13)) >>> 0) / 4294967296 < score;
}
