import type { Place } from "../../src/market/bid.ts";
import type { Bidder } from "../../src/market/bidder.ts";
import type { Turn } from "../../src/race/bidder-room.ts";
import { Fleet as BidderFleet } from "../../src/race/fleet.ts";
import { timedLineUp } from "../../src/race/timed-line-up.ts";
import { drawAt } from "./draw.ts";
import type { Endpoint, Fleet } from "./fleet.ts";
import { openRace } from "./fold-race.ts";
import { GroupMarket } from "./group-market.ts";
import { type Figures, figuresOf, interval, Tally } from "./tally.ts";
import { runVirtualRace, type VirtualCall } from "./virtual-race.ts";

/** A first token later than this counts as failed, in every arm alike (the engine's time-out). */
const firstTokenTimeoutMs = 30_000;
/** Retries of the single call: the OpenAI SDK's defaults, two with 0.5 s and 1 s in between. */
const retries = 2;
const retryDelayMs = 500;

export const arms = [
  "single with retry",
  "sequential",
  "hedged at own p95",
  "hedged",
  "hedged, whole answer",
  "race of 2",
  "race of 3",
] as const;
export type Arm = (typeof arms)[number];

/** Arms whose hedges are due by what the process has seen, and those of all that wait for one. */
const timed: readonly Arm[] = ["hedged", "hedged, whole answer"];

/** Who leads: as traffic is spread over the group, or the cheapest-fastest as a market would choose. */
export type LeaderRule = "traffic" | "market";

export interface HedgedResult {
  group: string;
  leader: LeaderRule;
  endpoints: number;
  arms: Record<Arm, { first: Figures; total: Figures; extraCalls: number }>;
  /** hedged against single with retry, with 95 % intervals. */
  against: Record<"p999Factor" | "p99Lower" | "costMore", { value: number; low: number; high: number }>;
  /** Where a whole answer must pass before a loser is cut: time to the end of the answer, and cost; null: not run. */
  whole: Record<"p999Factor" | "p99Lower" | "costMore", { value: number; low: number; high: number }> | null;
}

export function hedgedComparison(
  group: string,
  endpoints: Endpoint[],
  fleet: Fleet,
  options: { draws: number; seed: number; leader: LeaderRule; only?: readonly Arm[] },
): HedgedResult {
  const results = {} as HedgedResult["arms"];
  const tallies = new Map<Arm, { first: Tally; total: Tally }>();
  for (const arm of options.only ?? arms) {
    const aside = arm === "sequential" || arm === "hedged at own p95";
    const count = aside ? Math.ceil(options.draws / 4) : options.draws;
    const { first, total, extraCalls } = runArm(arm, endpoints, fleet, { ...options, draws: count });
    tallies.set(arm, { first, total });
    results[arm] = { first: figuresOf(first, null), total: figuresOf(total, null), extraCalls };
  }
  const compare = (arm: Arm, by: "first" | "total") => {
    const single = tallies.get("single with retry")?.[by] ?? new Tally();
    const other = tallies.get(arm)?.[by] ?? new Tally();
    const of = (ratio: (a: Figures, b: Figures) => number) => {
      const [low, high] = interval(single, other, ratio);
      return { value: ratio(figuresOf(single, null), figuresOf(other, null)), low, high };
    };
    return {
      p999Factor: of((a, b) => a.p999 / b.p999),
      p99Lower: of((a, b) => 1 - b.p99 / a.p99),
      costMore: of((a, b) => b.cost / b.success / (a.cost / a.success) - 1),
    };
  };
  return {
    group,
    leader: options.leader,
    endpoints: endpoints.length,
    arms: results,
    against: compare("hedged", "first"),
    whole: tallies.has("hedged, whole answer") ? compare("hedged, whole answer", "total") : null,
  };
}

