import { attemptOf, isRejected, microtaskOf } from "../job/evolve.ts";
import type { Attempt, MicrotaskState } from "../job/job.ts";
import type { JobEvent } from "../job/job-event.ts";
import type { Verdict } from "../judge/verdict.ts";
import { type BreakRisk, breakRiskOf, criteriaName, type PrefixReport, quarterOf } from "../market/break-record.ts";
import type { Contract } from "../plan/contract.ts";
import type { LiveAttempt } from "./live-attempt.ts";
import { expectedOutput } from "./outlook.ts";
import type { EnginePorts } from "./ports.ts";
import { prefixVerdict } from "./prefix-verdict.ts";
import type { Run } from "./run.ts";

/**
 * The criteria that more text can still break after this accepted prefix, by type, for they are what contracts have in
 * common. Criteria in words count as "judged", or as "looked" where a judge took the prefix: the whole is judged anew.
 */
export function standingCriteria({ criteria, judged }: Contract, verdict: Verdict): string {
  const types = (verdict.risk ?? []).map((id) => {
    const [group, index] = id.split("/");
    return group === "criteria" ? (criteria[Number(index)]?.type ?? id) : id;
  });
  if (judged.length > 0) types.push(verdict.criteria.some((c) => c.class === "judged") ? "looked" : "judged");
  return criteriaName(types);
}

/** What a commit on this attempt's accepted prefix would bet now; null: it has none. */
export function betOn(
  scene: Pick<EnginePorts, "market" | "nowMs">,
  microtask: MicrotaskState,
  attempt: Attempt,
  verdict: Verdict | null,
  tokens: number,
): BreakRisk | null {
  if (verdict?.on !== "prefix" || verdict.result !== "accept") return null;
  const criteria = standingCriteria(microtask.task.contract, verdict);
  const quarter = quarterOf(tokens, expectedOutput(microtask, attempt));
  const { kind } = microtask.task;
  const { bidder } = attempt;
  const risk = breakRiskOf(scene.market().state.breaks, { kind, criteria, bidder, quarter }, scene.nowMs());
  // Whoever broke the contract of this very task a moment ago is no average writer: no record tells of that.
  const broke = microtask.attempts.some((one) => one !== attempt && one.bidder === bidder && isRejected(one));
  return broke && criteria !== "" ? { ...risk, chance: 1 } : risk;
}

/** Remembers in which quarters of its expected length a running attempt had an accepted prefix. Mutates `live`. */
export function noteStanding(
  microtask: MicrotaskState,
  attempt: Attempt,
  live: LiveAttempt,
  said: Verdict | null,
): void {
  if (said !== null) live.standing = said.result === "accept" ? standingCriteria(microtask.task.contract, said) : null;
  const { standing } = live;
  if (standing == null || standing === "") return;
  const quarter = quarterOf(live.tokens, expectedOutput(microtask, attempt));
  live.stood ??= [];
  if (!live.stood.some((one) => one.quarter >= quarter)) live.stood.push({ quarter, criteria: standing });
}

/** A rival that is first hides the ends of long answers, and those break more: what held beside rivals counts half. */
const contestedWeight = 0.5;

/**
 * What a microtask teaches of commits on prefix, taken and held back: accepted prefixes whose racers were decided as a
 * whole, or were rejected on the way. One that failed, or was cut for any other reason, teaches nothing.
 */
export function prefixReports(m: MicrotaskState): PrefixReport[] {
  return m.attempts.flatMap((a) => {
    const result = a.prefixVerdict?.result === "reject" ? "reject" : a.wholeVerdict?.result;
    if (a.role === "judge" || a.role === "fusion") return [];
    if (result !== "accept" && result !== "reject") return [];
    const held = result === "accept";
    const weight = held && isContested(m, a) ? contestedWeight : 1;
    return a.stood.map(({ quarter, criteria }) => ({ bidder: a.bidder, criteria, quarter, held, weight }));
  });
}

/** Could a rival have ended it unseen? Not once it was committed to, and an audit never cuts anybody. */
function isContested(m: MicrotaskState, attempt: Attempt): boolean {
  if (attempt.bet?.taken) return false;
  const endedAtMs = attempt.endedAtMs ?? Number.POSITIVE_INFINITY;
  return m.attempts.some(
    (a) =>
      a !== attempt &&
      !["judge", "fusion", "audit"].includes(a.role) &&
      a.startedAtMs < endedAtMs &&
      (a.endedAtMs ?? Number.POSITIVE_INFINITY) > attempt.startedAtMs,
  );
}

/** A verdict as its event; an accepted prefix beside rivals says what a commit on it would risk. */
export function verdictReached(
  run: Run,
  attempt: Attempt,
  verdict: Verdict,
  judge: string | null,
  tokens: number,
): JobEvent {
  const microtask = microtaskOf(run.job, attempt.microtask);
  const bet = microtask === undefined ? null : betOn(run.ports, microtask, attempt, verdict, tokens);
  return {
    type: "verdict-reached",
    microtask: attempt.microtask,
    attempt: attempt.id,
    verdict,
    judge,
    ...(bet === null ? {} : { bet }),
  };
}

/** The race commits to an attempt: the log says what it bets. */
export function commitAttempt(run: Run, microtaskId: string, attemptId: string, why: string): void {
  const attempt = attemptOf(run.job, attemptId);
  const microtask = microtaskOf(run.job, microtaskId);
  const live = run.live.get(attemptId);
  const bet =
    attempt === undefined || microtask === undefined
      ? null
      : betOn(run.ports, microtask, attempt, prefixVerdict(attempt, live), live?.tokens ?? 0);
  run.record({
    type: "attempt-committed",
    microtask: microtaskId,
    attempt: attemptId,
    why,
    ...(bet === null ? {} : { bet }),
  });
}
