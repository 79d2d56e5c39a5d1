import { attemptOf, microtaskOf } from "../job/evolve.ts";
import type { Attempt, Job, MicrotaskState } from "../job/job.ts";
import type { JobEvent } from "../job/job-event.ts";
import { judgedResults, readJudgement } from "../judge/judgement.ts";
import { seededRandom } from "../market/market.ts";
import type { JudgeAudit } from "../race/race-event.ts";
import { judgedAs, judgeOf } from "./judge-lessons.ts";
import type { EnginePorts } from "./ports.ts";
import type { Run } from "./run.ts";

/** A model judge's verdict on a whole answer: who was judged, in which call, and what was said. */
export interface Spoken {
  candidate: Attempt;
  look: Attempt;
  said: "accept" | "reject";
}

/** The verdicts of a microtask's judges that decided, in order of the candidates. */
export function spokenIn(m: MicrotaskState): Spoken[] {
  return m.attempts.flatMap((candidate) => {
    const said = candidate.role === "judge" ? null : judgedAs(candidate.wholeVerdict);
    const look = said === null ? null : judgeOf(m, candidate);
    return said === null || look === null ? [] : [{ candidate, look, said }];
  });
}

/**
 * Is this verdict drawn for an audit? One uniform draw by the job's seed and the call, before and whatever was said, so
 * that audits are a random sample of the verdicts: the same after a restart. `share`: probability, 0 to 1.
 */
export const isDrawn = (seed: number, look: string, share: number): boolean =>
  seededRandom(`audit/${seed}/${look}`)() < share;

/**
 * Candidates of an ended job whose judge's verdict is drawn and was not dealt with. Its answer is out by then, so that
 * no audit can delay it; one that a restart interrupted is lost and not held again.
 */
export function auditsDue(job: Job, share: number): { microtask: string; attempt: string }[] {
  if (!(share > 0) || (job.status !== "succeeded" && job.status !== "failed")) return [];
  return job.microtasks.flatMap((m) =>
    spokenIn(m)
      .filter(({ look }) => isDrawn(job.seed, look.id, share))
      .filter(({ look }) => !m.audits.some((a) => a.look === look.id) && !m.attempts.some((a) => a.audits === look.id))
      .map(({ candidate }) => ({ microtask: m.task.id, attempt: candidate.id })),
  );
}

/** An auditor's call ended with text. Nothing for calls that audit nothing. */
export function auditReached(run: Run, call: Attempt, text: string): JobEvent[] {
  const microtask = microtaskOf(run.job, call.microtask);
  const judgement = readJudgement(text, microtask?.task.contract.judged.length ?? 0);
  if (judgement === null) return auditLost(run, call, "the auditor's answer could not be read");
  const found = judgedAs({ on: "whole", result: "undecided", criteria: judgedResults(judgement) });
  return ended(run, call, found, found === null ? "the auditor could not tell" : "");
}

/** An auditor's call failed or was cut. */
export const auditLost = (run: Run, call: Attempt, why: string): JobEvent[] => ended(run, call, null, why);

function ended(run: Run, call: Attempt, found: JudgeAudit["found"], why: string): JobEvent[] {
  const microtask = microtaskOf(run.job, call.microtask);
  const candidate = attemptOf(run.job, call.about[0] ?? "");
  const look = attemptOf(run.job, call.audits ?? "");
  const said = judgedAs(candidate?.wholeVerdict ?? null);
  if (microtask === undefined || candidate === undefined || look === undefined || said === null) return [];
  const agrees = found === said ? "it agrees" : "it contradicts";
  const result = { auditor: call.bidder, call: call.id, found, why: found === null ? why : agrees };
  return [audited(run, microtask, { candidate, look, said }, result)];
}

/** What became of an audit, also of one that was not held. */
export const audited = (
  run: Run,
  microtask: MicrotaskState,
  { candidate, look, said }: Spoken,
  result: Pick<JudgeAudit, "auditor" | "call" | "found" | "why">,
): JobEvent => ({
  type: "judge-audited",
  microtask: microtask.task.id,
  candidate: candidate.id,
  look: look.id,
  judge: look.bidder,
  said,
  share: shareOf(run),
  ...result,
});

/** Share of verdicts that are audited: the operator's; 0 where nothing was said. */
export const shareOf = ({ ports }: { ports: Pick<EnginePorts, "market"> }): number =>
  ports.market().judgeAuditShare ?? 0;
