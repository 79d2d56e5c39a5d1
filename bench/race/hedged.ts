import type { Place } from "../../src/market/bid.ts";
import {
  type Circuit,
  circuitCallEnded,
  circuitCallStarted,
  newCircuit,
  viewCircuit,
} from "../../src/race/circuit-breaker.ts";
import { openRace } from "../../src/race/fold-race.ts";
import { callStarted, callTroubled, hedgeStarted, mayHedge, newHedgeBudget } from "../../src/race/hedge-budget.ts";
import { HedgeTimes } from "../../src/race/hedge-times.ts";
import { drawAt } from "./draw.ts";
import type { Endpoint, Fleet } from "./fleet.ts";
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
  "race of 2",
  "race of 3",
] as const;
export type Arm = (typeof arms)[number];

/** Who leads: as traffic is spread over the group, or the cheapest-fastest as a market would choose. */
export type LeaderRule = "traffic" | "market";

export interface HedgedResult {
  group: string;
  leader: LeaderRule;
  endpoints: number;
  arms: Record<Arm, { first: Figures; total: Figures; extraCalls: number }>;
  /** hedged against single with retry, with 95 % intervals. */
  against: Record<"p999Factor" | "p99Lower" | "costMore", { value: number; low: number; high: number }>;
}

/** What was learned of an endpoint's first token: median and p95, ms, by stochastic approximation. */
interface Learned {
  p50: number;
  p95: number;
  seen: number;
}

