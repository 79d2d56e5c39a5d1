import { fold } from "../../../src/job/evolve.ts";
import type { LoggedEvent } from "../../../src/job/job-event.ts";
import type { Invariant, ProviderCall } from "../evidence.ts";

/** Every provider call has an earlier attempt row, no row has two calls, and every row has an end. */
export const attemptsAccounted: Invariant = ({ log, calls }) => {
  const breaches: string[] = [];
  const started = new Map<string, number>();
  const perBidder = new Map<string, number>();
  for (const event of log) {
    if (event.type !== "attempt-started") continue;
    if (started.has(event.attempt)) breaches.push(`attempt ${event.attempt} started twice`);
    started.set(event.attempt, event.seq);
    perBidder.set(event.bidder, (perBidder.get(event.bidder) ?? 0) + 1);
  }
  const asked = new Map<string, number>();
  const callsOf = new Map<string, number>();
  for (const call of calls) {
    callsOf.set(call.bidder, (callsOf.get(call.bidder) ?? 0) + 1);
    if (call.attempt === null) continue;
    const row = started.get(call.attempt);
    if (row === undefined) breaches.push(`${call.bidder} was called for ${call.attempt}, which the log does not know`);
    else if (call.logAtStart !== null && row > call.logAtStart)
      breaches.push(`${call.bidder} was called for ${call.attempt} before its row was written`);
    asked.set(call.attempt, (asked.get(call.attempt) ?? 0) + 1);
  }
  for (const [attempt, times] of asked) if (times > 1) breaches.push(`${attempt} was called ${times} times`);
  for (const [bidder, times] of callsOf)
    if (times > (perBidder.get(bidder) ?? 0))
      breaches.push(`${bidder} got ${times} calls for ${perBidder.get(bidder) ?? 0} attempts`);
  breaches.push(...calledBeforeRows(log, calls));
  for (const m of fold(log)?.microtasks ?? [])
    for (const a of m.attempts) if (a.status === "running") breaches.push(`attempt ${a.id} has no end`);
  return breaches;
};

/**
 * Where the wire does not tell which attempt a call is of: a bidder's n-th call must not come before its n-th row. One
 * clock stamps both, and a Worker's stands still between its I/O, so a row's time is never late.
 */
function calledBeforeRows(log: LoggedEvent[], calls: ProviderCall[]): string[] {
  const rows = log.flatMap((e) => (e.type === "attempt-started" ? [{ bidder: e.bidder, atMs: e.atMs }] : []));
  return [...new Set(calls.map((call) => call.bidder))].flatMap((bidder) => {
    const startsMs = rows.filter((row) => row.bidder === bidder).map((row) => row.atMs);
    const callsMs = calls.filter((call) => call.bidder === bidder).map((call) => call.startedAtMs);
    callsMs.sort((a, b) => a - b);
    return callsMs.flatMap((atMs, i) => {
      const known = startsMs.filter((startMs) => startMs <= atMs).length;
      return known > i ? [] : [`${bidder} got call ${i + 1} when the log had ${known} attempts of it`];
    });
  });
}
