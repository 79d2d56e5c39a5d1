import type { NanoUsd } from "../money/nano-usd.ts";
import { costOf } from "../money/price.ts";
import type { Kind } from "../plan/kind.ts";
import type { Bidder } from "./bidder.ts";
import { contextOf, type Features } from "./cell.ts";
import { exponential, logarithm, within } from "./elementary.ts";
import type { Column, KindState, MarketState, Row } from "./state.ts";

/** Output expected of a call nobody has made: short of the cap, tokens. */
const firstOutput = 200;
const memory = 300;
/** Declared: two answers in three are within a factor of 1.7 of their median. */
const usualVariance = 0.3;

/**
 * Expected tokens and cost of one call. Log-normal output length: cell <- bidder in the kind <- everybody in the cell.
 * `cachedTokens`: of its input, as it is estimated, in its provider's cache.
 */
export function expectedCall(
  kind: KindState | undefined,
  i: number,
  column: Column | undefined,
  bidder: Bidder,
  bill: number,
  inputTokens: number,
  maxOutputTokens: number,
  cachedTokens = 0,
): { input: number; output: number; costNano: NanoUsd } {
  const row = i < 0 ? undefined : kind?.rows[i];
  const weight = row?.tokens[0] ?? 0;
  const perEstimate = exponential(((row?.tokens[1] ?? 0) * weight) / (weight + 1));
  const input = inputTokens * perEstimate;
  const cap = Math.min(maxOutputTokens, bidder.maxOutputTokens) + (bidder.reasoningTokens ?? 0);
  const usual =
    column && column.output[0] > 0
      ? column.output[1]
      : logarithm(Math.min(firstOutput, maxOutputTokens, bidder.maxOutputTokens) + 1);
  const thought = usualThought(bidder.reasoningTokens ?? 0);
  const first = thought > 0 ? logarithm(exponential(usual) + thought) : usual;
  let mean = ((row?.tokens[2] ?? 0) * weight + first * 2) / (weight + 2);
  const spread = lengthVariance(row);
  let variance = spread;
  if (column && i >= 0) {
    const n = column.outputs[2 * i] ?? 0;
    mean = ((column.outputs[2 * i + 1] ?? 0) * n + mean * 2) / (n + 2);
    // Within a context lengths spread less than over the whole kind.
    variance = spread * (1 - 0.3 * (n / (n + 4)));
  }
  const output = within(exponential(mean + variance / 2) - 1, 0, cap);
  const cachedInput = cachedTokens * perEstimate;
  const cost = costOf(bidder.price, { input, output, cachedInput, source: "bounded" }) * exponential(bill);
  return { input, output, costNano: Math.ceil(cost) };
}

/** Tokens of thinking expected of a call nobody has made, of so many that it has room for: a quarter. */
export const usualThought = (room: number): number => room / 4;

/** Mean output tokens of a bidder's answers of a kind; null: there was none. */
export function usualOutput(tokens: Row["tokens"]): number | null {
  return tokens[0] > 0 ? exponential(tokens[2] + lengthVariance({ tokens }) / 2) - 1 : null;
}

/** Median tokens of everybody's answers in a context, or of those without one of their own; null: there was none. */
export function usualAnswer(state: MarketState, kind: Kind, features: Features): number | null {
  const columns = state.kinds[kind]?.columns ?? [];
  const named = (name: string) => columns.find((column) => column.name === name && column.output[0] > 0);
  const column = named(contextOf(features)) ?? named("");
  return column ? exponential(column.output[1]) - 1 : null;
}

/** Variance of the log output tokens of a bidder in a kind; before there are four answers, what is usual. */
export function lengthVariance(row: Pick<Row, "tokens"> | undefined): number {
  const [weight, , mean, square] = row?.tokens ?? [0, 0, 0, 0];
  return weight > 3 ? within(square - mean * mean, 0, 2) : usualVariance;
}

/** Running mean with a memory of about 300 observations. */
export function blend(old: number, weight: number, value: number): number {
  return old + (value - old) / Math.min(weight + 1, memory);
}

/** Takes the tokens of one call into its row and its context, in place. `estimate`: of its input, by our count; null: there was none. `everybody`: its length tells of others' too. */
export function learnTokens(
  row: Row,
  i: number,
  column: Column,
  estimate: number | null,
  input: number,
  output: number,
  everybody = true,
): void {
  const weight = row.tokens[0];
  const length = logarithm(output + 1);
  if (estimate !== null && estimate > 0 && input > 0) {
    row.tokens[1] = blend(row.tokens[1], weight, within(logarithm(input / estimate), -3, 3));
  }
  row.tokens[2] = blend(row.tokens[2], weight, length);
  row.tokens[3] = blend(row.tokens[3], weight, length * length);
  row.tokens[0] = Math.min(memory, weight + 1);
  const n = column.outputs[2 * i] ?? 0;
  column.outputs[2 * i + 1] = blend(column.outputs[2 * i + 1] ?? 0, n, length);
  column.outputs[2 * i] = Math.min(memory, n + 1);
  if (!everybody) return;
  column.output[1] = blend(column.output[1], column.output[0], length);
  column.output[0] = Math.min(memory, column.output[0] + 1);
}

/** What one context knew of output lengths becomes a part of what another one knows. */
export function addLengths(to: Column, from: Column): void {
  const add = (into: number[], of: readonly number[], at: number) => {
    const [before, weight] = [into[at] ?? 0, of[at] ?? 0];
    if (!(weight > 0)) return;
    into[at + 1] = rounded((before * (into[at + 1] ?? 0) + weight * (of[at + 1] ?? 0)) / (before + weight));
    into[at] = rounded(Math.min(memory, before + weight));
  };
  while (to.outputs.length < from.outputs.length) to.outputs.push(0);
  for (let at = 0; at + 1 < from.outputs.length; at += 2) add(to.outputs, from.outputs, at);
  add(to.output, from.output, 0);
}

const rounded = (x: number): number => Math.round(100 * x) / 100;
