import type { LoggedEvent } from "../job/job-event.ts";

/** One event is at most a job's whole input and plan. */
const maxLineChars = 64 * 1024 * 1024;
/** The platform's own streams give 4 KB at a time unless there is room for more: a long replay would be 500 reads. */
const readBytes = 128 * 1024;

/**
 * Reads a job's NDJSON stream: events in order, null for a heartbeat. Ends when the stream does or the signal is
 * aborted, which also cancels the stream; throws what the stream throws.
 */
export async function* readEvents(
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<LoggedEvent | null, void> {
  for await (const lines of readLines(stream, signal))
    for (const line of lines) yield line.trim() === "" ? null : (JSON.parse(line) as LoggedEvent);
}

/** The same as text, in the pieces in which it came: a blank line for a heartbeat. */
export async function* readLines(
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<string[], void> {
  const reader = readerOf(stream);
  const stop = () => void reader.cancel().catch(() => {});
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  const decoder = new TextDecoder();
  // Of a line that has not ended: joined and searched once, for a picture's line comes in a thousand pieces.
  let pieces: string[] = [];
  let chars = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) return;
      const lines = decoder.decode(value, { stream: true }).split("\n");
      const rest = lines.pop() ?? "";
      if (lines[0] !== undefined) {
        lines[0] = pieces.join("") + lines[0];
        pieces = [];
        chars = 0;
        yield lines;
      }
      pieces.push(rest);
      chars += rest.length;
      if (chars > maxLineChars) throw new Error("An event is larger than a job may be.");
    }
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}

interface Reader {
  read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

/** Of a stream of bytes, a reader that takes much at once; of any other, the usual one. */
function readerOf(stream: ReadableStream<Uint8Array>): Reader {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = stream.getReader({ mode: "byob" });
  } catch {
    return stream.getReader();
  }
  let room = new Uint8Array(readBytes);
  return {
    async read() {
      const { done, value } = await reader.read(room);
      // What was decoded is not needed any more, and its memory is as good as new.
      if (value !== undefined) room = new Uint8Array(value.buffer as ArrayBuffer);
      return { done, value };
    },
    cancel: () => reader.cancel(),
  };
}
