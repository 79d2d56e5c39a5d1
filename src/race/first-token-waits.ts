/**
 * How long one bidder's first token was waited for: waits that ended with it, and waits that were given up before
 * (cut, hedged away, failed), by bins of 6 % on a log scale. Plain JSON. Old waits fade as new ones come.
 */
export interface FirstTokenWaits {
  came: number[];
  left: number[];
  /** Waits that are held, faded; and all there ever were. */
  total: number;
  seen: number;
}

const fromMs = 16;
const perOctave = 12;
const bins = 13 * perOctave;
/** Beyond so many the older half fades: a day's change of a provider shows within as many calls. */
const mostKept = 8_000;

export const newFirstTokenWaits = (): FirstTokenWaits => ({
  came: new Array<number>(bins).fill(0),
  left: new Array<number>(bins).fill(0),
  total: 0,
  seen: 0,
});

const placeOf = (ms: number): number => Math.log2(Math.max(1, ms / fromMs)) * perOctave;
const binOf = (ms: number): number => Math.min(bins - 1, Math.floor(placeOf(ms)));

/** A first token came after `ms`, or had not come by then (`censored`). Mutates. */
export function learnFirstToken(waits: FirstTokenWaits, ms: number, censored: boolean): void {
  const list = censored ? waits.left : waits.came;
  const bin = binOf(ms);
  list[bin] = (list[bin] ?? 0) + 1;
  waits.seen++;
  if (++waits.total <= mostKept) return;
  waits.total = 0;
  for (let at = 0; at < bins; at++) {
    waits.came[at] = (waits.came[at] ?? 0) / 2;
    waits.left[at] = (waits.left[at] ?? 0) / 2;
    waits.total += (waits.came[at] ?? 0) + (waits.left[at] ?? 0);
  }
}

/** P(the first token takes longer than `ms`), 0 to 1. */
export type Survival = (ms: number) => number;

/**
 * The product-limit estimate (Kaplan & Meier 1958): waits that were given up count until then, so that a bidder whose
 * longest waits are always cut does not look quick. Between edges of bins it falls evenly on the log scale.
 */
export function survivalOf(waits: FirstTokenWaits): Survival {
  const edges = new Float64Array(bins + 1);
  let atRisk = waits.total;
  let survives = 1;
  edges[0] = 1;
  for (let at = 0; at < bins; at++) {
    const came = waits.came[at] ?? 0;
    const left = waits.left[at] ?? 0;
    // Those that left within the bin were there for half of it, on average.
    const there = atRisk - left / 2;
    if (there > 0 && came > 0) survives *= Math.max(0, 1 - came / there);
    atRisk -= came + left;
    edges[at + 1] = survives;
  }
  return (ms) => {
    const place = Math.min(bins, placeOf(ms));
    const at = Math.min(bins - 1, Math.floor(place));
    const before = edges[at] ?? 1;
    return before + ((edges[at + 1] ?? 0) - before) * (place - at);
  };
}