function runArm(
  arm: Arm,
  endpoints: Endpoint[],
  fleet: Fleet,
  options: { draws: number; seed: number; leader: LeaderRule },
): { first: Tally; total: Tally; extraCalls: number } {
  const { draws, seed } = options;
  const first = new Tally();
  const total = new Tally();
  let clockMs = 0;
  const health = new BidderFleet(() => clockMs);
  const market = new GroupMarket(endpoints);
  const indexOf = new Map(endpoints.map((one, at) => [one.id, at]));
  const periodMs = fleet.pollMs[fleet.polls - 1] ?? 1;
  const traffic = cumulative(endpoints.map((one) => one.traffic));
  const parallel = arm === "race of 2" ? 2 : arm === "race of 3" ? 3 : 1;
  const order = marketOrder(endpoints);
  let awards: Place[][] = [];
  let poll = 0;
  let extra = 0;

  for (let race = 0; race < draws; race++) {
    const share = race / draws;
    const startMs = share * periodMs;
    while (poll + 1 < fleet.polls && (fleet.pollMs[poll + 1] ?? 0) <= startMs) poll++;
    if (race % 2_000 === 0) {
      market.bid();
      awards = endpoints.map((_, at) => (parallel > 1 ? market.parallel(at, parallel) : market.award(at)));
    }
    const u = drawAt(seed, race, 0);
    const leader = options.leader === "traffic" ? pick(traffic, u) : marketPick(order, u, drawAt(seed, race, 1));
    const length = fleet.lengths[Math.floor(drawAt(seed, race, 2) * fleet.lengths.length)] ?? {
      input: 400,
      output: 150,
    };
    const callOf = (endpoint: number, slot: number): VirtualCall =>
      drawCall(endpoints[endpoint], poll, length.output, seed, race, slot);
    let cost = 0;

    if (arm === "single with retry") {
      let waitedMs = 0;
      let done = false;
      for (let turn = 0; turn <= retries && !done; turn++) {
        const call = callOf(leader, 10 + turn);
        if (call.failure !== null) {
          waitedMs += call.firstTokenMs + retryDelayMs * 2 ** turn;
          continue;
        }
        done = true;
        cost = usdOf(endpoints[leader], length.input, length.output);
        first.add(share, waitedMs + call.firstTokenMs, cost);
        total.add(share, waitedMs + call.endMs, cost);
      }
      if (!done) {
        first.add(share, null, 0);
        total.add(share, null, 0);
      }
      continue;
    }

    clockMs = startMs;
    const awarded = awards[leader] ?? [];
    const lineUp = timed.includes(arm)
      ? timedLineUp(awarded, (its, hedge, ms) => health.hedgeAfterMs(its, hedge, ms))
      : arm === "sequential"
        ? awarded.map((one): Place => (one.role === "hedge" ? { ...one, role: "fallback", startAfterMs: null } : one))
        : awarded;
    const dueMs = lineUp.find((one) => one.role === "hedge")?.startAfterMs ?? null;
    const bidderAt = (place: number) => market.bidders[indexOf.get(lineUp[place]?.bidder ?? "") ?? 0] as Bidder;
    const state = openRace({ microtask: "m", lineUp, strategy: "first-pass", closed: false, openedAtMs: startMs });
    const open = lineUp.flatMap((_, place) => (health.look(bidderAt(place), 0).unavailable === null ? [] : [place]));
    // A fleet that is open everywhere is still asked: the last word is the provider's.
    state.unavailable = open.length === lineUp.length ? [] : open;
    state.hedging = health.mayHedge();
    const turns: (Turn | null)[] = [];
    const outcome = runVirtualRace(
      state,
      (place, nowMs, isExtra) => {
        clockMs = nowMs;
        const turn = health.enter(bidderAt(place), "bench", length.input + length.output);
        if (turn !== null) health.admit(turn);
        turns[place] = turn;
        health.called(isExtra);
        const beside = state.racers.some((one) => one.place !== place && one.status === "running");
        if (beside) extra++;
        return callOf(indexOf.get(lineUp[place]?.bidder ?? "") ?? 0, 10 + 5 * place);
      },
      (place, how, call, ranMs, nowMs) => {
        clockMs = nowMs;
        const endpoint = indexOf.get(lineUp[place]?.bidder ?? "") ?? 0;
        const spoke = call.failure === null && ranMs >= call.firstTokenMs;
        const turn = turns[place];
        if (turn) {
          health.renew(turn);
          const failed = call.failure !== null && how === "failed";
          health.leave(
            turn,
            failed
              ? { how: "failed", reason: call.failure ?? "server-error", retryAfterMs: null }
              : { how: spoke ? "well" : "unknown" },
          );
        }
        // What the engine tells the fleet of every call (src/engine/tell-fleet.ts).
        const waitedMs = spoke ? call.firstTokenMs : ranMs;
        health.waited(bidderAt(place).id, waitedMs, !spoke, place === 0 ? dueMs : null);
        const late = (place === 0 || !spoke) && waitedMs > market.p95Ms(endpoint);
        if (how === "failed" || late) health.troubled();
        const streamed = (ranMs - call.firstTokenMs) / Math.max(1, call.endMs - call.firstTokenMs);
        const sent = how === "complete" ? length.output : spoke ? Math.max(1, Math.round(length.output * streamed)) : 0;
        market.heard(endpoint, {
          firstTokenMs: spoke ? call.firstTokenMs : null,
          ranMs,
          output: sent,
          failure: how === "failed" ? call.failure : null,
          cut: how === "cut",
        });
        // A failed call is billed in no arm. Of others the input is, and output until the cut, which all are taken to honour.
        if (how !== "failed") cost += usdOf(endpoints[endpoint], length.input, sent);
      },
      arm === "hedged, whole answer" ? "whole answer" : "first token",
    );
    first.add(share, outcome.accepted ? outcome.firstTokenMs : null, cost);
    total.add(share, outcome.accepted ? outcome.endMs : null, cost);
  }
  return { first, total, extraCalls: extra / draws };
}

