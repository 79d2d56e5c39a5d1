import type { Job } from "../../src/job/job.ts";
import type { LoggedEvent } from "../../src/job/job-event.ts";
import type { JobView } from "../../src/job/job-view.ts";
import type { Settlement } from "../../src/market/settlement.ts";

/** One call as the provider's own ledger has it. */
export interface ProviderCall {
  /** Which attempt asked; null where the wire does not tell. */
  attempt: string | null;
  bidder: string;
  startedAtMs: number;
  endedAtMs: number | null;
  /** Numbers of the log's events when the call came in; null where nobody could look. */
  logAtStart: number | null;
  /** Why the caller cut it, and how far the log was then; null: it was not cut, or the process died. */
  cut: { why: string; logAt: number } | null;
  /** What the provider bills at least, nano-USD; null: unknown. */
  billedNano: number | null;
}

/** What one client has, in the order it came, over all its connections. */
export interface ClientBytes {
  name: string;
  events: LoggedEvent[];
}

/** What the settlement sink was handed, repeats included. */
export interface Delivered {
  key: string;
  settlement: Settlement | null;
}

/** One message as the webhook's receiver got it. */
export interface Post {
  id: string;
  body: string;
  /** The receiver answered 2xx. */
  taken: boolean;
  /** Number of the log's last event when it came; null where nobody could look. */
  logAt: number | null;
}

/** A person's word on a microtask, and whether the job took it. */
export interface Word {
  microtask: string;
  approved: boolean;
  taken: boolean;
}

/** The job's tenant at the end. Money is nano-USD. */
export interface TenantBooks {
  /** null: no cap. */
  capNano: number | null;
  /** Highest sum of what was settled and lent, over all its jobs; null: nobody watched. */
  highestNano: number | null;
  /** What all its jobs cost by its books, and by the providers' own ledger; null: unknown. */
  costNano: number;
  billedNano: number | null;
  /** This job in its books; null: not there. */
  settled: { costNano: number; chargeNano: number } | null;
  /** What this job still holds; null: it has no lease. */
  jobHoldsNano: number | null;
}

/** Everything that witnesses know of one job when it is over. */
export interface Evidence {
  job: string;
  /** The log, read from where it is stored. */
  log: LoggedEvent[];
  /** What is shown of the job at the end: the process's own state. null: not looked at. */
  shown: Job | null;
  /** What the API shows of it at the end; null: not looked at. */
  view: JobView | null;
  calls: ProviderCall[];
  clients: ClientBytes[];
  sink: Delivered[];
  /** What the webhook's receiver got, repeats included; null: nobody watched. */
  posts: Post[] | null;
  /** What people said on its microtasks. */
  words: Word[];
  /** null: its tenant was not looked at. */
  tenant: TenantBooks | null;
  /** Events the log took in one commit, as [first, last]; null where nobody counted. */
  commits: [number, number][] | null;
  /** When processes of the job booted, epoch ms. */
  boots: number[];
  /** How long a dead process may stay dead, ms. */
  leaseMs: number;
  /** Errors that stopped a process and that nobody caused. */
  defects: string[];
  /** Lines on the console and in telemetry. */
  console: string[];
  /** Text of the prompt, and keys, that must never be there. */
  secrets: string[];
}

/** What must hold of every job, whatever happened. Returns each breach as a sentence. */
export type Invariant = (evidence: Evidence) => string[];
