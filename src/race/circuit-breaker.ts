import type { FailureReason } from "../market/settlement.ts";

/**
 * What is remembered of one bidder's health; plain JSON. Counts are exponentially weighted: `good` and `bad` over a
 * minute (is it down now?), `trips` over 20 minutes since it last closed (was it down lately?).
 */
export interface Circuit {
  good: number;
  bad: number;
  trips: number;
  atMs: number;
  /** Open until this time, then half-open; null: closed. */
  openUntilMs: number | null;
  /** A probe is under way, its lease ends here; null: none. */
  probeUntilMs: number | null;
  /** Probes that passed in a row since it was half-open. */
  passed: number;
}

export type CircuitView =
  | { state: "closed" }
  | { state: "half-open"; probe: true }
  | { state: "open"; untilMs: number; reason: string };

const healthMs = 60_000;
/**
 * Recorded outages of endpoints last one to two 15-minute polls (median): a trip counts for that long after its end. An
 * outage that lasts is not forgotten while it does, or its probes would never become rare.
 */
const memoryMs = 20 * 60_000;
const tripAfter = 4;
const tripAfterRelapse = 2;
const firstOpenMs = 15_000;
const longestOpenMs = 15 * 60_000;
/** Enough for the longest opening; what is more would only be remembered longer. */
const mostTrips = Math.ceil(Math.log2(longestOpenMs / firstOpenMs));
const probeLeaseMs = 60_000;
const probesToClose = 2;

/** Failures that say something about the endpoint. A 429 is headroom's; refusals and bad requests are the request's. */
const counts: ReadonlySet<FailureReason> = new Set<FailureReason>([
  "connect-timeout",
  "first-token-timeout",
  "stall-timeout",
  "total-timeout",
  "overloaded",
  "server-error",
  "connection-lost",
  "truncated",
  "malformed-stream",
  "error-frame",
  "empty-answer",
  "unauthorized",
]);

export const newCircuit = (nowMs: number): Circuit => ({
  good: 0,
  bad: 0,
  trips: 0,
  atMs: nowMs,
  openUntilMs: null,
  probeUntilMs: null,
  passed: 0,
});

/** May this bidder be asked now? Half-open lets one probe through at a time. */
export function viewCircuit(circuit: Circuit, nowMs: number): CircuitView {
  if (circuit.openUntilMs === null) return { state: "closed" };
  if (nowMs < circuit.openUntilMs) {
    const seconds = Math.ceil((circuit.openUntilMs - nowMs) / 1000);
    return { state: "open", untilMs: circuit.openUntilMs, reason: `failing; tried again in ${seconds} s` };
  }
  if (circuit.probeUntilMs !== null && nowMs < circuit.probeUntilMs) {
    return { state: "open", untilMs: circuit.probeUntilMs, reason: "failing; one call is probing it" };
  }
  return { state: "half-open", probe: true };
}

/** A call starts. In half-open it is the probe. Mutates. */
export function circuitCallStarted(circuit: Circuit, nowMs: number): void {
  if (viewCircuit(circuit, nowMs).state === "half-open") circuit.probeUntilMs = nowMs + probeLeaseMs;
}

/** A call ended; `failure` null: well, or cut after it had sent tokens. Mutates. Opens at 15 s, doubling to 15 min. */
export function circuitCallEnded(circuit: Circuit, failure: FailureReason | null, nowMs: number): void {
  decay(circuit, nowMs);
  if (failure !== null && !counts.has(failure)) {
    circuit.probeUntilMs = null;
    return;
  }
  if (failure === null) {
    circuit.good++;
    if (circuit.openUntilMs === null || nowMs < circuit.openUntilMs) return;
    circuit.probeUntilMs = null;
    circuit.passed++;
    if (circuit.passed >= probesToClose) {
      circuit.openUntilMs = null;
      circuit.bad = 0;
    }
    return;
  }
  circuit.bad++;
  const halfOpen = circuit.openUntilMs !== null && nowMs >= circuit.openUntilMs;
  const closed = circuit.openUntilMs === null;
  const enough = circuit.trips >= 0.5 ? tripAfterRelapse : tripAfter;
  const failing = circuit.bad >= enough - 0.5 && circuit.bad > circuit.good;
  if (failure === "unauthorized" || halfOpen || (closed && failing)) trip(circuit, nowMs);
}

function trip(circuit: Circuit, nowMs: number): void {
  const openMs = Math.min(longestOpenMs, firstOpenMs * 2 ** Math.floor(circuit.trips));
  circuit.trips = Math.min(mostTrips, circuit.trips + 1);
  circuit.openUntilMs = nowMs + openMs;
  circuit.probeUntilMs = null;
  circuit.passed = 0;
}

function decay(circuit: Circuit, nowMs: number): void {
  const ms = Math.max(0, nowMs - circuit.atMs);
  const health = Math.exp(-ms / healthMs);
  circuit.good *= health;
  circuit.bad *= health;
  if (circuit.openUntilMs === null) circuit.trips *= Math.exp(-ms / memoryMs);
  circuit.atMs = Math.max(circuit.atMs, nowMs);
}
