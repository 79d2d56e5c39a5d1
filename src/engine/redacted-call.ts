import { Redaction } from "../output/redact.ts";
import type { RedactionRules } from "../plan/redaction.ts";
import type { AbortSignalLike, ModelCall, ModelPart, ModelPort } from "../race/model-port.ts";
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
 * judges, the log, clients) knows nothing of it.
 */
async function* streamRedacted(
  models: ModelPort,
  call: ModelCall,
  redaction: Redaction,
  signal: AbortSignalLike,
): AsyncGenerator<ModelPart, void, void> {
  const { messages } = redaction;
  for await (const part of models.stream({ ...call, messages, text: redaction.mask(call.text) }, signal)) {
    if (part.type === "text") {
      const text = redaction.push(part.text);
      if (text !== "") yield { type: "text", text };
      continue;
    }
    // Nothing more of the text comes after its calls, its bill or its end.
    const rest = part.type === "usage" || part.type === "end" || part.type === "call" ? redaction.end() : "";
    if (rest !== "") yield { type: "text", text: rest };
    if (part.type === "call")
      yield { type: "call", call: { ...part.call, arguments: redaction.restore(part.call.arguments, true) } };
    else yield part;
  }
}
