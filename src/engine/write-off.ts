import { attemptOf, microtaskOf } from "../job/evolve.ts";
import { surestPrediction } from "../judge/worth-killing.ts";
import { remainingTokens } from "../race/predicted.ts";
import { isSpared, riskOfKill, spareShare } from "./prediction.ts";
import { prefixVerdict } from "./prefix-verdict.ts";
import { raceView } from "./race-view.ts";
import type { Run } from "./run.ts";

/**
 * An attempt that is about to be cut on a prediction, not on a broken criterion: what was foretold, how often that is
 * wrong, and the money on both sides are written down before it is cut. false: it is not to be cut, for it was drawn to
 * show how it ends.
 */
export function writeOff(run: Run, microtaskId: string, attemptId: string): boolean {
  const microtask = microtaskOf(run.job, microtaskId);
  const attempt = attemptOf(run.job, attemptId);
  if (microtask === undefined || attempt === undefined || attempt.prefixVerdict?.result === "reject") return true;
  const view = raceView(run.job, microtask, run.live, run.ports);
  const racer = view.racers.find((one) => one.attempt === attemptId);
  const outlook = view.outlook?.[racer?.place ?? -1];
  const prediction = racer?.prefixVerdict == null ? null : surestPrediction(racer.prefixVerdict);
  if (racer === undefined || outlook === undefined || prediction === null || racer.status !== "running") return true;
  const { criterion, evidence, pFalse } = prediction;
  const declared = prefixVerdict(attempt, run.live.get(attemptId))?.criteria.find((c) => c.criterion === criterion);
  const risk = declared === undefined ? null : riskOfKill(run.ports, microtask, declared);
  if (risk !== null && isSpared(run.job.seed, attemptId)) {
    const spared = { criterion, evidence, risk, share: spareShare };
    run.record({ type: "attempt-spared", microtask: microtaskId, attempt: attemptId, ...spared });
    return false;
  }
  run.record({
    type: "attempt-written-off",
    microtask: microtaskId,
    attempt: attemptId,
    criterion,
    evidence,
    pFalse,
    valueNano: view.valueNano ?? 0,
    remainingNano: Math.round(remainingTokens(racer, outlook.outputTokens) * outlook.nanoPerToken),
    ...(risk === null ? {} : { risk }),
  });
  return true;
}
