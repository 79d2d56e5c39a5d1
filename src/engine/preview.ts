import type { Refusal } from "../error.ts";
import { evolve, fold } from "../job/evolve.ts";
import type { Job } from "../job/job.ts";
import type { JobEvent } from "../job/job-event.ts";
import type { Decision } from "../market/bid.ts";
import type { JobRequest } from "../plan/job-request.ts";
import { Fleet } from "../race/fleet.ts";
import { auctionRequest, decideJudged, forMoney, tooDear, wantingMoney } from "./auction.ts";
import { drawsFor } from "./draws.ts";
import { promptOf } from "./messages.ts";
import { makePlan } from "./planning.ts";
import type { EnginePorts, MarketView } from "./ports.ts";
import type { Run } from "./run.ts";

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
  const { run, job } = plannedJob(request, view, nowMs, seed, fleet);
  if (job.error !== null) return [{ microtask: "plan", decision: job.error }];
  return job.microtasks.map((m, i) => {
    const prompt = promptOf(run, m);
    const asked = auctionRequest(run, m, prompt);
    const decision = decideJudged(run, m, asked, view.pacing, () => drawsFor(seed, i));
    if ("award" in decision) return { microtask: m.task.id, decision };
    const wanting = wantingMoney(run, asked, tooDear(run, m, prompt));
    return { microtask: m.task.id, decision: forMoney(decision, wanting) };
  });
}

/** A request as a job that has its plan and nothing else; no log knows of it. */
export function plannedJob(
  request: JobRequest,
  view: MarketView,
  nowMs: number,
  seed: number,
  fleet: Fleet,
): { run: Run; job: Job } {
  const accepted = { type: "job-accepted", job: "preview", tenant: "preview", request, seed, via: "http" } as const;
  const job = fold([{ ...accepted, seq: 1, atMs: nowMs }]);
  if (job === null) throw new Error("A job was accepted and is none.");
  const ports = { nowMs: () => nowMs, market: () => view, fleet } as EnginePorts;
  // The fold changes the job in place.
  const record = (...events: JobEvent[]): void => {
    for (const event of events) evolve(job, { ...event, seq: job.seq + 1, atMs: nowMs });
  };
  const idle = { asking: false, lentMore: false, uncappedAtMs: nowMs };
  const run: Run = { ports, job, live: new Map(), ...idle, delivering: new Set(), record, turn: () => {} };
  makePlan(run);
  return { run, job };
}
