import type { Kind } from "../plan/kind.ts";
import { type BreaksState, countsOf, quarters } from "./break-record.ts";

/** What a kill on a prediction risks: that the answer would have passed. */
export interface FalseKillRisk {
  /** P(it would have passed), upper end of 95 %. 0 to 1. */
  chance: number;
  /** Answers of the kind, all bidders, that the signal spoke against and whose ends were seen; how many passed. Faded. */
  seen: number;
  wrong: number;
  /** What the signal itself declares, before anything was seen. */
  declared: number;
}

/** Observations that a declared rate weighs as much as. */
const declaredWeight = 8;
/** Standard deviations above the mean at which a risk is read, as for commits (break-record.ts). */
const caution = 1.64;

/** Name of a signal's rows in the break record: an answer "held" when it passed although the signal spoke against it. */
export const signalName = (signal: string): string => `foretold:${signal}`;

/**
 * A Beta posterior in its normal approximation, read `caution` deviations above its mean. The declared rate is taken to
 * be such an upper end already: the prior is the one of `declaredWeight` observations whose upper end it is (the lower
 * bound of Wilson 1927, solved for the mean), so that without observations the chance is what was declared.
 */
export function falseKillRisk(
  breaks: BreaksState | undefined,
  { kind, signal, declared }: { kind: Kind; signal: string; declared: number },
  nowMs: number,
): FalseKillRisk {
  let [passed, failed] = [0, 0];
  for (let quarter = 0; quarter < quarters; quarter++) {
    const { held, broke } = countsOf(breaks, { kind, criteria: signalName(signal), quarter }, "", nowMs);
    passed += held;
    failed += broke;
  }
  const seen = passed + failed;
  const mean = (declaredWeight * priorMean(declared) + passed) / (declaredWeight + seen);
  const upper = mean + caution * Math.sqrt((mean * (1 - mean)) / (declaredWeight + seen + 1));
  const chance = seen === 0 ? declared : Math.min(1, upper);
  return { chance: short(chance), seen: round(seen), wrong: round(passed), declared };
}

function priorMean(upper: number): number {
  const z = caution ** 2 / (declaredWeight + 1);
  const middle = 2 * upper + z;
  return (middle - Math.sqrt(Math.max(0, middle ** 2 - 4 * upper ** 2 * (1 + z)))) / (2 * (1 + z));
}

const round = (x: number): number => Math.round(x * 100) / 100;
const short = (x: number): number => Math.round(x * 1e5) / 1e5;
