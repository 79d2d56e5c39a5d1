/**
 * What the job page holds as it folds events (dashboard/job-state.js), for its type check. It stands here, and not beside
 * the page, since all that stands there is sent to browsers.
 */
import type { Decision } from "../../market/bid.ts";
import type { JobRequest } from "../../plan/job-request.ts";

export interface PageAttempt {
  id: string;
  bidder: string;
  role: string;
  status: string;
  startedAtMs: number;
  endedAtMs: number | null;
  text: string;
  tokens: number | null;
  costNano: number;
  reservedNano: number;
  outputPerMtok: number;
  uncutTokens: number | null;
  savedNano: number;
  savedTokens: number;
  note: string;
  committed: boolean;
  criteria: { criterion: string; class: string; result: string; evidence: string }[];
  verdict: string | null;
  /** Values that were replaced in what it was sent. */
  keptFrom: number;
}

export interface PageMicrotask {
  id: string;
  kind: string;
  needs: string[];
  status: string;
  decisions: Decision[];
  attempts: PageAttempt[];
  /** The attempt whose text was delivered last. */
  leader: string | null;
  winner: string | null;
  how: string | null;
  text: string | null;
  value: unknown;
  failure: string | null;
  repairs: string[];
  awaitsApproval: boolean;
  rated: boolean;
  version: number;
}

export interface PageJob {
  seq: number;
  /** "loading" until its first event came. */
  status: string;
  request: JobRequest | null;
  via: string;
  createdAtMs: number;
  endedAtMs: number | null;
  plan: string | null;
  planWhy: string;
  microtasks: PageMicrotask[];
  answer: {
    text: string;
    value: unknown;
    calls?: { name: string; arguments: string }[];
    unsure: { part: string; why: string }[];
  } | null;
  cancelRequested: boolean;
  error: { code: string; message: string } | null;
  /** What happened, one line an event. */
  log: { seq: number; atMs: number; type: string; about: string }[];
}

/** Of a job in GET /v1/jobs what its list is summed up by. */
export interface ListedJob {
  status: string;
  costUsd: number;
  savedUsd: number;
  createdAtMs: number;
  endedAtMs: number | null;
}

export type { Explanation } from "../../job/explain.ts";
