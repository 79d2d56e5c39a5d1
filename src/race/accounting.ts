import type { NanoUsd } from "../money/nano-usd.ts";
import { costOf, type PriceSheet, type Usage } from "../money/price.ts";

/** What an attempt that was cut is billed, and what the cut saved. Saved is never below 0. */
export interface CutAccount {
  /** `source` says how it is known: the provider's record, our count, or an upper bound. */
  usage: Usage;
  costNano: NanoUsd;
  /** By the better of the two counts. */
  tokensSeen: number;
  savedTokens: number;
  savedNano: NanoUsd;
}

export interface CutFacts {
  price: PriceSheet;
  /** 0 when the request never reached the provider. */
  inputTokens: number;
  /** Output tokens counted until the stream stopped (those that arrived after the cut included). */
  tokensSeen: number;
  /** What the bid expected of it uncut, and its cap. */
  expectedOutputTokens: number;
  maxOutputTokens: number;
  cancelStopsBill: boolean;
  /** The provider's own record, if it came in time, or the count of its port, which knows more than text alone. */
  usage: Usage | null;
}

/**
 * The provider's record where there is one (never below what was seen); what was counted where a cut stops the bill,
 * by the port or else here; else the cap, since the provider may go on to it. Saved: against the expected length, which
 * a longer prefix raises.
 */
export function cutAccount(known: CutFacts): CutAccount {
  const facts = { ...known, tokensSeen: seenOf(known) };
  const usage = billed(facts);
  const costNano = neverSent(facts) ? 0 : costOf(facts.price, usage);
  const uncutOutput = Math.max(facts.tokensSeen, Math.min(facts.expectedOutputTokens, facts.maxOutputTokens));
  const savedTokens = Math.max(0, Math.round(uncutOutput - usage.output));
  const uncut: Usage = { ...usage, output: usage.output + savedTokens };
  const savedNano = savedTokens === 0 ? 0 : Math.max(0, costOf(facts.price, uncut) - costOf(facts.price, usage));
  return { usage, costNano, tokensSeen: facts.tokensSeen, savedTokens, savedNano };
}

/** A port counts by what it knows of its provider; more than was asked for cannot have come. */
const seenOf = ({ usage, tokensSeen, maxOutputTokens }: CutFacts): number =>
  usage?.source === "counted" ? Math.min(usage.output, maxOutputTokens) : tokensSeen;

function billed(facts: CutFacts): Usage {
  const { usage, tokensSeen, inputTokens } = facts;
  if (usage?.source === "provider") {
    // Some providers send a running record; one that is behind what already arrived is not the bill.
    return usage.output >= tokensSeen ? usage : { ...usage, output: tokensSeen, source: "counted" };
  }
  const stops = facts.cancelStopsBill || neverSent(facts);
  if (stops && usage?.source === "counted") return { ...usage, output: tokensSeen };
  if (stops) return { input: inputTokens, output: tokensSeen, source: "counted" };
  return { input: inputTokens, output: Math.max(tokensSeen, facts.maxOutputTokens), source: "bounded" };
}

const neverSent = (facts: CutFacts): boolean =>
  facts.usage === null && facts.inputTokens === 0 && facts.tokensSeen === 0;

/** Adds up cuts, for a job or a month. */
export interface CutTotals {
  cuts: number;
  savedTokens: number;
  savedNano: NanoUsd;
  /** Cost of what was cut, by how well it is known. */
  costNano: Record<Usage["source"], NanoUsd>;
}

export const newCutTotals = (): CutTotals => ({
  cuts: 0,
  savedTokens: 0,
  savedNano: 0,
  costNano: { provider: 0, counted: 0, bounded: 0 },
});

export function addCut(totals: CutTotals, account: CutAccount): void {
  totals.cuts++;
  totals.savedTokens += account.savedTokens;
  totals.savedNano += account.savedNano;
  totals.costNano[account.usage.source] += account.costNano;
}
