import { Redaction } from "../output/redact.ts";
import { StopSequences } from "../output/stop-sequences.ts";
import type { RedactionRules } from "../plan/redaction.ts";
import {
  type AbortSignalLike,
  type ModelCall,
  ModelFailure,
  type ModelPart,
  type ModelPort,
} from "../race/model-port.ts";
import { isEmbedded } from "./scene.ts";

/**
 * What leaves for the bidder of a call under these rules; null: the call as it is. What specialists of this process are
 * given leaves nowhere: they work on the values themselves. `json`: its answer is to be JSON.
 */
export const redactionOf = (
  rules: RedactionRules | undefined,
  call: Pick<ModelCall, "bidder" | "messages">,
  json: boolean,
): Redaction | null =>
  rules === undefined || isEmbedded(call.bidder) ? null : new Redaction(rules, call.messages, json);

/** The parts of a call, redacted or, with null, as it is. */
export const streamCall = (
  models: ModelPort,
  call: ModelCall,
  redaction: Redaction | null,
  signal: AbortSignalLike,
): AsyncIterable<ModelPart> =>
  redaction === null ? models.stream(call, signal) : streamRedacted(models, call, redaction, signal);

/**
 * A call whose messages leave redacted, and whose parts come with the values put back: whatever reads them (criteria,
 * judges, the log, clients) knows nothing of it. Sequences that end the text are looked for in it with its values; the
 * bidder is told of those that a text with placeholders can hold.
 */
async function* streamRedacted(
  models: ModelPort,
  { stop, ...call }: ModelCall,
  redaction: Redaction,
  signal: AbortSignalLike,
): AsyncGenerator<ModelPart, void, void> {
  const { messages } = redaction;
  const told = stop?.filter((one) => !redaction.concerns(one)) ?? [];
  const masked = { ...call, messages, text: redaction.mask(call.text) };
  const asked = told.length === 0 ? masked : { ...masked, stop: told };
  const stops = new StopSequences(stop ?? []);
  const cut = new Cut(signal);
  let texts = false;
  /** What of the text is passed on; whether it ends here. */
  const heard = function* (text: string): Generator<ModelPart, void, void> {
    const passed = stops.push(text);
    texts ||= passed !== "";
    if (passed !== "") yield { type: "text", text: passed };
    if (stops.met) cut.abort();
  };
  for await (const part of models.stream(asked, cut)) {
    if (stops.met) {
      // Of what was on its way nothing is read but the bill.
      if (part.type === "usage") yield part;
      continue;
    }
    if (part.type === "text") {
      yield* heard(redaction.push(part.text));
      continue;
    }
    // Nothing more of the text comes after its calls, its bill or its end.
    if (part.type === "usage" || part.type === "end" || part.type === "call") {
      yield* heard(redaction.end());
      const rest = stops.end();
      texts ||= rest !== "";
      if (rest !== "") yield { type: "text", text: rest };
    }
    if (part.type === "call" && !stops.met)
      yield { type: "call", call: { ...part.call, arguments: redaction.restore(part.call.arguments, true) } };
    else if (part.type !== "call" && !(stops.met && part.type === "end")) yield part;
  }
  if (!stops.met || signal.aborted) return;
  if (!texts) throw new ModelFailure("empty-answer", "a stop sequence came before any text");
  yield { type: "end", finish: "stop" };
}

/** Aborted with the signal it was made of, or before. */
class Cut implements AbortSignalLike {
  readonly #of: AbortSignalLike;
  readonly #listeners = new Set<() => void>();
  #aborted = false;

  constructor(of: AbortSignalLike) {
    this.#of = of;
  }

  get aborted(): boolean {
    return this.#aborted || this.#of.aborted;
  }

  get reason(): unknown {
    return this.#of.reason;
  }

  abort(): void {
    this.#aborted = true;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener();
  }

  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void {
    this.#listeners.add(listener);
    this.#of.addEventListener(type, listener, options);
  }

  removeEventListener(type: "abort", listener: () => void): void {
    this.#listeners.delete(listener);
    this.#of.removeEventListener(type, listener);
  }
}
