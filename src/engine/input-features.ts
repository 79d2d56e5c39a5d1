import type { Job } from "../job/job.ts";
import type { Features } from "../market/market.ts";
import type { Microtask } from "../plan/microtask.ts";
import { scriptOf } from "../plan/script.ts";
import { useName } from "../plan/use-name.ts";

/**
 * What the market may know of a microtask's input. Its outcomes are learned by what it is a case of (as declared for it
 * or for the job, else the name of its use) and the input's script, "support/latin"; where nothing says so, by the
 * script alone. So is a job without retention: names and hashes outlive the job, and may tell of whom it was.
 */
export function inputFeatures(job: Pick<Job, "request" | "planSource">, task: Microtask, text: string): Features {
  const script = scriptOf(text);
  const { request, planSource } = job;
  const ownUse = () => useName(task, request, { planned: planSource === "planner" });
  const name = request.noRetention ? null : (task.context ?? request.context ?? ownUse());
  return { inputChars: text.length, script, ...(name === null ? {} : { context: `${name}/${script}` }) };
}