export function hedgedComparison(
  group: string,
  endpoints: Endpoint[],
  fleet: Fleet,
  options: { draws: number; seed: number; leader: LeaderRule; only?: readonly Arm[] },
): HedgedResult {
  const results = {} as HedgedResult["arms"];
  const tallies = new Map<Arm, Tally>();
  for (const arm of options.only ?? arms) {
    const aside = arm === "sequential" || arm === "hedged at own p95";
    const count = aside ? Math.ceil(options.draws / 4) : options.draws;
    const { first, total, extraCalls } = runArm(arm, endpoints, fleet, { ...options, draws: count });
    tallies.set(arm, first);
    results[arm] = { first: figuresOf(first, null), total: figuresOf(total, null), extraCalls };
  }
  const single = tallies.get("single with retry") ?? new Tally();
  const hedged = tallies.get("hedged") ?? new Tally();
  const compare = (of: (a: Figures, b: Figures) => number) => {
    const [low, high] = interval(single, hedged, of);
    return { value: of(figuresOf(single, null), figuresOf(hedged, null)), low, high };
  };
  return {
    group,
    leader: options.leader,
    endpoints: endpoints.length,
    arms: results,
    against: {
      p999Factor: compare((a, b) => a.p999 / b.p999),
      p99Lower: compare((a, b) => 1 - b.p99 / a.p99),
      costMore: compare((a, b) => b.cost / b.success / (a.cost / a.success) - 1),
    },
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
  const learned: Learned[] = endpoints.map(() => ({ p50: 800, p95: 3_000, seen: 0 }));
  const circuits: Circuit[] = endpoints.map(() => newCircuit(0));
  const budget = newHedgeBudget(0);
  const times = new HedgeTimes();
  const idOf = (endpoint: number | undefined): string => endpoints[endpoint ?? -1]?.id ?? "";
  const periodMs = fleet.pollMs[fleet.polls - 1] ?? 1;
  const traffic = cumulative(endpoints.map((one) => one.traffic));
  const parallel = arm === "race of 2" ? 2 : arm === "race of 3" ? 3 : 1;
  const order = marketOrder(endpoints);
  let lineUps = endpoints.map((_, leader) => lineUpOf(leader, endpoints, learned, parallel));
  let poll = 0;
  let extra = 0;

  for (let race = 0; race < draws; race++) {
    const share = race / draws;
    const startMs = share * periodMs;
    while (poll + 1 < fleet.polls && (fleet.pollMs[poll + 1] ?? 0) <= startMs) poll++;
    if (race % 2_000 === 0) {
      lineUps = endpoints.map((_, leader) => lineUpOf(leader, endpoints, learned, parallel));
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

    const ranked = lineUps[leader] ?? [leader];
    const ownP95 = learned[leader]?.p95 ?? 3_000;
    const after = arm === "hedged" ? times.dueMs(idOf(leader), idOf(ranked[2]), ownP95) : ownP95;
    const lineUp = ranked.map((endpoint, place): Place => {
      const bidder = endpoints[endpoint]?.id ?? "";
      if (place === 0) return { bidder, role: "leader", startAfterMs: 0 };
      if (place < parallel) return { bidder, role: "parallel", startAfterMs: 0 };
      if (place === 1 || (arm !== "hedged" && arm !== "hedged at own p95"))
        return { bidder, role: "fallback", startAfterMs: null };
      // The second hedge waits for the first as the first for the leader.
      const startAfterMs = place === 2 ? after : after + (learned[ranked[2] ?? 0]?.p95 ?? after);
      return { bidder, role: "hedge", startAfterMs };
    });
    const state = openRace({ microtask: "m", lineUp, strategy: "first-pass", closed: false, openedAtMs: startMs });
    const open = ranked.flatMap((endpoint, place) => {
      const circuit = circuits[endpoint];
      return circuit !== undefined && viewCircuit(circuit, startMs).state === "open" ? [place] : [];
    });
    // A fleet that is open everywhere is still asked: the last word is the provider's.
    state.unavailable = open.length === lineUp.length ? [] : open;
    callStarted(budget, startMs);
    state.hedging = mayHedge(budget, startMs);
    const outcome = runVirtualRace(
      state,
      (place, nowMs) => {
        const endpoint = ranked[place] ?? 0;
        const circuit = circuits[endpoint];
        if (circuit !== undefined) circuitCallStarted(circuit, nowMs);
        if (place >= parallel && state.racers.length > 1 && state.racers[0]?.status === "running") {
          hedgeStarted(budget);
          extra++;
        } else if (place > 0 && place < parallel) extra++;
        return callOf(endpoint, 10 + 5 * place);
      },
      (place, how, call, ranMs, nowMs) => {
        const endpoint = ranked[place] ?? 0;
        const circuit = circuits[endpoint];
        const spoke = call.failure === null && ranMs >= call.firstTokenMs;
        if (circuit !== undefined && (how !== "cut" || spoke)) circuitCallEnded(circuit, call.failure, nowMs);
        if (how === "failed") {
          callTroubled(budget, nowMs);
          return;
        }
        if (arm === "hedged") times.heard(idOf(endpoint), spoke ? call.firstTokenMs : ranMs, !spoke);
        const model = learned[endpoint];
        if (model !== undefined) learnFirstToken(model, spoke ? call.firstTokenMs : ranMs, !spoke);
        // Input is billed once the call was made; output until the cut, which every endpoint is taken to honour.
        const sent = how === "complete" ? length.output : spoke ? 1 : 0;
        cost += usdOf(endpoints[endpoint], length.input, sent);
      },
    );
    if (arm === "hedged") {
      times.leaderWaited(outcome.leaderWaitedMs, !outcome.leaderSpoke, after);
      if (outcome.leaderWaitedMs > 2 * after) callTroubled(budget, startMs);
    }
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

function learnFirstToken(model: Learned, ms: number, censored: boolean): void {
  model.seen++;
  const step = Math.max(0.02, 3 / model.seen);
  if (!censored || ms > model.p50) model.p50 *= Math.exp(ms > model.p50 ? step * 0.5 : -step * 0.5);
  if (!censored || ms > model.p95) model.p95 *= Math.exp(ms > model.p95 ? step * 0.95 : -step * 0.05);
}

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

/**
 * A failure has time to spare and is answered by the thriftier follower, a silence by the faster ones: leader,
 * fall-back, two hedges. A parallel race takes the faster ones.
 */
function lineUpOf(leader: number, endpoints: Endpoint[], learned: Learned[], parallel: number): number[] {
  const fast = followersOf(leader, endpoints, learned, hedgePriceWeight);
  if (parallel > 1) return [leader, ...fast];
  const [thrifty] = followersOf(leader, endpoints, learned, fallbackPriceWeight).filter(
    (at) => at !== fast[0] && at !== fast[1],
  );
  return [leader, ...(thrifty === undefined ? [] : [thrifty]), ...fast.slice(0, 2)];
}

/** Hedges or fall-backs for a leader: other providers, the least product of learned p95 and (a root of) price first. */
function followersOf(leader: number, endpoints: Endpoint[], learned: Learned[], priceWeight: number): number[] {
  const provider = endpoints[leader]?.provider;
  const score = (at: number) => (learned[at]?.p95 ?? 0) * usdOf(endpoints[at], 1000, 200) ** priceWeight;
  return endpoints
    .map((_, at) => at)
    .filter((at) => at !== leader && endpoints[at]?.provider !== provider)
    .sort((a, b) => score(a) - score(b))
    .slice(0, 3);
}
const hedgePriceWeight = 0.35;
const fallbackPriceWeight = 1;

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
