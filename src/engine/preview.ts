import type { Refusal } from "../error.ts";
import { evolve } from "../job/evolve.ts";
import type { Job } from "../job/job.ts";
import type { JobEvent } from "../job/job-event.ts";
import type { Decision } from "../market/bid.ts";
import { decide } from "../market/market.ts";
import type { JobRequest } from "../plan/job-request.ts";
import { Fleet } from "../race/fleet.ts";
import { auctionRequest } from "./auction.ts";
import { drawsFor } from "./draws.ts";
import { makePlan } from "./planning.ts";
import type { EnginePorts, MarketView } from "./ports.ts";

/**
 * What would win each microtask of a request, and why; nothing is run. Texts that other microtasks would hand on are
 * empty here. A plan that a model makes is previewed as the planner's own microtask.
 */
export function previewAuctions(
  request: JobRequest,
  view: MarketView,
  nowMs: number,
  seed: number,
  fleet: Fleet = new Fleet(() => nowMs),
): { microtask: string; decision: Decision | Refusal }[] {
  let job: Job | null = evolve(null, {
    type: "job-accepted",
    job: "preview",
    tenant: "preview",
    request,
    seed,
    via: "http",
    seq: 1,
    atMs: nowMs,
  });
  if (job === null) return [];
  const ports = { nowMs: () => nowMs, market: () => view, fleet } as EnginePorts;
  const record = (...events: JobEvent[]): void => {
    for (const event of events) job = evolve(job, { ...event, seq: (job?.seq ?? 0) + 1, atMs: nowMs });
  };
  makePlan({ ports, job, live: new Map(), record, turn: () => {} });
  if (job.error !== null) return [{ microtask: "plan", decision: job.error }];
  const run = { ports, job, live: new Map(), record, turn: () => {} };
  return job.microtasks.map((m, i) => ({
    microtask: m.task.id,
    decision: decide(view.state, view.bidders, auctionRequest(run, m), view.pacing, drawsFor(seed, i)),
  }));
}
