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
    if (headroom) target.onHeadroom(target.bidder.id, headroom);
  }
  if (response.status !== 200)
    throw failureOfStatus(response.status, response.headers, await errorText(response, clock));
  return response;
}

/** The chunks of a body; the reader is released and the body cancelled however the loop ends. */
export async function* readChunks(
  body: ReadableStream<Uint8Array>,
  clock: CallClock,
): AsyncGenerator<Uint8Array, void, void> {
  const reader = body.getReader();
  let whole = false;
  try {
    for (;;) {
      const { done, value } = await clock.race(reader.read());
      if (done) {
        whole = true;
        clock.bodyRead();
        return;
      }
      yield value;
    }
  } finally {
    if (!whole) reader.cancel().catch(() => {});
  }
}

/** A whole body as text, refused above `maxBytes`. */
export async function readWhole(body: ReadableStream<Uint8Array>, clock: CallClock, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of readChunks(body, clock)) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new ModelFailure("too-large", `a body longer than ${maxBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
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
