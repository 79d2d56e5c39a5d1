import type { z } from "zod";
import type { Refusal } from "../error.ts";
import type { Counters } from "../job/counters.ts";
import type { Explanation } from "../job/explain.ts";
import type { Job, JobStatus } from "../job/job.ts";
import type { JobSummary } from "../job/job-summary.ts";
import type { JobView } from "../job/job-view.ts";
import type { ChainEnd, Seal } from "../job/seal.ts";
import type { Decision } from "../market/bid.ts";
import type { Bidder } from "../market/bidder.ts";
import type { KindProfiles, RowFault } from "../market/market.ts";
import type { Pace } from "../market/pace.ts";
import type { LedgerEntry } from "../money/ledger.ts";
import type { NanoUsd } from "../money/nano-usd.ts";
import type { Usage } from "../money/price.ts";
import type { Limits, ListPlace, MonthTotals, Standing } from "../money/tenant-ledger.ts";
import type { JobRequest } from "../plan/job-request.ts";
import type { TenantRules } from "../plan/tenant-rules.ts";

/** Who calls: a tenant's key, or the operator's. */
export interface Caller {
  tenant: string;
  role: "operator" | "tenant";
  keyId: string;
  /** read: it looks, and changes nothing. */
  scope: "all" | "read";
  /** Where the request came in, as far as the platform tells. */
  place?: ClientPlace | undefined;
}

/** What the platform tells of where a request came in; absent locally and in tests. */
export interface ClientPlace {
  continent?: string;
  country?: string;
  longitude?: string;
}

/** A tenant's key as lists show it: without its secret. */
export interface KeyListing {
  id: string;
  tenant: string;
  createdAtMs: number;
  revokedAtMs: number | null;
  /** null: it works until it is revoked. */
  expiresAtMs: number | null;
  scope: Caller["scope"];
}

/** A calendar month of a tenant, "2026-11" in UTC. */
export interface MonthUsage {
  month: string;
  jobs: number;
  costNano: NanoUsd;
  savedNano: NanoUsd;
  savedTokens: number;
}

export interface Feedback {
  /** Microtask id; absent: the only one. */
  microtask?: string;
  /** Closed kinds: the right label. */
  label?: string;
  /** Other kinds: was the accepted answer good? */
  good?: boolean;
  /** The operator's word, which no cap holds. Absent: its tenant's. */
  byOperator?: true;
}

/** A bidder as shown to callers: these fields and its standing. */
export type BidderListing = Pick<
  Bidder,
  "id" | "provider" | "serves" | "enabled" | "region" | "noRetention" | "onlyByName" | "arm"
> & { [standing: string]: unknown };

/** What admission asks of a bidder: is it there, and whom may it serve. */
export type Candidate = Pick<Bidder, "id" | "serves" | "enabled" | "onlyByName" | "fixed" | "images">;

/** One job's object. Another tenant's job is not there: `open` gives null. */
export interface JobHandle {
  view(): Promise<JobView>;
  /** The view as soon as the job has ended; null: it still runs after `waitMs`. */
  ended(waitMs: number): Promise<JobView | null>;
  /** NDJSON of LoggedEvent, from `after` (exclusive) on: replay, then tail; a blank line every 10 s; closes when the job has ended and settled or only an audit or a queue that is down holds that up, or after 60 s in which it only waited. */
  events(after: number): Promise<ReadableStream<Uint8Array>>;
  explain(): Promise<Explanation>;
  cancel(by: "client" | "disconnect"): Promise<{ status: Job["status"] }>;
  /** Costs of attempts and charges of microtasks. */
  ledger(): Promise<LedgerEntry[]>;
  /** The provider's own record of an attempt's use replaces what was counted or bounded; null: taken. */
  reconcile(attempt: string, usage: Usage): Promise<Refusal | null>;
  /** Facts without content; also when the retention has ended and everything else is refused as "gone". */
  summary(): Promise<JobSummary>;
  /** Deletes what an ended job holds of texts, now; its summary stays. null: nothing is left of them. */
  erase(): Promise<Refusal | null>;
  /** A person's word on a waiting microtask; null: taken. */
  approve(microtask: string, approved: boolean, note: string): Promise<Refusal | null>;
  /** null: taken. */
  feedback(feedback: Feedback): Promise<Refusal | null>;
}

/** `view`: of a job that ended while its caller waited. */
export interface Submitted {
  id: string;
  /** It was made before. */
  repeated: boolean;
  /** It was made before for the very same request, which may be another client's of the tenant. Absent: it was not. */
  reused?: true;
  view: JobView | null;
}

/** `job`: whose answer it is. `only`: whom it may be shown; null: nobody, since that is not known. */
export interface KeptExample {
  kind: string;
  job: string;
  input: string;
  output: string;
  atMs: number;
  only: { bidders: string[] | null; region: string | null } | null;
}

