import type { Decision } from "./bid.ts";
import type { Settlement } from "./settlement.ts";

/** What the market adds to a job's log. */
export type MarketEvent =
  | { type: "award-made"; microtask: string; decision: Decision }
  /** What the market will be told; sent until the queue has taken it. */
  | { type: "settlement-prepared"; settlements: Settlement[] }
  | { type: "settlement-sent"; keys: string[] };
