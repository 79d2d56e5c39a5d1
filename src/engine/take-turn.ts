import type { Attempt } from "../job/job.ts";
import type { CallEnd, Turn } from "../race/bidder-room.ts";
import { turnLeaseMs } from "../race/bidder-room.ts";
import { ModelFailure } from "../race/model-port.ts";
import type { LiveAttempt } from "./live-attempt.ts";
import type { Run } from "./run.ts";
import { bidderNamed, isEmbedded, isSwitchedOff } from "./scene.ts";

/** A call waits three times what the queue promised, between these, ms; the job's deadline cuts it short. */
const leastPatienceMs = 30_000;
const mostPatienceMs = 600_000;
/** It waits for what its provider allows for so long, and this beyond: a minute's allowance is whole again by then. */
const longestAllowanceMs = 65_000;
const afterAllowanceMs = 5_000;
const firstPollMs = 5;
const longestPollMs = 50;

/** An attempt's place at its bidder, kept until it is left. */
export interface Place {
  waitedMs: number;
  /** Gives it back; the room learns how the call ended. */
  leave(end: CallEnd): void;
}

/**
 * Waits for the attempt's place at its bidder, whose cap holds for all jobs of this process. null: it needs none.
 * Throws ModelFailure: "no-capacity" when none comes free in time, "internal" when the attempt was cut meanwhile.
 * The line is asked again and again, since promises must not cross from one object to another.
 */
export async function takeTurn(run: Run, attempt: Attempt, live: LiveAttempt): Promise<Place | null> {
  const bidder = bidderNamed(run.ports, attempt.bidder);
  if (bidder === undefined || isEmbedded(attempt.bidder)) return null;
  const { fleet } = run.ports;
  const tokens = attempt.inputTokens + attempt.maxOutputTokens;
  const { queueMs } = fleet.look(bidder, tokens);
  const turn = fleet.enter(bidder, run.job.id, tokens);
  if (turn === null) throw new ModelFailure("no-capacity", "too many calls wait for it");
  const patienceMs = patienceOf(run, attempt, queueMs, fleet.waitMs(turn));
  const fromMs = run.ports.nowMs();
  for (let pollMs = firstPollMs; !fleet.admit(turn); pollMs = Math.min(longestPollMs, 2 * pollMs)) {
    const waitedMs = run.ports.nowMs() - fromMs;
    const owedMs = fleet.waitMs(turn);
    if (waitedMs + owedMs > patienceMs || live.abort.signal.aborted) {
      fleet.leave(turn, { how: "unknown" });
      if (live.abort.signal.aborted) throw new ModelFailure("internal", "The call was withdrawn while it waited.");
      const why =
        owedMs > 0
          ? `it takes no calls for another ${Math.ceil(owedMs / 1000)} s`
          : `no place came free in ${Math.round(waitedMs / 1000)} s`;
      throw new ModelFailure("no-capacity", why);
    }
    await pause(run, Math.max(pollMs, Math.min(owedMs, 1_000)), live);
    // It may wait for minutes, and others may have nothing to ask meanwhile: it is read anew for this.
    run.ports.marketFresh?.();
    if (!isSwitchedOff(run.ports, bidder.id)) continue;
    fleet.leave(turn, { how: "unknown" });
    throw new ModelFailure("no-capacity", "it was switched off before a place came free");
  }
  const letGo = keep(run, turn, live);
  const leave = (end: CallEnd) => {
    letGo();
    fleet.leave(turn, end);
  };
  return { waitedMs: run.ports.nowMs() - fromMs, leave };
}

/** What the bidder's room is told when a call has ended. */
export function callEnd(failure: ModelFailure | null, live: LiveAttempt): CallEnd {
  if (live.asked !== null) return { how: live.tokens > 0 ? "well" : "unknown" };
  if (failure === null) return { how: "well" };
  return { how: "failed", reason: failure.reason, retryAfterMs: failure.retryAfterMs };
}

/** `allowanceMs`: until its provider takes calls again, as far as is known. */
function patienceOf(run: Run, attempt: Attempt, queueMs: number, allowanceMs: number): number {
  if (attempt.audits !== null) return leastPatienceMs;
  const allowed = allowanceMs <= longestAllowanceMs ? allowanceMs + afterAllowanceMs : 0;
  const patienceMs = Math.min(mostPatienceMs, Math.max(leastPatienceMs, 3 * queueMs, allowed));
  const { deadlineMs } = run.job.request;
  return deadlineMs === null ? patienceMs : Math.min(patienceMs, run.job.acceptedAtMs + deadlineMs - run.ports.nowMs());
}

/**
 * Renews the turn until it is let go or its call is cut: a process that dies loses it within the lease. A timer left
 * behind would keep the job's object awake, and paid for, after its end.
 */
function keep(run: Run, turn: Turn, live: LiveAttempt): () => void {
  let stop = run.ports.after(turnLeaseMs / 3, renew);
  function renew() {
    if (live.abort.signal.aborted) return;
    run.ports.fleet.renew(turn);
    stop = run.ports.after(turnLeaseMs / 3, renew);
  }
  return () => stop();
}

function pause(run: Run, ms: number, live: LiveAttempt): Promise<void> {
  const { signal } = live.abort;
  return new Promise((resolve) => {
    const stop = run.ports.after(ms, done);
    function done() {
      stop();
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done, { once: true });
  });
}