/** What the HTTP layer needs from the rest; wired in src/worker.ts. */
export interface HttpPorts {
  jobs: {
    /** Returns when the job is acknowledged: its first event is on disk. */
    create(
      caller: Caller,
      request: JobRequest,
      via: "http" | "email" | "queue" | "cron",
      /**
       * The same name of the same tenant is the same job, however often it is created. Throws `idempotency-mismatch`
       * when that job was another request.
       */
      name?: string,
      /** Above 0: returns only when the job has ended, or after so many ms; `view` is null where it still runs. */
      waitMs?: number,
    ): Promise<Submitted>;
    /** The id of the job that this very request made under that name; null: there is none. */
    made(caller: Caller, request: JobRequest, name: string): Promise<string | null>;
    open(caller: Caller, id: string): Promise<JobHandle | null>;
    /** What D1 recorded of the log of a job of then (epoch ms) when it settled; null: nothing, so far or for good. */
    seal(caller: Caller, id: string, createdAtMs: number): Promise<Seal | null>;
    /** The last place in the caller's chain of seals; null: none of its jobs has settled since there is one. */
    chainEnd(caller: Caller): Promise<ChainEnd | null>;
    /** Newest first; `next`: where the page after this begins, null: there is none. `status`: only those. */
    list(
      caller: Caller,
      page: { limit: number; after: ListPlace | null; status?: JobStatus | undefined },
    ): Promise<{ jobs: JobSummary[]; next: ListPlace | null }>;
    /** Newest month first: what the caller's ended jobs cost and saved. */
    usage(caller: Caller, months: number): Promise<MonthUsage[]>;
  };
  money: {
    /** This month of the caller's tenant. */
    standing(caller: Caller): Promise<Standing & { pace: Pace }>;
    /** Newest first. */
    months(caller: Caller, limit: number): Promise<MonthTotals[]>;
    setLimits(tenant: string, limits: Limits): Promise<Standing & { pace: Pace }>;
  };
  /** Answers that a tenant's jobs asked to keep. */
  examples: {
    /** By kind, newest first. */
    list(caller: Caller): Promise<KeptExample[]>;
    /** How many; all of the tenant's where neither is named. No job is shown them any more: at once here, within 10 s everywhere. */
    forget(caller: Caller, which: { kind?: string | undefined; job?: string | undefined }): Promise<number>;
  };
  /** What the operator confines a tenant's jobs to. */
  rules: {
    of(tenant: string): Promise<TenantRules>;
    set(tenant: string, rules: TenantRules): Promise<void>;
  };
  market: {
    /** What would win and why; nothing is run. One decision a microtask of the plan that can be planned without a model. */
    preview(caller: Caller, request: JobRequest): Promise<{ microtask: string; decision: Decision | Refusal }[]>;
    /** Tokens that the prompt of a request of one microtask is estimated at when it is bid on. */
    promptTokens(request: JobRequest): number;
    /** Who could be asked. Each request is checked against these, so no standing is worked out for them. */
    candidates(): Promise<readonly Candidate[]>;
    /** Bidders with their standing; secrets never. */
    bidders(): Promise<BidderListing[]>;
    /** What was learned of them, by kind and context, of all tenants. */
    profiles(): Promise<KindProfiles[]>;
    /** What was settled since there was a market, of all tenants. */
    counters(): Promise<Counters>;
    /** What `putBidder` takes, for documents; it is checked there. */
    bidderBody: z.ZodType;
    putBidder(id: string, body: unknown): Promise<Refusal | null>;
    /** false: there is none of this id. */
    switchBidder(id: string, enabled: boolean): Promise<boolean>;
    /** false: the operator added none of this id. */
    deleteBidder(id: string): Promise<boolean>;
    /** Prior knowledge of bidders, row by row. */
    seed(rows: unknown[]): Promise<{ taken: number; refused: RowFault[] }>;
    /** How bidders did on inputs elsewhere, row by row; what was learned before is not learned again. */
    evaluate(rows: unknown[]): Promise<{ taken: number; repeated: number; refused: RowFault[] }>;
  };
  access: {
    /** Who holds this key; null: nobody. "unset": production without ATOMIC_API_KEY. Local without one: whoever calls is keyId "local". */
    authenticate(key: string | null): Promise<Caller | null | "unset">;
    /** A signed token for a browser's cookie, in exchange for a valid key. */
    signIn(key: string): Promise<string | null>;
    /** Who holds this token; null: forged, expired, or its key has expired or was revoked. */
    readSession(token: string): Promise<Caller | null>;
    createKey(
      tenant: string,
      terms: { days: number | null; scope: Caller["scope"] },
    ): Promise<{ key: string } & KeyListing>;
    /** Newest first, expired and revoked ones too. */
    listKeys(limit: number): Promise<KeyListing[]>;
    revokeKey(id: string): Promise<boolean>;
  };
  /** What webhooks of the caller's tenant are signed with where it names no secret binding. */
  webhookSecret(caller: Caller): Promise<string>;
  /** Checks a contract at submission; the judge's own rules. */
  checkRequest(request: JobRequest): Refusal | null | Promise<Refusal | null>;
  parseMail(raw: Uint8Array): Promise<JobRequest["input"] | Refusal>;
  newRequestId(): string;
}
