import { exponential, within } from "./elementary.ts";

/** What one USD of cost and one second of waiting weigh where nothing else was said. */
export const plainPacing = { lambda: 1, muUsdPerSecond: 0.0001 };

/** Step of the multiplier, and the bounds it is held in. */
const step = 0.07;
const least = 1e-4;
const most = 1e4;

/**
 * One multiplicative primal-dual step (Balseiro, Lu and Mirrokni, Operations Research 2023): the multiplier grows when
 * more was spent than allowed in this step and shrinks when less. `allowedNano` > 0; same for milliseconds of latency.
 * `gain` (0 to 1): part of the usual step, where what is done comes to be felt late.
 */
export function pacingStep(multiplier: number, spentNano: number, allowedNano: number, gain = 1): number {
  if (!(allowedNano > 0)) return most;
  // Bills are heavy-tailed: a tight bound here would make every spree look cheaper than it was.
  const over = within((spentNano - allowedNano) / allowedNano, -1, 20);
  return within(multiplier * exponential(step * gain * over), least, most);
}

/** Latency's multiplier in USD per second: the same step on time against its objective. */
export const latencyStep = (muUsdPerSecond: number, tookMs: number, objectiveMs: number, gain = 1): number =>
  pacingStep(muUsdPerSecond, tookMs, objectiveMs, gain);
