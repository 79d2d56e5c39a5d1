import type { NanoUsd } from "../money/nano-usd.ts";
import { costOf, type PriceSheet, tokensOf, type Usage } from "../money/price.ts";
import { type Uncut, type UncutEvidence, uncutLength } from "./uncut.ts";

/** What an attempt that was cut is billed, and what the cut saved. Saved is never below 0. */
export interface CutAccount {
  /** `source` says how it is known: the provider's record, our count, or an upper bound. */
  usage: Usage;
  costNano: NanoUsd;
  /** By the better of the two counts. */
  tokensSeen: number;
  /** What it would have sent, by what is known when it stopped. */
  uncut: Uncut;
  savedTokens: number;
  savedNano: NanoUsd;
}

export interface CutFacts extends UncutEvidence {
  price: PriceSheet;
  /** 0 when the request never reached the provider. */
  inputTokens: number;
  /** Output tokens counted until the stream stopped (those that arrived after the cut included). */
  tokensSeen: number;
  /** Its cap, to which a provider that does not stop may bill. `boundTokens` is never above it. */
  maxOutputTokens: number;
  cancelStopsBill: boolean;
  /** The provider's own record, if it came in time, or the count of its port, which knows more than text alone. */
  usage: Usage | null;
}

/**
 * The provider's record where there is one (never below what was seen); what was counted where a cut stops the bill,
 * by the port or else here; else the cap, since the provider may go on to it.
 */
export function cutAccount(known: CutFacts): CutAccount {
  const facts = { ...known, tokensSeen: seenOf(known) };
  const usage = billed(facts);
  const costNano = neverSent(facts) ? 0 : costOf(facts.price, usage);
  const uncut = uncutLength(facts, facts.tokensSeen);
  return { usage, costNano, tokensSeen: facts.tokensSeen, uncut, ...savedBy(uncut.tokens, facts.price, usage) };
}

/** What of an uncut length is not on the bill, at list prices. A provider that bills more than that saved nothing. */
export function savedBy(
  uncutTokens: number,
  price: PriceSheet,
  usage: Usage,
): { savedTokens: number; savedNano: NanoUsd } {
  const savedTokens = Math.max(0, Math.round(uncutTokens - usage.output));
  const tokens = tokensOf(usage);
  const uncut: Usage = { ...tokens, output: usage.output + savedTokens };
  const savedNano = savedTokens === 0 ? 0 : Math.max(0, costOf(price, uncut) - costOf(price, tokens));
  return { savedTokens, savedNano };
}

/** A port counts by what it knows of its provider; more than was asked for cannot have come. */
const seenOf = ({ usage, tokensSeen, maxOutputTokens }: CutFacts): number =>
  usage?.source === "counted" ? Math.min(usage.output, maxOutputTokens) : tokensSeen;

function billed(facts: CutFacts): Usage {
  const { usage, tokensSeen, inputTokens } = facts;
  if (usage?.source === "provider") {
    // Some providers send a running record; one that is behind what already arrived is not the bill.
    return usage.output >= tokensSeen ? usage : { ...tokensOf(usage), output: tokensSeen, source: "counted" };
  }
  const stops = facts.cancelStopsBill || neverSent(facts);
  if (stops && usage?.source === "counted") return { ...usage, output: tokensSeen };
  if (stops) return { input: inputTokens, output: tokensSeen, source: "counted" };
  return { input: inputTokens, output: Math.max(tokensSeen, facts.maxOutputTokens), source: "bounded" };
}

const neverSent = (facts: CutFacts): boolean =>
  facts.usage === null && facts.inputTokens === 0 && facts.tokensSeen === 0;
