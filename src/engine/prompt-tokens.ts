import { emptyMarket } from "../market/market.ts";
import type { JobRequest } from "../plan/job-request.ts";
import { Fleet } from "../race/fleet.ts";
import { estimateInput, promptOf } from "./messages.ts";
import { plannedJob } from "./preview.ts";

/** Tokens that the prompts of a request are estimated at when they are bid on: what its kind, contract and tools add included. */
export function promptTokens(request: JobRequest): number {
  const view = { state: emptyMarket(), bidders: [], pacing: { lambda: 1, muUsdPerSecond: 0 }, examples: () => [] };
  const { run, job } = plannedJob(request, view, 0, 1, new Fleet(() => 0));
  return job.microtasks.reduce((sum, microtask) => {
    const { texts, images } = promptOf(run, microtask);
    return sum + estimateInput(texts, images);
  }, 0);
}
