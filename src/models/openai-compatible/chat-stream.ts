import {
  type AbortSignalLike,
  type Finish,
  type ModelCall,
  ModelFailure,
  type ModelPart,
  type Timeouts,
} from "../../race/model-port.ts";
import type { CallClock } from "../call-clock.ts";
import type { Endpoint, Target } from "../endpoint.ts";
import { EventStreamParser, type StreamEvent } from "../event-stream.ts";
import { guardCall, type RawPart } from "../guard-call.ts";
import { BodyReader, openResponse, readWhole } from "../open-response.ts";
import { type ChatChunk, readChatChunk } from "./chat-chunk.ts";
import { chatRequest } from "./chat-request.ts";
import { RepeatedFrames } from "./repeated-frames.ts";
import { type SplitText, ThinkSplitter } from "./think-splitter.ts";
import { beginsInThoughts, mayBeginInThoughts, sawNoUnopened, sawUnopened } from "./unopened-thoughts.ts";
import { WrittenCalls } from "./written-calls.ts";

/** After the finish reason only usage is missing; a server that holds the connection open does not hold the answer. */
const afterFinishMs = 1000;
/** The body's end follows its end marker at once. */
const afterDoneMs = 20;
const maxBodyBytes = 8 * 1024 * 1024;
/** Loading a model of some tens of GB from disk. */
const coldStartMs = 180_000;

/** Streams one call from any server that speaks POST {baseUrl}/chat/completions. */
export function streamChatCompletions(
  target: Target,
  call: ModelCall,
  signal: AbortSignalLike,
): AsyncIterable<ModelPart> {
  const timeouts = target.endpoint.local ? localTimeouts(call.timeouts, target) : call.timeouts;
  return guardCall({ ...call, timeouts }, target.bidder, signal, (clock) => read(target, call, clock));
}

/**
 * Ollama and others send headers only with the first token, so waiting for headers is waiting for it; and the first
 * call loads the model. The total still holds.
 */
function localTimeouts(timeouts: Timeouts, { bidder, warm }: Target): Timeouts {
  const firstTokenMs = warm.has(bidder.id) ? timeouts.firstTokenMs : Math.max(timeouts.firstTokenMs, coldStartMs);
  return { ...timeouts, firstTokenMs, connectMs: Math.max(timeouts.connectMs, firstTokenMs) };
}

