import type { PreparedCriterion, Status } from "./criterion.ts";

/** What is known of how long answers of this bidder and kind are: code units, log-normal. */
export interface LengthForecast {
  median: number;
  sdLog: number;
  /** Code units after which the answer is cut off or too long. */
  cap: number;
}

const every = 256;
/** A finish over the cap is foretold from this probability on. */
const sureFrom = 0.9;
/**
 * P(it ends in time after all) is declared no lower: a forecast is made of other jobs' answers, which were held to other
 * caps. At the usual value of an answer that never pays; what is seen of such answers can bring it down.
 */
const leastFalse = 0.1;

/** An answer that will probably not end before the cap. Predictive: pFalse is the chance that it does end in time, at least a tenth. */
export function projectedLengthCriterion(forecast: LengthForecast): PreparedCriterion {
  return {
    id: "cap",
    class: "predictive",
    open: () => {
      let seen = 0;
      let status: Status = "standing";
      let over = 0;
      return {
        push: (chunk) => {
          const before = Math.floor(seen / every);
          seen += chunk.length;
          const now = Math.floor(seen / every);
          if (now === before) return;
          over = probabilityOver(now * every, forecast);
          status = over >= sureFrom ? "reject" : "standing";
        },
        status: () => status,
        evidence: () => `will pass ${forecast.cap} characters with probability ${over.toFixed(3)}`,
        pFalse: () => Math.max(leastFalse, 1 - over),
        finish: () => ({ accept: true, evidence: "told on a prefix only" }),
      };
    },
  };
}

/** P(length > cap | length > seen) of a log-normal length. */
export function probabilityOver(seen: number, { median, sdLog, cap }: LengthForecast): number {
  if (seen >= cap) return 1;
  const z = (length: number): number => Math.log(Math.max(length, 1e-9) / median) / sdLog;
  return Math.min(1, survival(z(cap)) / survival(z(seen)));
}

/** P(Z > z) of the standard normal: Abramowitz and Stegun 26.2.17 (error < 7.5e-8), its tail 26.2.12. */
function survival(z: number): number {
  if (z < 0) return 1 - survival(-z);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z > 4) return Math.max((density / z) * (1 - 1 / z ** 2 + 3 / z ** 4), 1e-300);
  const t = 1 / (1 + 0.2316419 * z);
  return density * t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
}
