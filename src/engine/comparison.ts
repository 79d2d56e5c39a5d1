import type { Attempt, MicrotaskState } from "../job/job.ts";
import type { JobEvent } from "../job/job-event.ts";
import { combinePairwise, readComparison } from "../judge/judgement.ts";

/** The standing of a best-of: who is best of those compared so far, and whether the judge ever had a say. */
function standing(microtask: MicrotaskState, attempts: string[]): { best: string; seen: Set<string>; said: boolean } {
  let best = attempts[0] ?? "";
  const seen = new Set([best]);
  let said = false;
  for (const one of microtask.comparisons) {
    seen.add(one.first).add(one.second);
    if (one.better !== null) said = true;
    if (one.better === "second" && one.first === best) best = one.second;
  }
  return { best, seen, said };
}

/** The best so far and the next candidate it has not met; null: all have met. */
export function nextPair(microtask: MicrotaskState, attempts: string[]): [string, string] | null {
  const { best, seen } = standing(microtask, attempts);
  const next = attempts.find((id) => !seen.has(id));
  return next === undefined ? null : [best, next];
}

/** For the race: null until every candidate was compared; `best` null: the judge never had a say. */
export function comparisonOf(microtask: MicrotaskState): { attempts: string[]; best: string | null } | null {
  const [start] = microtask.comparisons;
  if (start === undefined) return null;
  const { best, seen, said } = standing(microtask, [start.first]);
  return { attempts: [...seen], best: said ? best : null };
}

/** One of two calls about a pair has ended. When both have, the pair is decided: the same winner in both orders or no say. */
export function comparisonReached(microtask: MicrotaskState, judge: Attempt, text: string): JobEvent[] {
  const [one, two] = judge.about;
  // A call that was lost in a restart has been asked again.
  const other = microtask.attempts.findLast(
    (a) =>
      a.role === "judge" && a.id !== judge.id && a.status !== "orphaned" && a.about[0] === two && a.about[1] === one,
  );
  if (one === undefined || two === undefined || other === undefined || other.status === "running") return [];
  // The call with the pair in award order was asked first.
  const ordered = microtask.attempts.indexOf(judge) < microtask.attempts.indexOf(other);
  const [first, second] = ordered ? [one, two] : [two, one];
  const mine = readComparison(text, ordered ? "ab" : "ba");
  const theirs = readComparison(other.status === "complete" ? other.text : "", ordered ? "ba" : "ab");
  const agreed = combinePairwise(mine, theirs);
  const why =
    agreed === null ? "the judge contradicted itself or could not be read: no say" : "the same in both orders";
  return [
    { type: "candidates-compared", microtask: microtask.task.id, first, second, better: agreed?.better ?? null, why },
  ];
}
