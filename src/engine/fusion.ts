import { attemptOf, microtaskOf } from "../job/evolve.ts";
import { inputOf } from "../job/input-of.ts";
import { fusionPrompt, withImages } from "../judge/judge-prompt.ts";
import { schemaPrompt } from "../output/schema-prompt.ts";
import { jobImages } from "../plan/job-request.ts";
import { launch } from "./attempts.ts";
import { mergerOf } from "./judge-choice.ts";
import { judgedInputOf } from "./messages.ts";
import type { Run } from "./run.ts";

/**
 * Has a model merge the answers that passed: one outside the contestants where there is one, as for a judge, else the
 * bidder of the first place. What it writes is an attempt like any other and is held to the same contract; when it
 * fails or is rejected, the earliest answer that passed is taken.
 */
export function startFusion(run: Run, microtaskId: string, attempts: string[]): void {
  const microtask = microtaskOf(run.job, microtaskId);
  const first = attemptOf(run.job, attempts[0] ?? "");
  if (microtask === undefined || first === undefined) return;
  const chosen = mergerOf(run.job, run.ports, microtask);
  const { task } = microtask;
  const { schema } = task.contract;
  launch(run, microtask, {
    bidder: "none" in chosen ? first.bidder : chosen.judge.id,
    place: -1,
    role: "fusion",
    about: attempts,
    on: null,
    messages: withImages(
      fusionPrompt(
        task,
        judgedInputOf(run.job, microtask),
        attempts.map((id) => attemptOf(run.job, id)?.text ?? ""),
        schema === undefined ? null : schemaPrompt(schema),
        run.ports.nonce(),
      ),
      jobImages(run.job.request.input),
    ),
    text: inputOf(run.job, microtask.task),
    examples: 0,
    why: `merges ${attempts.join(", ")}; ${"none" in chosen ? "nobody outside the contestants can" : chosen.why}`,
  });
}
