import type { Attempt, MicrotaskState } from "../job/job.ts";
import type { CriterionResult, Verdict } from "../judge/verdict.ts";
import { type PrefixReport, quarterOf } from "../market/break-record.ts";
import { type FalseKillRisk, falseKillRisk, signalName } from "../market/false-kill.ts";
import { seededRandom } from "../market/market.ts";
import type { Contract } from "../plan/contract.ts";
import type { Racer } from "../race/race.ts";
import type { LiveAttempt } from "./live-attempt.ts";
import { longestAnswer } from "./longest-answer.ts";
import { expectedOutput } from "./outlook.ts";
import type { EnginePorts } from "./ports.ts";

/** Share of kills on a prediction that are not made, so that the answer's end shows whether they would have been wrong. */
export const spareShare = 0.05;

/** One uniform draw an attempt, by the job's seed: the same after a restart, whatever was foretold. */
export const isSpared = (seed: number, attempt: string): boolean =>
  seededRandom(`spare/${seed}/${attempt}`)() < spareShare;

/** A predictive criterion by its type, for that is what contracts have in common; those built in by their own names. */
export function signalOf({ criteria }: Contract, id: string): string {
  const [group, index] = id.split("/");
  return group === "criteria" ? (criteria[Number(index)]?.type ?? id) : id;
}

export const foretells = (result: CriterionResult): boolean =>
  result.class === "predictive" && result.result === "reject";

/** What a kill for this result of a prefix risks, by what is on record. */
export function riskOfKill(
  scene: Pick<EnginePorts, "market" | "nowMs">,
  { task }: MicrotaskState,
  result: CriterionResult,
): FalseKillRisk {
  const signal = signalOf(task.contract, result.criterion);
  const { breaks } = scene.market().state;
  return falseKillRisk(breaks, { kind: task.kind, signal, declared: result.pFalse ?? 1 }, scene.nowMs());
}

/**
 * What the race is told of a racer that a predictive criterion speaks against: its verdict with the risks on record in
 * place of those that are declared, and the most it can still become. Empty: none does.
 */
export function predictionOf(
  scene: Pick<EnginePorts, "market" | "nowMs">,
  microtask: MicrotaskState,
  { prefixVerdict: verdict, tokens }: Racer,
  live: LiveAttempt | undefined,
): Pick<Racer, "prefixVerdict" | "boundTokens"> | null {
  if (live === undefined || verdict?.on !== "prefix" || !verdict.criteria.some(foretells)) return null;
  const criteria = verdict.criteria.map((one) =>
    foretells(one) ? { ...one, pFalse: riskOfKill(scene, microtask, one).chance } : one,
  );
  const boundTokens = longestAnswer(microtask.task.contract, live.text, tokens);
  return { prefixVerdict: { ...verdict, criteria }, boundTokens };
}

/** Remembers what was foretold of a running attempt, and in which quarter of its expected length first. Mutates `live`. */
export function noteForetold(microtask: MicrotaskState, attempt: Attempt, live: LiveAttempt, said: Verdict): void {
  for (const result of said.criteria) {
    if (!foretells(result)) continue;
    const signal = signalOf(microtask.task.contract, result.criterion);
    live.foretold ??= [];
    if (live.foretold.some((one) => one.signal === signal)) continue;
    live.foretold.push({ signal, quarter: quarterOf(live.tokens, expectedOutput(microtask, attempt)) });
  }
}

/**
 * What a microtask teaches of predictions: attempts that one spoke against and whose ends are known, be it that a kill
 * did not pay or that the attempt was spared. A kill that was made teaches nothing: nobody saw the end.
 */
export function signalReports(m: MicrotaskState): PrefixReport[] {
  return m.attempts.flatMap((a) => {
    const passed = a.foretold.length === 0 || a.role === "judge" ? null : passedAfterAll(a);
    if (passed === null) return [];
    return a.foretold.map(({ signal, quarter }) => ({
      bidder: a.bidder,
      criteria: signalName(signal),
      quarter,
      held: passed,
      weight: 1,
    }));
  });
}

/** Passing where nothing decides is no evidence; running into a cap, or out of time, is that it would never have ended. */
function passedAfterAll({ prefixVerdict, wholeVerdict, failure, finish }: Attempt): boolean | null {
  if (prefixVerdict?.result === "reject" || wholeVerdict?.result === "reject") return false;
  if (failure === "cut-short" || failure === "total-timeout") return false;
  if (wholeVerdict?.result !== "accept") return null;
  if (wholeVerdict.criteria.some((one) => one.result === "accept")) return true;
  return finish === "length" ? false : null;
}
