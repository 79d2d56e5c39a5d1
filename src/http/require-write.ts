import { AtomicError } from "../error.ts";
import type { Caller } from "./ports.ts";

/** Refuses a key that may only look. */
export function requireWrite({ scope }: Caller): void {
  if (scope === "all") return;
  throw new AtomicError(
    "forbidden",
    `This key's scope is "${scope}": it may look at jobs and preview auctions, and change nothing. Ask the operator for one of scope "all".`,
    { reason: "scope" },
  );
}
