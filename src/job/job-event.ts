import type { ErrorCode } from "../error.ts";
import type { MarketEvent } from "../market/market-event.ts";
import type { Pace } from "../market/pace.ts";
import type { MoneyEvent, OpeningSlice } from "../money/money-event.ts";
import type { JobRequest } from "../plan/job-request.ts";
import type { PlanEvent } from "../plan/plan-event.ts";
import type { ToolCall } from "../plan/tool.ts";
import type { Finish } from "../race/model-port.ts";
import type { RaceEvent } from "../race/race-event.ts";
import type { DeliveryEvent } from "./delivery-event.ts";

export type LifeEvent =
  | {
      type: "job-accepted";
      job: string;
      tenant: string;
      request: JobRequest;
      seed: number;
      via: "http" | "email" | "queue" | "cron";
      /** SHA-256 (hex) of the canonical request of a job that has a name: a repeat must ask for the same. */
      bodyHash?: string;
      /** What it may spend of its tenant's budget at first. Absent: the tenant has no cap. */
      slice?: OpeningSlice;
      /** What cost and waiting weigh in its auctions. Absent: a dollar is a dollar. */
      pace?: Pace;
    }
  /** The object started (again) while the job was unfinished: attempts of older epochs are orphaned. */
  | { type: "epoch-started"; epoch: number }
  | { type: "cancel-requested"; by: "client" | "disconnect" | "operator" }
  | { type: "job-ended"; status: "succeeded"; answer: Answer }
  | { type: "job-ended"; status: "failed" | "parked"; error: { code: ErrorCode; message: string; reason?: string } }
  | { type: "job-ended"; status: "cancelled" }
  | {
      type: "feedback-given";
      microtask: string;
      attempt: string | null;
      label: string | null;
      good: boolean | null;
      number: number;
      /** The operator said so. Absent: its tenant did. */
      byOperator?: true;
    };

/** The assembled, schema-valid result. */
export interface Answer {
  text: string;
  value: unknown;
  /** Tools that the caller is to call, in order; their arguments fit. Absent: none. */
  calls?: ToolCall[];
  /** Parts that no bidder could settle, and why. */
  unsure: { part: string; why: string }[];
  /** How its parts ended: "stop" if all did, else the worst of them. Absent in logs before it was kept. */
  finish?: Finish;
}

/** One fact of a job. The log is the job; everything else is a fold of it. */
export type JobEvent = LifeEvent | PlanEvent | MarketEvent | RaceEvent | MoneyEvent | DeliveryEvent;
export type JobEventType = JobEvent["type"];

/** An event as stored: `seq` counts from 1 and is also the SSE id and the resume offset. */
export type LoggedEvent = JobEvent & { seq: number; atMs: number };
