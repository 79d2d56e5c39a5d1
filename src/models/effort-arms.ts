import { usualThought } from "../market/tokens.ts";
import { type Effort, efforts, type Reasoning, rankOf } from "../plan/effort.ts";
import type { ConfiguredBidder } from "./endpoint.ts";

/** Room for thinking at each effort, tokens, where its operator says nothing of it. */
const rooms: Record<Reasoning, number> = { none: 0, minimal: 1024, low: 4096, medium: 8192, high: 24_576 };
/** "minimal" is hardly any, and no arm. */
const armEfforts = efforts.filter((effort) => effort !== "minimal");
/** A prompt and an answer need the rest of a context. */
const largestShare = 0.25;

export const usualRoom = (effort: Reasoning, contextTokens: number): number =>
  Math.min(rooms[effort], Math.floor(contextTokens * largestShare));

export const armId = (id: string, effort: Effort): string => `${id}:${effort}`;

/**
 * A bidder whose endpoint can be told how long to think, and its arms: the same model at each higher effort, "id:high".
 * What it costs, how long it takes and what its answers are worth is another matter at each, so each is a bidder of its
 * own. It takes part where a request asks for its effort or names it, or always, once the operator has switched it on:
 * then the market learns where thinking pays. `switches`: what the operator switched, by id. `taken`: ids that
 * are other bidders'.
 */
export function withArms(
  { bidder, endpoint }: ConfiguredBidder,
  switches: ReadonlyMap<string, boolean>,
  taken: ReadonlySet<string> = new Set(),
): ConfiguredBidder[] {
  const own = endpoint.reasoning;
  if (own === undefined) return [{ bidder, endpoint }];
  const arms = armEfforts.flatMap((effort): ConfiguredBidder[] => {
    const id = armId(bidder.id, effort);
    if (rankOf(effort) <= rankOf(own) || taken.has(id)) return [];
    const reasoningTokens = Math.max(bidder.reasoningTokens ?? 0, usualRoom(effort, bidder.contextTokens));
    const { firstTokenMs, tokensPerSecond } = bidder.expected;
    const thinkingMs = (usualThought(reasoningTokens - (bidder.reasoningTokens ?? 0)) * 1000) / tokensPerSecond;
    const { onlyByName: _, ...rest } = bidder;
    return [
      {
        endpoint: { ...endpoint, reasoning: effort, reasoningTokens },
        bidder: {
          ...rest,
          id,
          arm: { of: bidder.id, effort },
          reasoningTokens,
          expected: { firstTokenMs: Math.round(firstTokenMs + thinkingMs), tokensPerSecond },
          enabled: bidder.enabled && switches.get(id) !== false,
          ...(switches.get(id) === true && bidder.onlyByName !== true ? {} : { onlyByName: true }),
        },
      },
    ];
  });
  const able = arms.flatMap(({ bidder: { arm, enabled } }) => (arm && enabled ? [arm.effort] : []));
  return [{ bidder: able.length === 0 ? bidder : { ...bidder, arms: able }, endpoint }, ...arms];
}
