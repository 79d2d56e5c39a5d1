import type { Attempt } from "../job/job.ts";
import { joinVerdicts } from "../judge/join-verdicts.ts";
import type { Verdict } from "../judge/verdict.ts";
import type { LiveAttempt } from "./live-attempt.ts";

/**
 * A verdict of the criteria on a longer prefix, with what the log has of an earlier one: a judge's word on it holds on
 * until the judge is asked again, and where nothing can be judged the first text leads until it loops.
 */
export function withLogged(logged: Verdict | null, now: Verdict): Verdict {
  if (logged === null) return now;
  if (logged.criteria.some((c) => c.criterion === nothingToJudge))
    return now.criteria.some((c) => c.result === "reject") ? now : logged;
  const judged = logged.criteria.filter((c) => c.class === "judged");
  if (judged.length === 0) return now;
  const open = judged.some((c) => c.result === "undecided") && !judged.some((c) => c.result === "reject");
  return open ? now : joinVerdicts(now, judged);
}

/** Stands for the criteria of a contract without any. */
export const nothingToJudge = "none";

/**
 * What the race is told of an attempt's prefix: the criteria as they speak of the text so far, since an accept may be
 * lost and a loop may be found after it was logged. A decision counts only once the log has it.
 */
export function prefixVerdict(attempt: Attempt, now: LiveAttempt | undefined): Verdict | null {
  const logged = attempt.prefixVerdict;
  if (attempt.status !== "running" || now?.judge == null || logged?.result === "reject") return logged;
  const verdict = withLogged(logged, now.judge.prefix());
  return verdict.result === "undecided" || verdict.result === logged?.result
    ? verdict
    : { ...verdict, result: "undecided" };
}

/**
 * Does a change of the criteria belong in the log? A reject does; an accept where somebody can be cut for it, for alone
 * it would be two rows for nothing; and the loss of a logged accept while a commit could still be made on it. Once lost
 * it comes back by a judge's word only: a prefix that goes to and fro is no sure bet, and no reason for a row each time.
 */
export function mattersToLog(
  verdict: Verdict,
  logged: Verdict | null,
  { rivals, committed, lost }: { rivals: boolean; committed: boolean; lost: boolean },
): boolean {
  if (verdict.result === logged?.result) return false;
  if (verdict.result === "reject") return true;
  if (verdict.result === "accept") return rivals && !lost;
  return logged?.result === "accept" && !committed;
}
