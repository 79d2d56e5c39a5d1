import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readEvents, readLines } from "../../src/http/read-events.ts";

/** A stream of `bytes` cut at `cuts`, and what became of it. */
function cutStream(bytes: Uint8Array, cuts: number[], type?: "bytes", closes = true) {
  const seen = { cancelled: false };
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1))), bytes.length].sort((a, b) => a - b);
  const source = {
    start(controller: { enqueue(chunk: Uint8Array): void; close(): void }) {
      let from = 0;
      for (const end of ends) {
        if (end > from) controller.enqueue(bytes.slice(from, end));
        from = end;
      }
      if (closes) controller.close();
    },
    cancel() {
      seen.cancelled = true;
    },
  };
  const stream =
    type === "bytes"
      ? new ReadableStream({ ...source, type } as UnderlyingByteSource)
      : new ReadableStream<Uint8Array>(source as UnderlyingDefaultSource<Uint8Array>);
  return { stream: stream as ReadableStream<Uint8Array>, seen };
}
const signal = () => new AbortController().signal;
const encode = (text: string) => new TextEncoder().encode(text);

describe("a job's stream", () => {
  it("gives the same events and heartbeats however it is cut, and no line that has not ended", async () => {
    const event = fc.record({ type: fc.constantFrom("a", "b"), text: fc.string({ unit: "binary" }) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.option(event)),
        fc.boolean(),
        fc.array(fc.nat(5000), { maxLength: 40 }),
        fc.constantFrom(undefined, "bytes" as const),
        async (events, torn, cuts, type) => {
          const text = events.map((one) => `${one === null ? "" : JSON.stringify(one)}\n`).join("");
          const { stream } = cutStream(encode(torn ? `${text}{"type":"tor` : text), cuts, type);
          const read: unknown[] = [];
          for await (const one of readEvents(stream, signal())) read.push(one);
          expect(read).toEqual(events);
        },
      ),
    );
  });

  it("a line of megabytes comes whole, with what stands behind it", async () => {
    const line = JSON.stringify({ type: "a", text: "ä".repeat(2_000_000) });
    const cuts = Array.from({ length: 999 }, (_, i) => i * 4096 + 1);
    const lines: string[] = [];
    for await (const some of readLines(cutStream(encode(`${line}\n\n{}\n`), cuts).stream, signal()))
      lines.push(...some);
    expect(lines).toEqual([line, "", "{}"]);
  });

  it("is let go of when nobody reads on, or the signal says so", async () => {
    const left = cutStream(encode("{}\n{}\n"), [3], undefined, false);
    for await (const _ of readEvents(left.stream, signal())) break;
    expect(left.seen.cancelled).toBe(true);
    const stopped = cutStream(encode("{}\n{}\n"), [3], undefined, false);
    const read: unknown[] = [];
    for await (const one of readEvents(stopped.stream, AbortSignal.abort())) read.push(one);
    expect(read).toEqual([]);
    expect(stopped.seen.cancelled).toBe(true);
  });
});
