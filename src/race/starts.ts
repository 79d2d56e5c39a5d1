import type { Racer, RaceState, RaceStep } from "./race.ts";
import { committedRacer, isUnavailable, leaderFell, roleOf, standingOf } from "./standing.ts";
import { contenders } from "./winner.ts";

/** Starts that are due, cancels of audits that make room for them, and when the next hedge is due (ms; null: none). */
export interface Starts {
  steps: RaceStep[];
  nextAtMs: number | null;
}

const nothing: Starts = { steps: [], nextAtMs: null };

/**
 * Opening places at once; a hedge when no first token came in time; the next place the moment too few are left alive.
 * Never starts a place twice, never holds more than `maxOpen` open, starts nothing beside a healthy committed leader.
 */
export function startsDue(state: RaceState, nowMs: number): Starts {
  if (committedRacer(state) !== null) return nothing;
  const { lineUp, racers } = state;
  let open = 0;
  let alive = 0;
  let heard = false;
  let anchorMs: number | null = null;
  let anchorLeads = true;
  for (const racer of racers) {
    const standing = standingOf(racer);
    if (standing === "running") open++;
    if (standing === "fallen" || roleOf(state, racer) === "audit") continue;
    alive++;
    if (standing !== "running" || racer.firstTokenAtMs !== null) heard = true;
    else if (anchorMs === null || racer.startedAtMs < anchorMs) {
      anchorMs = racer.startedAtMs;
      anchorLeads = roleOf(state, racer) === "leader";
    }
  }

  const steps: RaceStep[] = [];
  let nextAtMs: number | null = null;
  const begin = (place: number, why: string, isAudit = false) => {
    steps.push({ step: "start", place, why });
    open++;
    if (!isAudit) alive++;
  };
  const isFree = (place: number) =>
    !isUnavailable(state, place) &&
    !racers.some((racer) => racer.place === place) &&
    !steps.some((one) => one.step === "start" && one.place === place);

  for (let place = 0; place < lineUp.length; place++) {
    const role = lineUp[place]?.role;
    if ((role !== "leader" && role !== "parallel") || open >= state.maxOpen || !isFree(place)) continue;
    begin(place, role === "leader" ? "leads the line-up" : "bought to run in parallel");
  }

  const wanted = wantedAlive(state);
  for (const place of successors(state, nowMs)) {
    if (alive >= wanted) break;
    if (lineUp[place]?.role === "audit" && !leaderFell(state)) continue;
    if (!isFree(place)) continue;
    if (open >= state.maxOpen) {
      const audit = racers.find((racer) => racer.status === "running" && roleOf(state, racer) === "audit");
      const cut = steps.some((one) => one.step === "cancel");
      if (audit === undefined || cut) break;
      steps.push({ step: "cancel", attempt: audit.attempt, why: "lost-race" });
      open--;
    }
    begin(place, whyNext(state));
  }

  for (let place = 0; place < lineUp.length; place++) {
    if (lineUp[place]?.role !== "audit" || open >= state.maxOpen || !isFree(place) || leaderFell(state)) continue;
    begin(place, "audits the leader", true);
  }

  if (!heard && anchorMs !== null && state.hedging !== false && steps.length === 0) {
    // A hedge that failed is owed again at once: the leader is as silent as before.
    const hedges = racers.filter((racer) => roleOf(state, racer) === "hedge");
    if (hedges.length > 0 && hedges.every((racer) => racer.failure !== null) && open < state.maxOpen) {
      const next = successors(state, nowMs).find((place) => lineUp[place]?.role !== "audit" && isFree(place));
      if (next !== undefined)
        steps.push({ step: "start", place: next, why: "the hedge before it failed", extra: true });
    }
    for (let place = 0; place < lineUp.length && open < state.maxOpen && steps.length === 0; place++) {
      const one = lineUp[place];
      if (one?.role !== "hedge" || one.startAfterMs === null || !isFree(place)) continue;
      // Behind a fall-back the wait so far counts, but it, too, gets half of the time to speak.
      const dueAtMs = Math.max(
        anchorMs + one.startAfterMs / (anchorLeads ? 1 : 2),
        state.openedAtMs + one.startAfterMs,
      );
      if (dueAtMs <= nowMs)
        steps.push({
          step: "start",
          place,
          why: `no first token after ${Math.round(one.startAfterMs)} ms`,
          extra: true,
        });
      else if (nextAtMs === null || dueAtMs < nextAtMs) nextAtMs = dueAtMs;
    }
  }
  return { steps, nextAtMs };
}

/**
 * Places in the order they take over from one that fell. After a rejection the award's own order holds, and spare
 * places are passed by: whether another answer is worth its price is the market's to say. A fall-back is thrifty and
 * has time while half of the wait for a hedge is left; after a late failure there is none to lose, and the hedges,
 * chosen for speed, come first.
 */
function successors(state: RaceState, nowMs: number): number[] {
  const places = state.lineUp.map((_, place) => place);
  if (newestFell(state)?.failure === null) return places.filter((place) => state.lineUp[place]?.spare !== true);
  let dueMs = Number.POSITIVE_INFINITY;
  for (const { role, startAfterMs } of state.lineUp)
    if (role === "hedge" && startAfterMs !== null) dueMs = Math.min(dueMs, startAfterMs);
  if (nowMs - state.openedAtMs < dueMs / 2) return places;
  const isHedge = (place: number) => Number(state.lineUp[place]?.role === "hedge");
  return places.sort((a, b) => isHedge(b) - isHedge(a) || a - b);
}

/** One answer is enough; agreement takes two, and a third only when the first two differ. */
function wantedAlive(state: RaceState): number {
  if (state.strategy !== "agreement") return 1;
  return contenders(state).length >= 2 ? 3 : 2;
}

function whyNext(state: RaceState): string {
  const fell = newestFell(state);
  if (fell !== null)
    return fell.failure === null ? `${fell.bidder} was rejected` : `${fell.bidder} failed: ${fell.failure}`;
  return state.strategy === "agreement" ? "another opinion is needed" : "the places before it cannot start";
}

/** The last started of those that failed or were rejected (`failure` null), else of those that were cut. */
function newestFell(state: RaceState): Racer | null {
  const fell = state.racers.filter((racer) => standingOf(racer) === "fallen");
  const told = fell.findLast(
    ({ failure, prefixVerdict, wholeVerdict }) =>
      failure !== null || prefixVerdict?.result === "reject" || wholeVerdict?.result === "reject",
  );
  return told ?? fell.at(-1) ?? null;
}
