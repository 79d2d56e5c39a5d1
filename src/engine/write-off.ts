import { attemptOf, microtaskOf } from "../job/evolve.ts";
import { surestPrediction } from "../judge/worth-killing.ts";
import { raceView } from "./race-view.ts";
import type { Run } from "./run.ts";

/**
 * An attempt that is about to be cut on a prediction, not on a broken criterion: what was foretold, how often that is
 * wrong, and the money on both sides are written down before it is cut.
 */
export function writeOff(run: Run, microtaskId: string, attemptId: string): void {
  const microtask = microtaskOf(run.job, microtaskId);
  if (microtask === undefined || attemptOf(run.job, attemptId)?.prefixVerdict?.result === "reject") return;
  const view = raceView(run.job, microtask, run.live, run.ports);
  const racer = view.racers.find((one) => one.attempt === attemptId);
  const outlook = view.outlook?.[racer?.place ?? -1];
  const prediction = racer?.prefixVerdict == null ? null : surestPrediction(racer.prefixVerdict);
  if (racer === undefined || outlook === undefined || prediction === null || racer.status !== "running") return;
  const remainingTokens = Math.max(1, outlook.outputTokens - racer.tokens);
  run.record({
    type: "attempt-written-off",
    microtask: microtaskId,
    attempt: attemptId,
    criterion: prediction.criterion,
    evidence: prediction.evidence,
    pFalse: prediction.pFalse,
    valueNano: view.valueNano ?? 0,
    remainingNano: Math.round(remainingTokens * outlook.nanoPerToken),
  });
}
