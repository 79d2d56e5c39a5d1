import type { Job, MicrotaskState } from "./job.ts";
import type { LoggedEvent } from "./job-event.ts";

/** A job as its first event leaves it. */
export function acceptedJob(event: LoggedEvent & { type: "job-accepted" }): Job {
  return {
    id: event.job,
    tenant: event.tenant,
    request: event.request,
    seed: event.seed,
    via: event.via,
    seq: event.seq,
    epoch: 1,
    orphanings: 0,
    bootSeq: -1,
    acceptedAtMs: event.atMs,
    endedAtMs: null,
    status: "running",
    cancelRequested: false,
    planSource: null,
    planStage: "none",
    microtasks: [],
    assembly: null,
    answer: null,
    error: null,
    costNano: 0,
    slice: event.slice ?? null,
    pace: event.pace ?? null,
    leasedNano: event.slice?.nano ?? null,
    shortage: null,
    settlements: [],
    madeUp: false,
    sent: new Set(),
    outbox: [],
    feedback: [],
  };
}

/** A microtask that nothing has happened to. */
export const pendingMicrotask = (task: MicrotaskState["task"]): MicrotaskState => ({
  task,
  status: "pending",
  waitingSinceMs: 0,
  approval: null,
  decisions: [],
  awardedAtMs: 0,
  attempts: [],
  committed: null,
  audits: [],
  comparisons: [],
  leader: null,
  abandoned: null,
  joined: null,
  refused: [],
  charge: null,
  failure: null,
});
