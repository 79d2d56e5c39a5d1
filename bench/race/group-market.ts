import { awardOf } from "../../src/market/award.ts";
import type { AwardInputs, AwardRow } from "../../src/market/award-inputs.ts";
import type { Bid, Place } from "../../src/market/bid.ts";
import type { Bidder } from "../../src/market/bidder.ts";
import { freshBelief } from "../../src/market/co-failure.ts";
import { followerFor, hedgePriceWeight } from "../../src/market/hedge.ts";
import { expectedTimes, learnTimes } from "../../src/market/latency.ts";
import type { FailureReason } from "../../src/market/settlement.ts";
import type { Row, SharedRow } from "../../src/market/state.ts";
import type { Endpoint } from "./fleet.ts";

/** A typical call, tokens: what bids are about, since an award is kept for thousands of races. */
const typical = { input: 1000, output: 200 };
/** Every endpoint is as good as the others: the recordings say nothing of quality. */
const accept = 0.9;

type Times = Pick<SharedRow, "first" | "pace"> & Pick<Row, "total"> & { calls: number; failed: number };

/** A call of the bench. `firstTokenMs` null: it was cut or failed before it spoke. */
interface GroupCall {
  firstTokenMs: number | null;
  ranMs: number;
  output: number;
  failure: FailureReason | null;
  cut: boolean;
}

/** What the market would have learned of a group's endpoints, by its own rules, and the awards it makes by it. */
export class GroupMarket {
  readonly bidders: Bidder[];
  readonly #endpoints: readonly Endpoint[];
  readonly #times: Times[];
  #bids: Bid[] = [];
  #rows: AwardRow[] = [];

  constructor(endpoints: readonly Endpoint[]) {
    this.#endpoints = endpoints;
    this.bidders = endpoints.map(bidderOf);
    this.#times = endpoints.map(() => ({ first: [0, 0, 0], pace: [0, 0], total: [0, 0, 0], calls: 0, failed: 0 }));
    this.bid();
  }

  /** A call ended. */
  heard(endpoint: number, call: GroupCall): void {
    const times = this.#times[endpoint];
    if (times === undefined) return;
    const { failure } = call;
    times.calls++;
    if (failure !== null) times.failed++;
    const { firstTokenMs, ranMs: totalMs, output: outputTokens } = call;
    learnTimes(times, times, { timed: true, firstTokenMs, totalMs, outputTokens, failure, censored: call.cut });
  }

  /** Bids anew by what was learned since. */
  bid(): void {
    const numbers = new Map<string, number>();
    const numberOf = (name: string) => numbers.get(name) ?? numbers.set(name, numbers.size).size - 1;
    this.#rows = [];
    this.#bids = this.#endpoints.map((endpoint, i) => {
      const bidder = this.bidders[i] as Bidder;
      const times = this.#times[i] as Times;
      const { firstTokenMs, totalMs } = expectedTimes(bidder, times, times, typical.output, 0);
      const answers = 1 - (times.failed + 0.5) / (times.calls + 50);
      const [model, provider] = [numberOf(`model ${endpoint.model}`), numberOf(`provider ${endpoint.provider}`)];
      this.#rows.push([accept, 100, accept, answers, 1, model, provider, 0]);
      const costNano = Math.round(1000 * (typical.input * endpoint.usdIn + typical.output * endpoint.usdOut));
      const mean = accept * answers;
      return {
        bidder: endpoint.id,
        accept: { mean, sd: 0 },
        draw: mean,
        costNano,
        firstTokenMs,
        totalMs,
        score: 0,
        reasons: {},
      };
    });
  }

  /** The bid's p95 of the first token, ms. */
  p95Ms(endpoint: number): number {
    return this.#bids[endpoint]?.firstTokenMs.p95 ?? Number.POSITIVE_INFINITY;
  }

  /** The market's award for a job without criteria, with this leader: what an exploring decision stores as `random`. */
  award(leader: number): Place[] {
    const inputs: AwardInputs = {
      rules: 4,
      strategy: "auto",
      closed: false,
      places: 3,
      budgetNano: null,
      deadlineMs: null,
      verdict: { trueAccept: 1, trueReject: 0, costNano: 0 },
      loading: 0,
      belief: freshBelief(),
      fresh: true,
      rows: this.#rows,
      floor: 0,
      trials: this.#rows.map(() => 1 / this.#rows.length),
      random: leader,
      audit: [],
      auditRate: 0,
    };
    // The default worth of an answer: 20 x the strongest's cost, of equals the cheaper.
    const valueNano = 20 * Math.min(...this.#bids.map((bid) => bid.costNano));
    return awardOf(this.#bids, inputs, { valueNano, lambda: 1, muUsdPerSecond: 0 }).award;
  }

  /** The leader and so many racers beside it, chosen as hedges are. */
  parallel(leader: number, count: number): Place[] {
    const chosen = [leader];
    while (chosen.length < count) {
      const next = followerFor(
        this.#bids,
        (i) => [this.#rows[i]?.[5] ?? -1, this.#rows[i]?.[6] ?? -1],
        leader,
        chosen.slice(1),
        hedgePriceWeight,
        () => true,
      );
      if (next === undefined) break;
      chosen.push(next);
    }
    return chosen.map((i, at) => ({
      bidder: this.#endpoints[i]?.id ?? "",
      role: at === 0 ? "leader" : "parallel",
      startAfterMs: 0,
    }));
  }
}

const bidderOf = (endpoint: Endpoint): Bidder => ({
  id: endpoint.id,
  model: endpoint.model,
  provider: endpoint.provider,
  family: endpoint.model,
  serves: "generative",
  price: { inputPerMtok: Math.round(1e9 * endpoint.usdIn), outputPerMtok: Math.round(1e9 * endpoint.usdOut) },
  contextTokens: 100_000,
  maxOutputTokens: 8192,
  structuredOutput: true,
  region: "any",
  noRetention: true,
  concurrency: null,
  cancelStopsBill: true,
  expected: { firstTokenMs: 800, tokensPerSecond: 80 },
  enabled: true,
});
