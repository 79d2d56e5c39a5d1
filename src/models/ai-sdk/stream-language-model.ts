import type { NanoUsd } from "../../money/nano-usd.ts";
import { type AbortSignalLike, type ModelCall, ModelFailure, type ModelPart } from "../../race/model-port.ts";
import type { CallClock } from "../call-clock.ts";
import type { Target } from "../endpoint.ts";
import { guardCall, type RawPart } from "../guard-call.ts";
import { reasonOfStatus } from "../http-failure.ts";
import { type CacheMarks, cacheMarks } from "../prompt-cache.ts";
import { callOptions } from "./call-options.ts";
import type { LanguageModel, StreamPart } from "./language-model.ts";
import { WatchedWire, type WireOptions } from "./watched-wire.ts";

/** Makes the SDK's model for one call on one wire. */
export type BuildModel = (wire: WatchedWire, target: Target) => Promise<LanguageModel>;

/**
 * Streams one call through an AI SDK provider. The model's `doStream` is used, not `streamText`: a race wants each
 * part as it comes, no retries, and no copies of prompts in error logs.
 */
export function streamLanguageModel(
  build: BuildModel,
  target: Target,
  call: ModelCall,
  signal: AbortSignalLike,
  options: WireOptions = {},
): AsyncIterable<ModelPart> {
  const marks = cacheMarks(call, target.endpoint);
  const read = (clock: CallClock) => readModel(build, target, call, marks, clock, options);
  return guardCall(call, target.bidder, signal, read, marks.head || marks.end);
}

async function* readModel(
  build: BuildModel,
  target: Target,
  call: ModelCall,
  marks: CacheMarks,
  clock: CallClock,
  options: WireOptions,
): AsyncGenerator<RawPart, void, void> {
  const wire = new WatchedWire(clock, target, options);
  try {
    const model = await build(wire, target);
    const started = Promise.resolve(model.doStream(callOptions(call, target, marks, clock.signal)));
    started.catch(() => {});
    // Some providers hold `doStream` back until the first token; headers count when they come.
    await clock.race(Promise.race([wire.opened, started]));
    yield { type: "open" };
    const { stream } = await clock.race(started);
    // Not cancelled when the call ends: the clock's signal ends the wire below, and in workerd a cancel that meets the
    // error coming up from there leaves a rejection that nobody can handle.
    const reader = stream.getReader();
    reader.closed.catch(() => {});
    for (;;) {
      const { done, value } = await clock.race(reader.read());
      if (done) return;
      for (const part of partsOf(value, wire.billedNano)) {
        if (part.type === "end") wire.answered();
        yield part;
        if (part.type === "end") return;
      }
    }
  } catch (error) {
    throw clock.ended ?? wire.failure ?? failureOf(error);
  }
}

function* partsOf(part: StreamPart, billedNano: NanoUsd | null): Generator<RawPart, void, void> {
  switch (part.type) {
    case "text-delta":
      yield { type: "text", text: part.delta };
      break;
    case "reasoning-delta":
      yield { type: "reasoning", text: part.delta };
      break;
    case "tool-input-start":
      yield { type: "call-text", text: "" };
      break;
    case "tool-input-delta":
      yield { type: "call-text", text: part.delta };
      break;
    case "tool-call":
      // What a provider runs itself was not offered from here, and is nobody's to answer.
      if (!part.providerExecuted)
        yield { type: "call", call: { id: part.toolCallId, name: part.toolName, arguments: part.input } };
      break;
    case "error":
      throw failureOf(part.error);
    case "finish": {
      const { unified, raw } = part.finishReason;
      if (unified === "interrupted")
        throw new ModelFailure("truncated", "the stream ended without the provider's end marker");
      if (unified === "error" && raw === "stream-truncated")
        throw new ModelFailure("truncated", "the stream ended without the provider's end marker");
      // Gemini's word for a call that its model wrote wrongly is no fault of the provider's.
      const ended = unified === "error" && raw === "MALFORMED_FUNCTION_CALL" ? "other" : unified;
      if (ended === "error") throw new ModelFailure("error-frame", "the provider ended its stream with an error");
      // "abort" and its like are no end of an answer, whatever the SDK makes of them.
      if (raw !== undefined && /abort|cancel|interrupt/i.test(raw))
        throw new ModelFailure("truncated", "the provider aborted its answer");
      const { inputTokens, outputTokens } = part.usage;
      if (inputTokens.total !== undefined && outputTokens.total !== undefined) {
        yield {
          type: "usage",
          usage: {
            input: inputTokens.total,
            output: outputTokens.total,
            ...(inputTokens.cacheRead ? { cachedInput: inputTokens.cacheRead } : {}),
            ...(inputTokens.cacheWrite ? { cacheWrite: inputTokens.cacheWrite } : {}),
            ...(outputTokens.reasoning ? { reasoning: outputTokens.reasoning } : {}),
            ...(billedNano === null ? {} : { billedNano }),
            source: "provider",
          },
        };
      }
      // workers-ai-provider calls an end it does not know "stop".
      const known = raw === "content_filter" ? "content-filter" : ended === "tool-calls" ? "calls" : ended;
      const finish = known === "other" && raw === undefined ? "unknown" : known;
      const said = raw === undefined ? {} : { said: raw.slice(0, 40) };
      // The SDK folds refusals into "content-filter"; the provider's own word tells them apart.
      yield {
        type: "end",
        finish,
        ...said,
        refused: finish === "content-filter" && (raw === "refusal" || raw === "stop"),
      };
      break;
    }
    default:
  }
}

/** What an error of the SDK means, by its kind: its text may hold the prompt or the key. */
function failureOf(error: unknown): unknown {
  if (error instanceof ModelFailure || !(error instanceof Error)) return error;
  const status = "statusCode" in error && typeof error.statusCode === "number" ? error.statusCode : null;
  if (status !== null && status !== 200) return new ModelFailure(reasonOfStatus(status), `HTTP ${status}`, { status });
  if (/JSONParse|TypeValidation|InvalidResponseData/.test(error.name))
    return new ModelFailure("malformed-stream", "the provider's stream does not have its form");
  if (/EmptyResponseBody|NoContent/.test(error.name))
    return new ModelFailure("empty-answer", "a response without a body");
  if (/LoadAPIKey|LoadSetting/.test(error.name))
    return new ModelFailure("unauthorized", "no key is set for this provider");
  if (/APICall/.test(error.name)) return new ModelFailure("server-error", "the provider's answer could not be read");
  return new ModelFailure("error-frame", "the provider sent an error in its stream");
}
