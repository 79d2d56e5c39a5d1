import type { MarketParcel } from "../src/entry/market-parcel.ts";
import type { LifeEvent } from "../src/job/job-event.ts";
import type { JobView } from "../src/job/job-view.ts";
import type { Pace } from "../src/market/pace.ts";
import type { OpeningSlice } from "../src/money/money-event.ts";
import type { JobRequest } from "../src/plan/job-request.ts";

/** What a job's object is made with. */
export interface NewJob {
  id: string;
  tenant: string;
  request: JobRequest;
  seed: number;
  via: "http" | "email" | "queue" | "cron";
  /** Of a job that has a name: see `job-accepted`. */
  bodyHash?: string;
  /** The Worker's snapshot of the market, so that no other hop lies before the first provider call. */
  market: MarketParcel;
  /** Of a tenant with a cap: what the job may spend before it asks for more. */
  slice?: OpeningSlice;
  /** Of a tenant whose pace is not the plain one. */
  pace?: Pace;
  /** The Worker reads `made: "none"`. Absent: code from before there was one, which would take it for a job. */
  readsNone?: true;
}

/** What its log begins with. */
export function firstEvent(job: NewJob): LifeEvent & { type: "job-accepted" } {
  const { id, tenant, request, seed, via, bodyHash, slice, pace } = job;
  const named = bodyHash === undefined ? {} : { bodyHash };
  const capped = { ...(slice === undefined ? {} : { slice }), ...(pace === undefined ? {} : { pace }) };
  return { type: "job-accepted", job: id, tenant, request, seed, via, ...named, ...capped };
}

/** What became of a `create`; `view`: of a job that ended while the caller waited. */
export interface Created {
  /** gone: the name is a job's whose retention has ended. none: it failed, and it is certain that no job came of it. */
  made: "made" | "repeated" | "other-request" | "gone" | "none";
  view: JobView | null;
}