/** One call as the recordings have it: it fails with the probability of that poll, at the time it would have spoken. */
function drawCall(
  endpoint: Endpoint | undefined,
  poll: number,
  output: number,
  seed: number,
  race: number,
  slot: number,
): VirtualCall {
  if (endpoint === undefined) return { firstTokenMs: 0, failure: "internal", endMs: 0 };
  const recorded = endpoint.failure[poll] ?? Number.NaN;
  const fails = drawAt(seed, race, 100 + slot) < (Number.isNaN(recorded) ? endpoint.meanFailure : recorded);
  const firstTokenMs = endpoint.firstTokenMs(drawAt(seed, race, 200 + slot));
  if (firstTokenMs > firstTokenTimeoutMs) {
    return { firstTokenMs: firstTokenTimeoutMs, failure: "first-token-timeout", endMs: firstTokenTimeoutMs };
  }
  const speed = endpoint.tokensPerSecond(drawAt(seed, race, 300 + slot));
  return { firstTokenMs, failure: fails ? "server-error" : null, endMs: firstTokenMs + (1000 * output) / speed };
}

const usdOf = (endpoint: Endpoint | undefined, input: number, output: number): number =>
  endpoint === undefined ? 0 : (input * endpoint.usdIn + output * endpoint.usdOut) / 1e6;

/**
 * Price and speed weigh alike: the least product of a typical call's price and its first token. Read from the recorded
 * percentiles, not learned, so that every arm has the same leader for the same request.
 */
function marketOrder(endpoints: Endpoint[]): number[] {
  const score = (one: Endpoint) => usdOf(one, 1000, 200) * one.firstTokenMs(0.5) * one.firstTokenMs(0.95) ** 0.5;
  const scores = endpoints.map(score);
  return endpoints.map((_, at) => at).sort((x, y) => (scores[x] ?? 0) - (scores[y] ?? 0));
}

/** The first of the order, the next two for capacity, anyone in a hundredth of cases. */
function marketPick(order: number[], u: number, explore: number): number {
  const at = explore < 0.01 ? Math.floor(u * order.length) : u < 0.6 ? 0 : u < 0.85 ? 1 : 2;
  return order[at] ?? 0;
}

function cumulative(weights: number[]): number[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  let at = 0;
  return weights.map((weight) => {
    at += weight / sum;
    return at;
  });
}

const pick = (cdf: number[], u: number): number =>
  Math.max(
    0,
    cdf.findIndex((edge) => u <= edge),
  );
