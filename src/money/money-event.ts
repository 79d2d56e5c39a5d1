import type { NanoUsd } from "./nano-usd.ts";
import type { Usage } from "./price.ts";

/**
 * Why money is not there. job-budget: the job's own. cap-reached: the tenant's month has it spent. held: running jobs
 * of the tenant hold it; it may come back.
 */
export type MoneyShortage = "job-budget" | "cap-reached" | "held";

/** What a capped job got of its tenant's budget at its beginning, from a Worker's purse. */
export interface OpeningSlice {
  /** The purse it was drawn from; null: there was none, and the job asks for itself. */
  purse: string | null;
  nano: NanoUsd;
}

/** A start that money did not allow: its call may have cost `needNano`, and less was to be had. */
export interface RefusedStart {
  round: number;
  place: number;
  role: string;
  about: string[];
  bidder: string;
  needNano: NanoUsd;
  shortage: MoneyShortage;
}

export type MoneyEvent =
  /**
   * The tenant's budget lent this job so much in all. `shortage`: why it was not what the job had asked for; `mostNano`:
   * what it would have lent to who asks for no more than that.
   */
  | {
      type: "budget-leased";
      totalNano: NanoUsd;
      askedNano: NanoUsd;
      shortage: MoneyShortage | null;
      mostNano?: NanoUsd;
    }
  /** A start that money did not allow: the race goes on without it. */
  | ({ type: "start-refused"; microtask: string; leftNano: NanoUsd } & RefusedStart)
  /** What the tenant is invoiced for an accepted result: once a microtask. */
  | { type: "microtask-charged"; microtask: string; costNano: NanoUsd; chargeNano: NanoUsd }
  /** The provider's own record of an attempt whose cost had been counted or bounded. */
  | { type: "cost-reconciled"; microtask: string; attempt: string; usage: Usage; wasNano: NanoUsd; costNano: NanoUsd };
