import type { Place } from "../market/bid.ts";

/**
 * An award with the due times of its hedges as they are learned: the first by the waits of leader and hedge (`dueMs`,
 * given the award's own time, ms), a second as long after it as the award has it.
 */
export function timedLineUp(
  lineUp: readonly Place[],
  dueMs: (leader: string, hedge: string, awardedMs: number) => number,
): Place[] {
  const first = lineUp.find((place) => place.role === "hedge");
  const awardedMs = first?.startAfterMs ?? null;
  if (first === undefined || awardedMs === null) return lineUp.slice();
  const moved = dueMs(lineUp[0]?.bidder ?? "", first.bidder, awardedMs) - awardedMs;
  return lineUp.map((place) =>
    place.role === "hedge" && place.startAfterMs !== null
      ? { ...place, startAfterMs: Math.max(0, place.startAfterMs + moved) }
      : place,
  );
}
