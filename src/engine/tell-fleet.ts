import { microtaskOf } from "../job/evolve.ts";
import type { Attempt } from "../job/job.ts";
import type { ModelFailure } from "../race/model-port.ts";
import type { LiveAttempt } from "./live-attempt.ts";
import type { Run } from "./run.ts";
import { isEmbedded } from "./scene.ts";

/** Every call tells how long its first token is waited for; it is troubled at most once: late, or failed. */
export function heardFirst(run: Run, attempt: Attempt, live: LiveAttempt): void {
  if (attempt.role === "judge" || isEmbedded(attempt.bidder) || live.calledAtMs === null) return;
  const waitedMs = run.ports.nowMs() - live.calledAtMs;
  run.ports.fleet.waited(attempt.bidder, waitedMs, false, hedgeDueMs(run, attempt));
  if (attempt.role === "leader" && waitedMs > patience(run, attempt)) run.ports.fleet.troubled();
}

/** An attempt has ended. `failure` null: well, or it was cut. */
export function tellFleet(run: Run, attempt: Attempt, live: LiveAttempt, failure: ModelFailure | null): void {
  if (attempt.role === "judge" || attempt.role === "audit" || isEmbedded(attempt.bidder) || live.calledAtMs === null)
    return;
  const waitedMs = run.ports.nowMs() - live.calledAtMs;
  const silent = live.firstTokenAtMs === null;
  if (silent && (failure !== null || live.asked !== null))
    run.ports.fleet.waited(attempt.bidder, waitedMs, true, hedgeDueMs(run, attempt));
  const late = silent && waitedMs > patience(run, attempt);
  const wasLate =
    attempt.role === "leader" && !silent && (live.firstTokenAtMs ?? 0) - live.calledAtMs > patience(run, attempt);
  if (late || (failure !== null && live.asked === null && !wasLate)) run.ports.fleet.troubled();
}

/** When this leader's hedge was due, ms after its start. null: it is no leader, or has none. */
function hedgeDueMs(run: Run, attempt: Attempt): number | null {
  if (attempt.role !== "leader") return null;
  const award = microtaskOf(run.job, attempt.microtask)?.decisions[attempt.round - 1]?.award;
  const hedge = award?.find((place) => place.role === "hedge");
  if (hedge === undefined || hedge.startAfterMs === null) return null;
  return run.ports.fleet.hedgeAfterMs(attempt.bidder, hedge.bidder, hedge.startAfterMs);
}

/** The bid's p95 of the first token, ms. */
const patience = (run: Run, attempt: Attempt): number => {
  const decision = microtaskOf(run.job, attempt.microtask)?.decisions[attempt.round - 1];
  return decision?.bids.find((bid) => bid.bidder === attempt.bidder)?.firstTokenMs.p95 ?? Number.POSITIVE_INFINITY;
};
