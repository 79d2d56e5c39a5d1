import { estimateTokens } from "../adapt/prompt.ts";
import type { Contract } from "../plan/contract.ts";

/**
 * Output tokens an answer can have before its contract rejects it, where `text` (code units) of it came in `tokens`:
 * what is left of a maximal length is counted at the text's own rate, and a character a token where there is none yet.
 * Infinite where no criterion bounds it.
 */
export function longestAnswer({ criteria }: Contract, text: string, tokens: number): number {
  let most = Number.POSITIVE_INFINITY;
  for (const criterion of criteria) {
    if (criterion.type === "length" && criterion.max !== undefined) {
      const chars = [...text].length;
      most = Math.min(most, tokens + left(criterion.max, chars) * (chars === 0 ? 1 : tokens / chars));
    } else if (criterion.type === "words" && criterion.max !== undefined) {
      const words = text.split(/\s+/).filter((word) => word !== "").length;
      if (words > 0) most = Math.min(most, tokens + left(criterion.max, words) * (tokens / words));
    } else if (criterion.type === "equals") most = Math.min(most, Math.max(...criterion.anyOf.map(estimateTokens)));
  }
  return Math.max(tokens, Math.ceil(most));
}

const left = (max: number, seen: number): number => Math.max(0, max - seen);
