import type { Bidder } from "../market/bidder.ts";
import type { Usage } from "../money/price.ts";
import { boundImageTokens } from "../money/token-bound.ts";
import type { ModelCall } from "../race/model-port.ts";
import { countPrompt, TokenCount } from "./count-tokens.ts";

/** No call has so many tokens: who says so counts something else. */
const mostTokens = 1e9;

/** 1,000 USD: no call costs so much. */
const mostNano = 1e12;

const isCount = (n: unknown): n is number =>
  typeof n === "number" && Number.isSafeInteger(n) && n >= 0 && n <= mostTokens;

/**
 * What one call used, from what the provider says and what was seen. Missing usage is counted; usage that cannot be
 * (negative, beyond a billion, or no output beside text) is dropped; two reports that differ count as the larger of each, "bounded".
 */
export class UsageTally {
  readonly #promptTokens: number;
  /** The same with pictures at the most that the bidder bills for one: its bill for them may be many times the usual. */
  readonly #promptBound: number;
  readonly #bound: number;
  readonly #cancelStopsBill: boolean;
  /** What its provider caches of the prompt is billed dearer: until it says how much, all of it. */
  readonly #cached: boolean;
  readonly #text = new TokenCount();
  readonly #reasoning = new TokenCount();
  #reported: Usage | null = null;

  constructor(call: ModelCall, bidder: Bidder, cached = false) {
    this.#promptTokens = countPrompt(call);
    this.#promptBound = countPrompt(call, boundImageTokens(bidder));
    this.#bound = call.maxOutputTokens + (bidder.reasoningTokens ?? 0);
    this.#cancelStopsBill = bidder.cancelStopsBill;
    this.#cached = cached;
  }

  /** Text of the answer or of its calls. */
  sawText(text: string): void {
    this.#text.add(text);
  }

  sawReasoning(text: string): void {
    this.#reasoning.add(text);
  }

  /** UTF-16 units of text, calls and reasoning. */
  get seenLength(): number {
    return this.#text.length + this.#reasoning.length;
  }

  /** Takes a provider's usage record; a second, different one makes the result an upper bound. */
  report(usage: Usage): void {
    if (!isCount(usage.input) || !isCount(usage.output)) return;
    const next: Usage = { input: usage.input, output: usage.output, source: "provider" };
    if (isCount(usage.cachedInput) && usage.cachedInput <= usage.input) next.cachedInput = usage.cachedInput;
    const { cacheWrite } = usage;
    if (isCount(cacheWrite) && cacheWrite + (next.cachedInput ?? 0) <= usage.input) next.cacheWrite = cacheWrite;
    if (isCount(usage.reasoning) && usage.reasoning <= usage.output) next.reasoning = usage.reasoning;
    const before = this.#reported;
    const { billedNano } = usage;
    if (billedNano !== undefined && Number.isSafeInteger(billedNano) && billedNano >= 0 && billedNano <= mostNano)
      next.billedNano = Math.max(billedNano, before?.billedNano ?? 0);
    // Some servers report running totals with every chunk: growth is no contradiction, shrinking is.
    if (before && (next.input !== before.input || next.output < before.output)) {
      next.input = Math.max(next.input, before.input);
      next.output = Math.max(next.output, before.output);
      next.source = "bounded";
    } else if (before) next.source = before.source;
    this.#reported = next;
  }

  /** Usage of an answer that came to its end. */
  whole(): Usage {
    const seen = this.#seen();
    const reported = this.#reported;
    if (!reported || (reported.output === 0 && seen.output > 0)) return seen;
    return reported;
  }

  /**
   * Usage of a call that was cut: what was seen where cancelling stops the bill, else the whole allowance as a bound.
   * Before headers came, its input as a bound: the provider may have begun.
   */
  cut(opened: boolean): Usage {
    if (!opened) return { ...this.#prompt(this.#promptBound), output: 0, source: "bounded" };
    const seen = { ...this.#seen(), ...this.#prompt(this.#promptBound) };
    const reported = this.#reported;
    // A running record that has caught up with what was seen is the bill so far.
    if (this.#cancelStopsBill) return reported && reported.output >= seen.output ? reported : seen;
    return { ...seen, output: Math.max(seen.output, this.#bound), source: "bounded" };
  }

  #seen(): Usage {
    const reasoning = this.#reasoning.tokens;
    const usage: Usage = {
      ...this.#prompt(this.#promptTokens),
      output: this.#text.tokens + reasoning,
      source: "counted",
    };
    if (reasoning > 0) usage.reasoning = reasoning;
    return usage;
  }

  #prompt(input: number): Pick<Usage, "input" | "cacheWrite"> {
    return this.#cached ? { input, cacheWrite: input } : { input };
  }
}
