import { attemptOf, microtaskOf } from "../job/evolve.ts";
import type { MicrotaskState } from "../job/job.ts";
import { wholeText } from "../job/whole-text.ts";
import { pairwisePrompt, pointwisePrompt, withImages } from "../judge/judge-prompt.ts";
import { comparisonSchema, judgementSchema } from "../judge/judgement.ts";
import type { Bidder } from "../market/bidder.ts";
import { jobImages } from "../plan/job-request.ts";
import type { Message } from "../plan/microtask.ts";
import { launch } from "./attempts.ts";
import { nextPair } from "./comparison.ts";
import { type Chosen, judgeFor, judgeOutputTokens } from "./judge-choice.ts";
import { overCap } from "./judge-money.ts";
import { settled } from "./judgement-end.ts";
import { judgedInputOf } from "./messages.ts";
import type { Run } from "./run.ts";

/**
 * Asks a model judge about candidates; each call stands in the log like any attempt. Without a judge that is no
 * contestant, or without money for one, candidates keep their deterministic verdict, and the log says why.
 */
export function startJudging(run: Run, microtaskId: string, attempts: string[], on: "prefix" | "whole"): void {
  const microtask = microtaskOf(run.job, microtaskId);
  if (microtask === undefined) return;
  const open = attempts.filter((id) => {
    const verdict = attemptOf(run.job, id)?.wholeVerdict;
    return (
      on === "prefix" ||
      verdict === null ||
      (verdict?.result === "undecided" && !verdict.criteria.some((c) => c.class === "judged"))
    );
  });
  const chosen = judgeFor(run.job, run.ports, microtask);
  if (open.length === 0) return comparePair(run, microtask, attempts, chosen);
  for (const id of open) {
    const candidate = attemptOf(run.job, id);
    if (candidate === undefined) continue;
    const { judged } = microtask.task.contract;
    if (judged.length === 0 || "none" in chosen) {
      const why = judged.length === 0 ? "there is nothing for a judge to decide" : "none" in chosen ? chosen.none : "";
      run.record(...settled(run, candidate, on, null, why, null));
      continue;
    }
    const live = run.live.get(id);
    const text = on === "whole" ? wholeText(candidate) : (live?.text ?? candidate.text);
    if (on === "prefix" && live !== undefined) live.judgedAtTokens = live.tokens;
    const prompt = pointwisePrompt(judged, judgedInputOf(run.job, microtask), text, run.ports.nonce(), on);
    const messages = withImages(prompt, jobImages(run.job.request.input));
    ask(run, microtask, chosen, [id], on, messages, `judges ${id}: ${judged.length} criteria in words; ${chosen.why}`);
  }
}

/** Best-of: the judge compares two candidates at a time, in both orders; the better one meets the next. */
function comparePair(run: Run, microtask: MicrotaskState, attempts: string[], chosen: Chosen): void {
  const pair = nextPair(microtask, attempts);
  if (pair === null) return;
  const [a, b] = pair.map((id) => attemptOf(run.job, id));
  if (a === undefined || b === undefined) return;
  const texts = { first: wholeText(a), second: wholeText(b) };
  const { judged } = microtask.task.contract;
  const nonce = run.ports.nonce();
  const input = judgedInputOf(run.job, microtask);
  const images = jobImages(run.job.request.input);
  const promptOf = (order: "ab" | "ba") => withImages(pairwisePrompt(judged, input, texts, order, nonce), images);
  // Both orders or none: one alone has no say.
  const without = "none" in chosen ? chosen.none : overCap(run, microtask, chosen.judge, promptOf("ab"), 2);
  if (without === "asked") return;
  if (without !== null || "none" in chosen)
    return run.record({
      type: "candidates-compared",
      microtask: microtask.task.id,
      first: a.id,
      second: b.id,
      better: null,
      why: without ?? "",
    });
  for (const order of ["ab", "ba"] as const) {
    const messages = promptOf(order);
    const about = order === "ab" ? [a.id, b.id] : [b.id, a.id];
    ask(run, microtask, chosen, about, "whole", messages, `compares ${about.join(" with ")}; ${chosen.why}`);
  }
}

function ask(
  run: Run,
  microtask: MicrotaskState,
  chosen: { judge: Bidder },
  about: string[],
  on: "prefix" | "whole",
  messages: Message[],
  why: string,
): void {
  const capped = about.length === 2 ? null : overCap(run, microtask, chosen.judge, messages, 1);
  if (capped === "asked") return;
  const candidate = attemptOf(run.job, about[0] ?? "");
  if (capped !== null && candidate !== undefined) return run.record(...settled(run, candidate, on, null, capped, null));
  launch(run, microtask, {
    bidder: chosen.judge.id,
    place: -1,
    role: "judge",
    about,
    on,
    messages,
    text: "",
    examples: 0,
    schema: about.length === 2 ? comparisonSchema : judgementSchema(on),
    maxOutputTokens: judgeOutputTokens,
    why,
  });
}
