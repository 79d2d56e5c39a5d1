import { attemptOf, microtaskOf } from "../job/evolve.ts";
import type { Attempt } from "../job/job.ts";
import type { JobEvent } from "../job/job-event.ts";
import { joinVerdicts } from "../judge/join-verdicts.ts";
import { judgedResults, readJudgement } from "../judge/judgement.ts";
import type { CriterionResult } from "../judge/verdict.ts";
import { comparisonReached } from "./comparison.ts";
import { auditLost, auditReached } from "./judge-audit.ts";
import { noteStanding, verdictReached } from "./prefix-bet.ts";
import type { Run } from "./run.ts";

/** A judge's call ended with text: what it says becomes a verdict or half of a comparison. */
export function judgementReached(run: Run, judge: Attempt, text: string): JobEvent[] {
  const microtask = microtaskOf(run.job, judge.microtask);
  const candidate = attemptOf(run.job, judge.about[0] ?? "");
  if (microtask === undefined || candidate === undefined) return [];
  if (judge.audits !== null) return auditReached(run, judge, text);
  if (judge.about.length === 2) return comparisonReached(microtask, judge, text);
  const judgement = readJudgement(text, microtask.task.contract.judged.length, judge.on ?? "whole");
  const results = judgement === null ? null : judgedResults(judgement);
  return settled(run, candidate, judge.on ?? "whole", results, "the judge's answer could not be read", judge.bidder);
}

/** A judge's call failed or was cut: it has no say. Nothing for attempts that are no judges. */
export function judgementLost(run: Run, judge: Attempt, why: string): JobEvent[] {
  if (judge.role !== "judge") return [];
  const microtask = microtaskOf(run.job, judge.microtask);
  const candidate = attemptOf(run.job, judge.about[0] ?? "");
  if (candidate === undefined || microtask === undefined) return [];
  if (judge.audits !== null) return auditLost(run, judge, why);
  if (judge.about.length === 2) return comparisonReached(microtask, judge, "");
  return settled(run, candidate, judge.on ?? "whole", null, why, judge.bidder);
}

/** The candidate's verdict with what the judge said, or why it has no say: then the deterministic part decides. */
export function settled(
  run: Run,
  candidate: Attempt,
  on: "prefix" | "whole",
  judged: CriterionResult[] | null,
  lost: string,
  judge: string | null,
): JobEvent[] {
  const results: CriterionResult[] = judged ?? [
    { criterion: "judged", class: "judged", result: "undecided", evidence: lost },
  ];
  const { microtask, id: attempt } = candidate;
  if (on === "prefix") {
    // A look that comes too late changes nothing: the whole is judged by itself.
    const live = run.live.get(attempt);
    if (live === undefined || live.asked !== null || candidate.status !== "running") return [];
    const prefix = live.judge?.prefix() ?? { on, result: "undecided", criteria: [] };
    const verdict = joinVerdicts(prefix, results);
    const of = microtaskOf(run.job, microtask);
    if (of !== undefined) noteStanding(of, candidate, live, verdict);
    return [verdictReached(run, candidate, verdict, judge, live.tokens)];
  }
  const criteria = candidate.wholeVerdict?.criteria ?? [];
  const rejected = criteria.some((c) => c.result === "reject");
  const verdict = joinVerdicts({ on, result: rejected ? "reject" : "accept", criteria }, results);
  return [{ type: "verdict-reached", microtask, attempt, verdict, judge }];
}
