import { attemptOf, microtaskOf } from "../job/evolve.ts";
import type { Attempt } from "../job/job.ts";
import type { JobEvent } from "../job/job-event.ts";
import { chooseJudge } from "../judge/choose-judge.ts";
import { joinVerdicts } from "../judge/join-verdicts.ts";
import { type Judgement, readJudgement } from "../judge/judgement.ts";
import { pointwisePrompt } from "../judge/pointwise.ts";
import type { CriterionResult } from "../judge/verdict.ts";
import { inputOf, launch } from "./attempts.ts";
import type { Run } from "./run.ts";

/** Share of a job's budget that judging may use, besides the cap on calls. */
export const judgeCapShare = 0.25;

/**
 * Asks a model judge about candidates, each by a call of its own that stands in the log like any attempt. Without a
 * judge that is no contestant, or without money for one, the candidates keep their deterministic verdict and say so.
 */
export function startJudging(run: Run, microtaskId: string, attempts: string[], on: "prefix" | "whole"): void {
  const microtask = microtaskOf(run.job, microtaskId);
  if (microtask === undefined) return;
  const { bidders } = run.ports.market();
  const contestants = microtask.attempts.filter((a) => a.role !== "judge").map((a) => a.bidder);
  const judge = chooseJudge(bidders, contestants, run.job.request.bidders);
  const { judged } = microtask.task.contract;
  for (const id of attempts) {
    const candidate = attemptOf(run.job, id);
    if (candidate === undefined) continue;
    if (judged.length === 0) {
      run.record(...settled(candidate, on, null, "there is nothing for a judge to decide", null));
      continue;
    }
    const text = on === "whole" ? candidate.text : (run.live.get(id)?.text ?? candidate.text);
    if (judge === null) {
      run.record(...settled(candidate, on, null, "no judge outside the contestants is configured", null));
      continue;
    }
    const prompt = pointwisePrompt(microtask.task.contract.judged, inputOf(run, microtask), text, run.ports.nonce());
    launch(run, microtask, {
      bidder: judge.id,
      place: -1,
      role: "judge",
      about: [id],
      on,
      messages: prompt,
      text: "",
      examples: 0,
      schema: null,
      why: `judges ${id} on ${microtask.task.contract.judged.length} criteria in words`,
    });
  }
}

/** A judge's call ended with text: what it says becomes the candidate's verdict. */
export function judgementReached(run: Run, judge: Attempt, text: string): JobEvent[] {
  const microtask = microtaskOf(run.job, judge.microtask);
  const candidate = attemptOf(run.job, judge.about[0] ?? "");
  if (microtask === undefined || candidate === undefined) return [];
  const judgement = readJudgement(text, microtask.task.contract.judged.length);
  return settled(candidate, judge.on ?? "whole", judgement, "the judge's answer could not be read", judge.bidder);
}

/** A judge's call failed or was cut: it has no say. */
export function judgementLost(run: Run, judge: Attempt, why: string): JobEvent[] {
  const candidate = attemptOf(run.job, judge.about[0] ?? "");
  return candidate === undefined ? [] : settled(candidate, judge.on ?? "whole", null, why, judge.bidder);
}

/** The candidate's verdict with what the judge said, or why it has no say: then the deterministic part decides. */
function settled(
  candidate: Attempt,
  on: "prefix" | "whole",
  judgement: Judgement | null,
  lost: string,
  judge: string | null,
): JobEvent[] {
  const before = on === "whole" ? candidate.wholeVerdict : candidate.prefixVerdict;
  const criteria = before?.criteria ?? [];
  const judged: CriterionResult[] = judgement?.results ?? [
    { criterion: "judged", class: "judged", result: "undecided", evidence: lost },
  ];
  const verdict = joinVerdicts({ on, result: "accept", criteria }, judged);
  return [{ type: "verdict-reached", microtask: candidate.microtask, attempt: candidate.id, verdict, judge }];
}
