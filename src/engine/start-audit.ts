import { microtaskOf } from "../job/evolve.ts";
import { inputOf } from "../job/input-of.ts";
import type { Attempt, MicrotaskState } from "../job/job.ts";
import { wholeText } from "../job/whole-text.ts";
import { chooseAuditor } from "../judge/choose-judge.ts";
import { pointwisePrompt, withImages } from "../judge/judge-prompt.ts";
import { judgementSchema } from "../judge/judgement.ts";
import { type Bidder, qualityAt } from "../market/market.ts";
import { jobImages } from "../plan/job-request.ts";
import { launch } from "./attempts.ts";
import { inputFeatures } from "./input-features.ts";
import { audited, shareOf, spokenIn } from "./judge-audit.ts";
import { contestantsOf, judgeOutputTokens, judgesOf } from "./judge-choice.ts";
import { overCap } from "./judge-money.ts";
import { judgedInputOf } from "./messages.ts";
import type { Run } from "./run.ts";
import { bidderNamed } from "./scene.ts";

/** Has a stronger judge say what it thinks of a candidate, or writes down why nobody is asked. */
export function startAudit(run: Run, microtaskId: string, candidateId: string): void {
  const microtask = microtaskOf(run.job, microtaskId);
  const spoken = microtask === undefined ? undefined : spokenIn(microtask).find((s) => s.candidate.id === candidateId);
  if (microtask === undefined || spoken === undefined) return;
  const { candidate, look } = spoken;
  const skip = (why: string, auditor: string | null) =>
    run.record(audited(run, microtask, spoken, { auditor, call: null, found: null, why }));
  const chosen = auditorFor(run, microtask, look, inputOf(run.job, microtask.task));
  if ("none" in chosen) return skip(chosen.none, null);
  const { auditor, otherFamily } = chosen;
  const { judged } = microtask.task.contract;
  const input = judgedInputOf(run.job, microtask);
  const messages = withImages(
    pointwisePrompt(judged, input, wholeText(candidate), run.ports.nonce(), "whole"),
    jobImages(run.job.request.input),
  );
  const capped = overCap(run, microtask, auditor, messages, 1, true);
  if (capped === "asked") return;
  if (capped !== null) return skip(capped, auditor.id);
  const family = otherFamily ? "" : "; it is of a contestant's family, for there is no other";
  launch(run, microtask, {
    bidder: auditor.id,
    place: -1,
    role: "judge",
    about: [candidate.id],
    on: "whole",
    audits: look.id,
    messages,
    text: "",
    examples: 0,
    schema: judgementSchema("whole"),
    maxOutputTokens: judgeOutputTokens,
    why: `audits what ${look.bidder} said of ${candidate.id}: drawn with probability ${shareOf(run)}${family}`,
  });
}

/** The strongest by the market's measure of those that may judge here, can be asked now, and are no contestants. */
function auditorFor(
  run: Run,
  microtask: MicrotaskState,
  look: Attempt,
  text: string,
): { auditor: Bidder; otherFamily: boolean } | { none: string } {
  const { job, ports } = run;
  const judge = bidderNamed(ports, look.bidder);
  if (judge === undefined) return { none: `${look.bidder} is gone: nothing says who is stronger` };
  const view = ports.market();
  const features = inputFeatures(job, microtask.task, text);
  const quality = qualityAt(view.state, microtask.task.kind, features, ports.nowMs());
  const contestants = contestantsOf(microtask);
  const against = view.bidders.filter((b) => contestants.has(b.id));
  const reachable = judgesOf(job, ports).filter((b) => ports.fleet.look(b, judgeOutputTokens).unavailable === null);
  return (
    chooseAuditor(reachable, against, judge, quality) ?? {
      none: `nobody outside the contestants is stronger than ${judge.id} and can be asked now`,
    }
  );
}
