import type { ModelCall } from "../race/model-port.ts";
import { TokenCount } from "./count-tokens.ts";
import type { Endpoint } from "./endpoint.ts";
import type { SentHeads } from "./sent-heads.ts";

/**
 * What a provider takes for input that it writes to its cache, in prices of plain input: Anthropic for five minutes, and
 * OpenAI from gpt-5.6 on (their pricing pages, 2026-11). Reading it back costs a tenth or less.
 */
export const cacheWriteFactor = (endpoint: Pick<Endpoint, "type" | "model">): number =>
  billsCacheWrites(endpoint) ? 1.25 : 1;

/** Is there a bill for what is cached, and may a call say what is to be? Older models of OpenAI cache by themselves, for nothing. */
export function billsCacheWrites({ type, model }: Pick<Endpoint, "type" | "model">): boolean {
  if (type !== "openai") return type === "anthropic";
  const [, major = "0", minor = "0"] = /^gpt-(\d+)(?:\.(\d+))?(?![\d.a-z])/.exec(model) ?? [];
  return Number(major) > 5 || (Number(major) === 5 && Number(minor) >= 6);
}

/** Where a provider is asked to cache a prompt: behind its system messages, behind all of it. */
export interface CacheMarks {
  head: boolean;
  end: boolean;
}

const none: CacheMarks = { head: false, end: false };

/** Providers cache no shorter prompt (OpenAI, most of Anthropic's; some of these want 4,096 and ignore a mark before). */
const fewestTokens = 1_024;

/**
 * Marks for one call. Writing costs a quarter more than reading saves ninefold, so all of a conversation is marked once
 * it goes on, as its next turn sends it again; instructions once they come again to the same bidder; and a text that is
 * worked on once is never written.
 */
export function cacheMarks(call: ModelCall, endpoint: Endpoint, heads: SentHeads): CacheMarks {
  if (call.promptCache === "never" || !billsCacheWrites(endpoint)) return none;
  const asked = call.promptCache === "asked";
  const head = headOf(call);
  const headTokens = tokensOf(head);
  const again = headTokens >= fewestTokens && heads.sentAgain(call.bidder, head);
  const turns = call.messages.filter(({ role }) => role !== "system").map(({ content }) => content);
  return {
    head: headTokens >= fewestTokens && (asked || again),
    end: (asked || call.promptCache === "conversation") && headTokens + tokensOf(turns) >= fewestTokens,
  };
}

/** What stands before the turns: system messages and the tools that are offered. */
function headOf({ messages, tools }: ModelCall): string[] {
  const system = messages.filter(({ role }) => role === "system").map(({ content }) => content);
  return tools === undefined ? system : [...system, JSON.stringify(tools.offered)];
}

const tokensOf = (texts: readonly string[]): number =>
  texts.reduce((count, text) => count.add(text), new TokenCount()).tokens;
