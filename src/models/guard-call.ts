import type { Bidder } from "../market/bidder.ts";
import type { Usage } from "../money/price.ts";
import { StopSequences } from "../output/stop-sequences.ts";
import { type AbortSignalLike, type Finish, type ModelCall, ModelFailure, type ModelPart } from "../race/model-port.ts";
import { AnswerCalls, type RawCall } from "./answer-calls.ts";
import { CallCancelled, CallClock } from "./call-clock.ts";
import { UsageTally } from "./usage-tally.ts";

/** What a provider's reader yields; the guard makes the port's promises of it. */
export type RawPart =
  | { type: "open" }
  /** again: it was given as reasoning before, and turned out to be the answer. */
  | { type: "text"; text: string; again?: true }
  | { type: "reasoning"; text: string }
  /** A piece of a call, or a sign that one is being written: "". */
  | { type: "call-text"; text: string }
  | { type: "call"; call: RawCall }
  | { type: "usage"; usage: Usage }
  | { type: "repeat"; how: "dropped" | "alike" }
  /** finish "calls": the provider says that calls are the answer. */
  | { type: "end"; finish: Finish | "calls"; said?: string; refused?: boolean };

const maxAnswerChars = 4 * 1024 * 1024;
const minAnswerCap = 256 * 1024;

/**
 * Runs one provider's reader under the promises of `ModelPort.stream`, the same for all: four time-outs, prompt abort,
 * an answer that is whole or a typed failure, its calls only once it is whole, one usage part before the end, and,
 * before a cut or a failure that may be billed, a usage part with what was seen. After an abort it yields at most that
 * usage and returns. `cached`: its provider was asked to cache the prompt.
 */
export async function* guardCall(
  call: ModelCall,
  bidder: Bidder,
  signal: AbortSignalLike,
  read: (clock: CallClock) => AsyncGenerator<RawPart, void, void>,
  cached = false,
): AsyncGenerator<ModelPart, void, void> {
  if (signal.aborted) return;
  const clock = new CallClock(call.timeouts, signal);
  const tally = new UsageTally(call, bidder, cached);
  const calls = new AnswerCalls(call);
  const cap = Math.min(maxAnswerChars, Math.max(minAnswerCap, call.maxOutputTokens * 32));
  const stops = call.stop === undefined ? null : new StopSequences(call.stop);
  let opened = false;
  let texts = false;
  try {
    for await (const part of read(clock)) {
      switch (part.type) {
        case "open":
          if (opened) break;
          opened = true;
          clock.opened();
          yield part;
          break;
        case "text":
        case "reasoning":
        case "call-text":
          if (part.text !== "" || part.type === "call-text") clock.progressed();
          if (part.text === "") break;
          if (part.type === "reasoning") tally.sawReasoning(part.text);
          else if (part.type !== "text" || part.again !== true) tally.sawText(part.text);
          if (tally.seenLength > cap) throw new ModelFailure("too-large", `answer longer than ${cap} characters`);
          if (part.type === "text" && stops !== null) {
            const text = stops.push(part.text);
            if (text !== "") yield { type: "text", text };
            texts ||= text !== "";
            if (!stops.met) break;
            if (!texts) throw new ModelFailure("empty-answer", "a stop sequence came before any text");
            // What the provider would have sent after it is read by nobody.
            yield { type: "usage", usage: tally.cut(opened) };
            yield { type: "end", finish: "stop" };
            return;
          }
          if (part.type === "text") texts = true;
          yield part;
          break;
        case "call":
          calls.add(part.call);
          // Its arguments were seen as they came.
          tally.sawText(part.call.name);
          break;
        case "repeat":
          yield part;
          break;
        case "usage":
          tally.report(part.usage);
          break;
        case "end": {
          if (part.refused) throw new ModelFailure("refused", "the model refused to answer");
          if (part.finish === "content-filter")
            throw new ModelFailure("content-filter", "stopped by the provider's content filter");
          const rest = stops?.end() ?? "";
          if (rest !== "") yield { type: "text", text: rest };
          texts ||= rest !== "";
          const wished = calls.ended(part.finish);
          const finish = part.finish !== "calls" ? part.finish : wished.length > 0 ? "stop" : "other";
          if (!texts && wished.length === 0) throw finish === "length" ? usedUp(call, bidder) : nothingSaid(finish);
          for (const call of wished) yield { type: "call", call };
          yield { type: "usage", usage: tally.whole() };
          yield { type: "end", finish, ...(finish === "other" && part.said !== undefined ? { said: part.said } : {}) };
          return;
        }
      }
      if (clock.ended) throw clock.ended;
    }
    throw clock.ended ?? new ModelFailure("truncated", "the stream ended without the provider's end marker");
  } catch (thrown) {
    const cause = clock.ended ?? thrown;
    if (cause instanceof CallCancelled) {
      yield { type: "usage", usage: tally.cut(opened) };
      return;
    }
    const failure = cause instanceof ModelFailure ? cause : connectionLost(opened);
    if (mayBeBilled(failure, opened)) {
      const complete =
        failure.reason === "refused" || failure.reason === "content-filter" || failure.reason === "empty-answer";
      yield { type: "usage", usage: complete ? tally.whole() : tally.cut(opened) };
    }
    throw failure;
  } finally {
    clock.stop();
  }
}

const nothingSaid = (finish: Finish): ModelFailure =>
  new ModelFailure("empty-answer", `neither text nor a call (finish: ${finish})`);

/** Whoever thinks pays for its thoughts with what its answer may have, unless it has room for them. */
function usedUp({ maxOutputTokens }: ModelCall, { reasoningTokens = 0 }: Bidder): ModelFailure {
  const room = reasoningTokens === 0 ? "" : ` and ${reasoningTokens} to think`;
  return new ModelFailure(
    "empty-answer",
    `the cap of ${maxOutputTokens} tokens${room} was used up before any text, by thinking if it thinks: raise max_tokens (maxOutputTokens), or the bidder's --thinking`,
    { capped: true },
  );
}

/** An error whose text may hold addresses or prompt text is not passed on, only its kind. */
const connectionLost = (opened: boolean): ModelFailure =>
  new ModelFailure(
    "connection-lost",
    opened ? "the connection broke while streaming" : "no connection to the provider",
  );

/** A provider that answered with an error status, or was never reached, bills nothing. */
const mayBeBilled = (failure: ModelFailure, opened: boolean): boolean =>
  opened || failure.reason === "connect-timeout" || failure.reason === "total-timeout";
