import type { Caller } from "./ports.ts";

/** How a caller proved who it is. `open`: local development without a key. */
export type Proof = "key" | "cookie" | "open";

/** What middleware leaves for handlers. `report`: tells the operator of what should not have happened. */
export interface AppEnv {
  Variables: { caller: Caller; proof: Proof; requestId: string; report: (error: unknown) => void };
}
