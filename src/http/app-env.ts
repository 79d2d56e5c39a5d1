import type { Caller } from "./ports.ts";

/** How a caller proved who it is. `open`: local development without a key. */
export type Proof = "key" | "cookie" | "open";

/** What middleware leaves for handlers. */
export interface AppEnv {
  Variables: { caller: Caller; proof: Proof; requestId: string };
}
