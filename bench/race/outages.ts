import type { Place } from "../../src/market/bid.ts";
import { drawAt } from "./draw.ts";
import type { Fleet } from "./fleet.ts";
import { openRace } from "./fold-race.ts";
import { figuresOf, interval, Tally } from "./tally.ts";
import { runVirtualRace } from "./virtual-race.ts";

export interface OutageResult {
  draws: number;
  lineUps: number;
  /** Success of a leader with one fall-back: the same model elsewhere, or another model elsewhere. */
  sameModel: number;
  diverse: number;
  /** Success of the leader alone. */
  single: number;
  /** Failures of the same model's line-up per failure of the diverse one, with a 95 % interval. */
  fewerFailures: { value: number; low: number; high: number };
  /** Success of diverse line-ups in polls where at least two of three bidders answered 90 % or more. */
  whereTwoAreUp: { success: number; low: number; high: number; share: number };
}

type Line = Fleet["series"][number];
const places = 3;

/**
 * Replays the uptime series of all endpoints at the same moment. Each pair of line-ups shares its leader; the others
 * are the same model elsewhere, or other models elsewhere whose mean failure is as near as possible.
 */
export function outageReplay(fleet: Fleet, draws: number, seed: number): OutageResult {
  const pairs = makePairs(fleet, 400, seed);
  const single = new Tally();
  const same = new Tally();
  const diverse = new Tally();
  const twoUp = new Tally();
  for (let race = 0; race < draws; race++) {
    const share = race / draws;
    const poll = Math.floor(share * fleet.polls);
    let pair = pairs[Math.floor(drawAt(seed, race, 0) * pairs.length)];
    for (
      let turn = 1;
      turn < 20 && pair !== undefined && ![...pair.same, ...pair.diverse].every((one) => read(one, poll));
      turn++
    ) {
      pair = pairs[Math.floor(drawAt(seed, race, turn) * pairs.length)];
    }
    if (pair === undefined || ![...pair.same, ...pair.diverse].every((one) => read(one, poll))) continue;
    single.add(share, succeeds(pair.same.slice(0, 1), poll, seed, race) ? 1 : null, 0);
    same.add(share, succeeds(pair.same.slice(0, 2), poll, seed, race) ? 1 : null, 0);
    diverse.add(share, succeeds(pair.diverse.slice(0, 2), poll, seed, race) ? 1 : null, 0);
    if (pair.diverse.filter((one) => (one.failure[poll] ?? 1) <= 0.1).length < 2) continue;
    twoUp.add(share, succeeds(pair.diverse, poll, seed, race) ? 1 : null, 0);
  }
  const [a, b, c] = [figuresOf(same, null), figuresOf(diverse, null), figuresOf(twoUp, null)];
  const [low, high] = interval(same, diverse, (x, y) => (1 - x.success) / (1 - y.success));
  const [upLow, upHigh] = interval(twoUp, twoUp, (x) => x.success);
  const count = (tally: Tally) => tally.totals.reduce((sum, one) => sum + one, 0);
  return {
    draws: count(same),
    lineUps: pairs.length,
    single: figuresOf(single, null).success,
    sameModel: a.success,
    diverse: b.success,
    fewerFailures: { value: (1 - a.success) / (1 - b.success), low, high },
    whereTwoAreUp: { success: c.success, low: upLow, high: upHigh, share: count(twoUp) / count(same) },
  };
}

const read = (line: Line, poll: number): boolean => !Number.isNaN(line.failure[poll] ?? Number.NaN);

function makePairs(fleet: Fleet, count: number, seed: number): { same: Line[]; diverse: Line[] }[] {
  const read = fleet.series.filter(
    (line) => line.failure.reduce((sum, one) => sum + (Number.isNaN(one) ? 0 : 1), 0) > fleet.polls / 2,
  );
  const byModel = new Map<string, Line[]>();
  for (const line of read) byModel.set(line.model, [...(byModel.get(line.model) ?? []), line]);
  const models = [...byModel.values()].filter((lines) => new Set(lines.map((one) => one.provider)).size >= places);
  const pairs: { same: Line[]; diverse: Line[] }[] = [];
  for (let turn = 0; pairs.length < count && turn < 50 * count; turn++) {
    const lines = models[Math.floor(drawAt(seed, turn, 50) * models.length)] ?? [];
    const shuffled = [...lines].sort((a, b) => key(a, turn, seed) - key(b, turn, seed));
    const same = distinct(shuffled, (one) => one.provider).slice(0, places);
    const [leader] = same;
    if (leader === undefined || same.length < places) continue;
    const diverse = [leader];
    for (const member of same.slice(1)) {
      const near = read
        .filter((one) => diverse.every((taken) => taken.model !== one.model && taken.provider !== one.provider))
        .sort((a, b) => Math.abs(a.meanFailure - member.meanFailure) - Math.abs(b.meanFailure - member.meanFailure))
        .slice(0, 6);
      const pick = near[Math.floor(drawAt(seed, turn, 60 + diverse.length) * near.length)];
      if (pick !== undefined) diverse.push(pick);
    }
    if (diverse.length === places) pairs.push({ same, diverse });
  }
  return pairs;
}

const key = (line: Line, turn: number, seed: number): number => {
  let hash = 0;
  for (let at = 0; at < line.id.length; at++) hash = (Math.imul(hash, 31) + line.id.charCodeAt(at)) | 0;
  return drawAt(seed, turn, hash & 0xffff);
};

function distinct<T>(all: T[], of: (one: T) => string): T[] {
  const seen = new Set<string>();
  return all.filter((one) => !seen.has(of(one)) && seen.add(of(one)) !== undefined);
}

function succeeds(lineUp: Line[], poll: number, seed: number, race: number): boolean {
  const award = lineUp.map(
    (one, place): Place =>
      place === 0
        ? { bidder: one.id, role: "leader", startAfterMs: 0 }
        : { bidder: one.id, role: "fallback", startAfterMs: null },
  );
  const state = openRace({ microtask: "m", lineUp: award, strategy: "first-pass", closed: false, openedAtMs: 0 });
  const outcome = runVirtualRace(
    state,
    (place) => {
      const fails = drawAt(seed, race, 100 + place) < (lineUp[place]?.failure[poll] ?? 1);
      return { firstTokenMs: 500, failure: fails ? "server-error" : null, endMs: 2_000 };
    },
    () => {},
  );
  return outcome.accepted;
}
