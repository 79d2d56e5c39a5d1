import type { NanoUsd } from "../../money/nano-usd.ts";
import { ModelFailure } from "../../race/model-port.ts";
import type { CallClock } from "../call-clock.ts";
import type { Target } from "../endpoint.ts";
import { EventStreamParser, type StreamEvent } from "../event-stream.ts";
import { BodyReader, openResponse } from "../open-response.ts";

/** A body ends with its answer, but for what is on its way. */
const afterAnswerMs = 200;

export interface WireOptions {
  /** Events that are not JSON are failures here, for a provider that skips them. */
  strictJson?: boolean;
  /** What one event, or an answer that is no stream, says that the call costs; null: nothing. Only read with `strictJson`. */
  billIn?: (event: unknown) => NanoUsd | null;
}

/**
 * The wire under an AI SDK provider. Providers wrap, drop or soften what goes wrong there; this sees it first: status,
 * broken connection, lines too long or no events, error frames. `failure` is the typed reason, whatever the SDK says.
 */
export class WatchedWire {
  readonly #clock: CallClock;
  readonly #target: Target;
  readonly #options: WireOptions;
  readonly opened: Promise<void>;
  #open: () => void = () => {};
  #body: BodyReader | null = null;
  #failure: ModelFailure | null = null;
  #billedNano: NanoUsd | null = null;

  constructor(clock: CallClock, target: Target, options: WireOptions = {}) {
    this.#clock = clock;
    this.#target = target;
    this.#options = options;
    this.opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  get failure(): ModelFailure | null {
    return this.#failure;
  }

  /** What the provider said last that the call costs; null: nothing yet. */
  get billedNano(): NanoUsd | null {
    return this.#billedNano;
  }

  /** For a provider's `fetch` option. */
  readonly fetch: typeof globalThis.fetch = async (input: RequestInfo | URL, init?: RequestInit) => {
    try {
      const url = input instanceof Request ? input.url : String(input);
      const response = await openResponse(url, init ?? {}, this.#clock, this.#target);
      this.#open();
      const { status, headers, body } = response;
      if (!body || !headers.get("content-type")?.includes("event-stream")) return response;
      return new Response(this.watch(body), { status, headers });
    } catch (error) {
      throw this.#fail(error);
    }
  };

  /** The same bytes, read strictly on their way. Marks the call as open. */
  watch(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    this.#open();
    const reader = new BodyReader(body, this.#clock);
    this.#body = reader;
    // A body that ignores the signal of its request is let go by hand.
    this.#clock.signal.addEventListener("abort", () => reader.close(), { once: true });
    const parser = new EventStreamParser();
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        try {
          const bytes = await reader.next();
          for (const event of bytes === null ? parser.end() : parser.push(bytes)) this.#check(event);
          if (bytes === null) controller.close();
          else controller.enqueue(bytes);
        } catch (error) {
          reader.close();
          controller.error(this.#fail(error));
        }
      },
      cancel: () => reader.close(),
    });
  }

  /** The answer is whole: the body's end, which leaves the connection to the next call, is awaited beside what follows. */
  answered(): void {
    this.#body?.endAside(afterAnswerMs);
  }

  /** Takes what the SDK's provider makes no use of. `event`: one of a stream, or a whole answer. */
  readBill(event: unknown): void {
    this.#billedNano = this.#options.billIn?.(event) ?? this.#billedNano;
  }

  #check({ event, data }: StreamEvent): void {
    if (event === "error" || /^\s*\{\s*"errors?"\s*:\s*[{["]/.test(data))
      throw new ModelFailure("error-frame", "the provider sent an error in its stream");
    if (!this.#options.strictJson || data === "[DONE]") return;
    try {
      this.readBill(JSON.parse(data));
    } catch {
      throw new ModelFailure("malformed-stream", "an event of the stream is not JSON");
    }
  }

  #fail(error: unknown): unknown {
    if (error instanceof ModelFailure) this.#failure ??= error;
    else if (!this.#clock.ended) this.#failure ??= new ModelFailure("connection-lost", "the connection broke");
    return this.#clock.ended ?? this.#failure ?? error;
  }
}