async function* read(target: Target, call: ModelCall, clock: CallClock): AsyncGenerator<RawPart, void, void> {
  const { endpoint, apiKey } = target;
  if (!endpoint.baseUrl) throw new ModelFailure("internal", "the endpoint has no base URL");
  const response = await openResponse(
    `${endpoint.baseUrl.replace(/\/+$/, "")}/chat/completions`,
    {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "text/event-stream",
        ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` }),
      },
      body: JSON.stringify(chatRequest(call, target)),
    },
    clock,
    target,
  );
  yield { type: "open" };
  if (!response.body) throw new ModelFailure("malformed-stream", "a response without a body");
  const type = response.headers.get("content-type") ?? "";
  // Who is asked of the tag will speak of it.
  const speaks = call.messages.some(({ content }) => content.includes("</think>"));
  const ending = new Ending(endpoint, call.continues === true, speaks);
  const parts = type.includes("application/json")
    ? readWholeAnswer(response.body, clock, ending)
    : type === "" || type.includes("event-stream") || type.includes("text/plain")
      ? readStream(response.body, clock, ending)
      : null;
  if (!parts) throw new ModelFailure("malformed-stream", "the response is neither an event stream nor JSON");
  for await (const part of parts) {
    if (part.type === "text" || part.type === "call-text") target.warm.add(target.bidder.id);
    yield part;
  }
}

/** What has been said so far about the end, the splitter of the text until there, and the calls. */
class Ending {
  finish: Finish | "calls" | null = null;
  said: string | null = null;
  refused = false;
  readonly calls = new WrittenCalls();
  readonly #endpoint: Endpoint;
  readonly #splitter: ThinkSplitter;
  #texts = false;

  constructor(endpoint: Endpoint, continues: boolean, speaks: boolean) {
    this.#endpoint = endpoint;
    const may = !speaks && mayBeginInThoughts(endpoint);
    this.#splitter = new ThinkSplitter(beginsInThoughts(endpoint), !continues, may);
  }

  text(piece: string): Generator<RawPart, void, void> {
    this.#texts = true;
    return this.#split(this.#splitter.push(piece));
  }

  *parts(): Generator<RawPart, void, void> {
    yield* this.#split(this.#splitter.end(this.finish === "length"));
    const { thought } = this.#splitter;
    if (thought === "unopened") sawUnopened(this.#endpoint);
    else if (this.#texts && this.finish !== "length") sawNoUnopened(this.#endpoint);
    for (const call of this.calls.all()) yield { type: "call", call };
    // An end marker without a reason: the stream is whole, of the answer nobody said so.
    const finish = this.finish ?? "unknown";
    yield { type: "end", finish, ...(this.said === null ? {} : { said: this.said }), refused: this.refused };
  }

  *#split({ reasoning, text, again }: SplitText): Generator<RawPart, void, void> {
    if (this.#splitter.exposed) {
      sawUnopened(this.#endpoint);
      throw new ModelFailure(
        "unmarked-thoughts",
        "its text was thinking, which its server does not mark: from now on that is known of it, and it can be asked again",
      );
    }
    if (reasoning !== "") yield { type: "reasoning", text: reasoning };
    if (text !== "") yield { type: "text", text, ...(again === true ? { again } : {}) };
  }
}

async function* readStream(
  body: ReadableStream<Uint8Array>,
  clock: CallClock,
  ending: Ending,
): AsyncGenerator<RawPart, void, void> {
  const parser = new EventStreamParser();
  const frames = new RepeatedFrames();
  const reader = new BodyReader(body, clock);
  let limit: Limit | null = null;
  try {
    for (;;) {
      if (ending.finish !== null) limit ??= new Limit(afterFinishMs);
      const bytes = limit === null ? await reader.next() : await limit.or(reader.next());
      if (bytes === "late") break;
      const events = bytes === null ? parser.end() : parser.push(bytes);
      for (const event of events) {
        if (event.data === "[DONE]") {
          reader.endAside(afterDoneMs);
          yield* ending.parts();
          return;
        }
        const chunk = chunkOf(event, bytes === null);
        const how = frames.next(event, wordsOf(chunk));
        if (how !== "ok") yield { type: "repeat", how };
        if (how !== "dropped") yield* partsOf(chunk, ending);
      }
      if (bytes === null) break;
    }
  } catch (error) {
    // The answer was whole: what broke after its finish reason takes nothing from it.
    if (ending.finish === null || clock.ended) throw error;
  } finally {
    limit?.lift();
    reader.close();
  }
  if (ending.finish !== null) yield* ending.parts();
}

async function* readWholeAnswer(
  body: ReadableStream<Uint8Array>,
  clock: CallClock,
  ending: Ending,
): AsyncGenerator<RawPart, void, void> {
  const chunk = readChatChunk(await readWhole(body, clock, maxBodyBytes));
  if (!chunk) throw new ModelFailure("malformed-stream", "the response's body is not JSON");
  yield* partsOf(chunk, ending);
  if (ending.finish !== null || ending.refused) yield* ending.parts();
}

function chunkOf(event: StreamEvent, atEnd: boolean): ChatChunk {
  const chunk = readChatChunk(event.data);
  if (event.event === "error" || chunk?.error)
    throw new ModelFailure("error-frame", "the provider sent an error in its stream");
  if (chunk) return chunk;
  if (atEnd) throw new ModelFailure("truncated", "the stream ended within an event");
  throw new ModelFailure("malformed-stream", "an event of the stream is not JSON");
}

/** What a chunk adds to the answer. A piece of a call that came twice spoils its arguments as a word does a text. */
const wordsOf = ({ text, calls }: ChatChunk): string => text + calls.map((piece) => piece.arguments).join("");

function* partsOf(chunk: ChatChunk, ending: Ending): Generator<RawPart, void, void> {
  if (chunk.error) throw new ModelFailure("error-frame", "the provider sent an error in place of an answer");
  if (chunk.reasoning !== "") yield { type: "reasoning", text: chunk.reasoning };
  if (chunk.text !== "") yield* ending.text(chunk.text);
  for (const piece of chunk.calls) yield { type: "call-text", text: ending.calls.push(piece) };
  if (chunk.usage) yield { type: "usage", usage: chunk.usage };
  if (chunk.refused) ending.refused = true;
  if (chunk.finish === "error") throw new ModelFailure("error-frame", "the provider ended its stream with an error");
  if (chunk.finish === "overloaded") throw new ModelFailure("overloaded", "the provider ran out of capacity");
  if (chunk.finish === "aborted") throw new ModelFailure("truncated", "the provider aborted its answer");
  if (chunk.finish !== null) {
    ending.finish = chunk.finish;
    ending.said = chunk.said;
  }
}

/** A time that all reads after it was set share: a timer for each chunk would be two more a call. */
class Limit {
  readonly #late: Promise<"late">;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(ms: number) {
    this.#late = new Promise((resolve) => {
      this.#timer = setTimeout(() => resolve("late"), ms);
    });
  }

  or<T>(pending: Promise<T>): Promise<T | "late"> {
    pending.catch(() => {});
    return Promise.race([pending, this.#late]);
  }

  lift(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}
