import { ModelFailure } from "../race/model-port.ts";
import type { CallClock } from "./call-clock.ts";
import type { Target } from "./endpoint.ts";
import { readHeadroom } from "./headroom.ts";
import { failureOfStatus } from "./http-failure.ts";

const maxErrorBytes = 16 * 1024;
const errorBodyMs = 300;

/**
 * Sends a request and returns its response once the status is 200; any other is thrown as a typed `ModelFailure`.
 * Redirects are not followed: they would carry the key to another host. Rate headers go to `onHeadroom`.
 */
export async function openResponse(
  url: string,
  init: RequestInit,
  clock: CallClock,
  target: Target,
): Promise<Response> {
  const response = await clock.race(fetch(url, { ...init, redirect: "manual", signal: clock.signal }));
  if (target.onHeadroom) {
    const headroom = readHeadroom(response.headers, Date.now());
    if (headroom) target.onHeadroom(target.bidder.arm?.of ?? target.bidder.id, headroom);
  }
  if (response.status !== 200)
    throw failureOfStatus(response.status, response.headers, await errorText(response, clock));
  return response;
}

/** Reads a body chunk by chunk, each under its call's clock. To be closed however the reading ends. */
export class BodyReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #clock: CallClock;
  #done = false;

  constructor(body: ReadableStream<Uint8Array>, clock: CallClock) {
    this.#reader = body.getReader();
    this.#clock = clock;
  }

  /** null: the body's end. Rejects when the connection breaks or the call is ended. */
  async next(): Promise<Uint8Array | null> {
    const { done, value } = await this.#clock.race(this.#reader.read());
    if (!done) return value;
    this.#done = true;
    this.#clock.bodyRead();
    return null;
  }

  /**
   * All that is wanted was read. The body's end is awaited beside what follows, `ms` at most and whether or not the call
   * has ended by then, since only a body that was read to its end leaves its connection to the next call.
   */
  endAside(ms: number): void {
    if (this.#done) return;
    this.#done = true;
    this.#clock.bodyRead();
    const letGo = () => void this.#reader.cancel().catch(() => {});
    const timer = setTimeout(letGo, ms);
    this.#reader.read().then(
      ({ done }) => {
        clearTimeout(timer);
        if (!done) letGo();
      },
      () => clearTimeout(timer),
    );
  }

  close(): void {
    if (this.#done) return;
    this.#done = true;
    this.#reader.cancel().catch(() => {});
  }
}

/** A whole body as text, refused above `maxBytes`. */
export async function readWhole(body: ReadableStream<Uint8Array>, clock: CallClock, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  const reader = new BodyReader(body, clock);
  try {
    for (let chunk = await reader.next(); chunk !== null; chunk = await reader.next()) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new ModelFailure("too-large", `a body longer than ${maxBytes} bytes`);
      text += decoder.decode(chunk, { stream: true });
    }
  } finally {
    reader.close();
  }
  return text + decoder.decode();
}

/** The start of an error's body, for its code; it is not waited for long. */
async function errorText(response: Response, clock: CallClock): Promise<string> {
  if (!response.body) return "";
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  const timer = setTimeout(() => void reader.cancel().catch(() => {}), errorBodyMs);
  let text = "";
  try {
    while (text.length < maxErrorBytes) {
      const { done, value } = await clock.race(reader.read());
      if (done) break;
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    // The status alone says enough.
  }
  clearTimeout(timer);
  reader.cancel().catch(() => {});
  return text;
}
