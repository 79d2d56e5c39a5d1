import type { LoggedEvent } from "../job/job-event.ts";

/** One event is at most a job's whole input and plan. */
const maxLineChars = 64 * 1024 * 1024;

/**
 * Reads a job's NDJSON stream: events in order, null for a heartbeat. Ends when the stream does or the signal is
 * aborted, which also cancels the stream; throws what the stream throws.
 */
export async function* readEvents(
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<LoggedEvent | null, void> {
  for await (const batch of readBatches(stream, signal)) yield* batch;
}

/** The same, as they came together: a long replay costs a turn of the loop a page, not one an event. */
export async function* readBatches(
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<(LoggedEvent | null)[], void> {
  const reader = stream.getReader();
  const stop = () => void reader.cancel().catch(() => {});
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) return;
      rest += decoder.decode(value, { stream: true });
      if (rest.length > maxLineChars) throw new Error("An event is larger than a job may be.");
      const lines = rest.split("\n");
      rest = lines.pop() ?? "";
      if (lines.length > 0) yield lines.map((line) => (line.trim() === "" ? null : (JSON.parse(line) as LoggedEvent)));
    }
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}
