import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventStreamParser, type StreamEvent } from "../../src/models/event-stream.ts";
import { ModelFailure } from "../../src/race/model-port.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** Parses bytes cut at the given places. */
function parse(bytes: Uint8Array, cuts: number[]): StreamEvent[] {
  const parser = new EventStreamParser();
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const events = places.slice(1).flatMap((to, i) => parser.push(bytes.subarray(places[i], to)));
  return [...events, ...parser.end()];
}

const reasonOf = (text: string | Uint8Array): string => {
  try {
    parse(typeof text === "string" ? encode(text) : text, []);
    return "none";
  } catch (error) {
    return error instanceof ModelFailure ? error.reason : "other";
  }
};

describe("EventStreamParser", () => {
  it("gives the same events however the bytes are cut", () => {
    const line = fc.string({ unit: "grapheme", maxLength: 30 }).map((text) => text.replace(/[\r\n]/g, " "));
    const event = fc.record({
      data: fc.array(line, { minLength: 1, maxLength: 3 }),
      name: fc.constantFrom("", "ping"),
    });
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 6 }),
        fc.constantFrom("\n", "\r\n"),
        fc.array(fc.nat(), { maxLength: 40 }),
        (events, newline, cuts) => {
          const text = events
            .map(({ data, name }) => {
              const lines = [...(name ? [`event: ${name}`] : []), ...data.map((d) => `data: ${d}`), ": comment", ""];
              return lines.map((l) => l + newline).join("");
            })
            .join("");
          const wanted = events.map(({ data, name }) => ({ event: name || "message", id: "", data: data.join("\n") }));
          expect(parse(encode(text), cuts)).toEqual(wanted);
        },
      ),
    );
  });

  it("reads fields with and without a space, ids and retry, and a last event without its blank line", () => {
    expect(parse(encode("id: 1\nretry: 10\ndata:a\n\ndata: b"), [])).toEqual([
      { event: "message", id: "1", data: "a" },
      { event: "message", id: "", data: "b" },
    ]);
  });

  it("drops a byte order mark", () => {
    expect(parse(new Uint8Array([0xef, 0xbb, 0xbf, ...encode("data: a\n\n")]), [])).toEqual([
      { event: "message", id: "", data: "a" },
    ]);
  });

  it.each([
    ["bytes that are not UTF-8", new Uint8Array([...encode("data: "), 0xff, 0xfe, 10, 10]), "malformed-stream"],
    ["a character cut off by the end", new Uint8Array([...encode("data: "), 0xf0, 0x9f]), "malformed-stream"],
    ["a line that is no field", "<html>\n\n", "malformed-stream"],
    ["a field name with blanks", "no field: at all\n\n", "malformed-stream"],
    ["a line over a megabyte", `data: ${"x".repeat(1_100_000)}`, "too-large"],
    ["an event over a megabyte in many lines", "data: 0123456789\n".repeat(110_000), "too-large"],
    ["an unknown field", "meta: fine\ndata: a\n\n", "none"],
  ])("%s", (_, bytes, reason) => {
    expect(reasonOf(bytes)).toBe(reason);
  });

  it("never throws anything but a typed failure", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(reasonOf(bytes)).not.toBe("other");
      }),
    );
  });
});
