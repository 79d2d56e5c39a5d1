import { AtomicError } from "../error.ts";
import type { Policy } from "../market/bid.ts";
import { servesKind } from "../market/eligibility.ts";
import type { BidderListing } from "./ports.ts";

/** Names under which the whole market is one model, and the policy each stands for. */
export const marketModels: Record<string, Policy> = {
  atomic: "balanced",
  "atomic/cheap": "cheap",
  "atomic/fast": "fast",
  "atomic/best": "best",
};

/**
 * Bidders that can hold a conversation, and so are models for OpenAI's clients. An arm that takes part by request may
 * be named, and is no choice of its own: clients have a word for effort.
 */
export const conversing = (bidders: BidderListing[]): BidderListing[] =>
  bidders.filter((b) => b.enabled && servesKind(b, "answer") && !(b.arm !== undefined && b.onlyByName === true));

/** The market under a policy, or one bidder alone. */
export function resolveModel(name: string): { policy: Policy; bidders: string[] | undefined } {
  const policy = Object.hasOwn(marketModels, name) ? marketModels[name] : undefined;
  return policy === undefined ? { policy: "balanced", bidders: [name] } : { policy, bidders: undefined };
}

/** Throws 404 for what is neither the market nor a bidder that is there. */
export function requireModel(name: string, bidders: BidderListing[]): void {
  if (Object.hasOwn(marketModels, name) || bidders.some((b) => b.id === name && b.enabled)) return;
  throw new AtomicError(
    "model-not-found",
    `The model "${name.slice(0, 200)}" does not exist. Use "atomic", or one that GET /v1/models lists.`,
    { field: "model" },
  );
}
