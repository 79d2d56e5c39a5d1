import { ineligible } from "../market/eligibility.ts";
import type { NanoUsd } from "../money/nano-usd.ts";
import type { JobRequest } from "../plan/job-request.ts";
import { Fleet } from "../race/fleet.ts";
import { auctionRequest } from "./auction.ts";
import { billedPrompt, boundOf } from "./bound.ts";
import { promptOf } from "./messages.ts";
import { firstTokens } from "./own-cap.ts";
import type { MarketView } from "./ports.ts";
import { plannedJob } from "./preview.ts";

/**
 * What a request's first attempts may cost, whoever wins: one leader for each microtask that waits for no other. What
 * a Worker gives a job of a capped tenant, so that it starts without asking. `freely`: somebody could do it for nothing.
 */
export function openingOf(request: JobRequest, view: MarketView, nowMs: number): { nano: NanoUsd; freely: boolean } {
  const { run, job } = plannedJob(request, view, nowMs, 1, new Fleet(() => nowMs));
  let nano = 0;
  let freely = job.microtasks.length > 0;
  for (const microtask of job.microtasks) {
    if (microtask.task.needs.length > 0 || microtask.task.wait !== undefined) continue;
    const { task } = microtask;
    const prompt = promptOf(run, microtask);
    const asked = auctionRequest(run, microtask, prompt);
    const billed = billedPrompt(prompt.texts, prompt.images);
    const bounds = view.bidders
      .filter((bidder) => ineligible(bidder, asked) === null)
      .map((bidder) => boundOf(bidder, billed, firstTokens(job, task, bidder, asked.inputTokens, true)).nano);
    nano += Math.max(0, ...bounds);
    if (!bounds.includes(0)) freely = false;
  }
  return { nano: Math.min(nano, request.budgetNano ?? Number.POSITIVE_INFINITY), freely };
}
