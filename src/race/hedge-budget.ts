/**
 * How many hedges are still allowed; plain JSON. Each call earns `share` of a hedge, each hedge spends one, and at most
 * `burst` are saved up, so that hedges stay below `share` of calls + `burst` over any stretch of time (Dean & Barroso,
 * "The Tail at Scale", 2013: hedge after p95, about 5 % more load; gRPC's retry throttle has the same shape).
 */
export interface HedgeBudget {
  credit: number;
  /** Exponentially weighted over a minute: calls, and calls that failed or were late for their first token. */
  calls: number;
  troubled: number;
  atMs: number;
  /** In a fleet-wide brown-out more load makes it worse. */
  brownOut: boolean;
}

export const hedgeShare = 0.05;
const burst = 40;
const windowMs = 60_000;
/** Late calls are 5 % by the meaning of p95, failed ones 2 % on recorded endpoints: a fifth is no bidder's own fault. */
const brownOutAbove = 0.25;
const recoveredBelow = 0.12;
const fewestCalls = 20;

export const newHedgeBudget = (nowMs: number): HedgeBudget => ({
  credit: 1,
  calls: 0,
  troubled: 0,
  atMs: nowMs,
  brownOut: false,
});

/** A primary call started. Mutates. */
export function callStarted(budget: HedgeBudget, nowMs: number): void {
  decay(budget, nowMs);
  budget.credit = Math.min(burst, budget.credit + hedgeShare);
  budget.calls++;
}

/** A call failed at its provider, or its first token was later than its bid's p95. At most once a call. Mutates. */
export function callTroubled(budget: HedgeBudget, nowMs: number): void {
  decay(budget, nowMs);
  budget.troubled++;
}

/** May a hedge start now? */
export function mayHedge(budget: HedgeBudget, nowMs: number): boolean {
  decay(budget, nowMs);
  const share = budget.calls < 1 ? 0 : budget.troubled / budget.calls;
  if (budget.calls >= fewestCalls && share > brownOutAbove) budget.brownOut = true;
  else if (share < recoveredBelow) budget.brownOut = false;
  return !budget.brownOut && budget.credit >= 1;
}

/** A hedge started. Mutates. */
export function hedgeStarted(budget: HedgeBudget): void {
  budget.credit = Math.max(0, budget.credit - 1);
}

function decay(budget: HedgeBudget, nowMs: number): void {
  const ms = nowMs - budget.atMs;
  if (ms <= 0) return;
  const factor = Math.exp(-ms / windowMs);
  budget.calls *= factor;
  budget.troubled *= factor;
  budget.atMs = nowMs;
}
