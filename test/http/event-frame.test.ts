import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { frameOf } from "../../src/http/event-frame.ts";

describe("a server-sent event", () => {
  it("is the line as it is, whatever its content looks like", () => {
    const text = fc.oneof(
      fc.string(),
      fc.constantFrom('","seq":9,"atMs":9}', '{"type":"forged"}', ',"seq":9,"atMs":9}', "\n\nevent: forged\n"),
    );
    fc.assert(
      fc.property(text, fc.nat(), fc.nat(), fc.boolean(), (content, seq, atMs, nested) => {
        const value = nested ? { text: content, seq: 1, atMs: 2 } : content;
        const event = { type: "text-streamed", microtask: content, value, seq, atMs };
        const [kind, data, id, ...rest] = frameOf(JSON.stringify(event)).split("\n");
        expect([kind, id, rest]).toEqual(["event: text-streamed", `id: ${seq}`, ["", ""]]);
        expect(JSON.parse(data?.slice("data: ".length) ?? "")).toEqual(event);
      }),
    );
  });

  it("is read where its fields stand in another order", () => {
    const line = JSON.stringify({ seq: 4, atMs: 5, type: "job-ended", status: "cancelled", last: { seq: 7, atMs: 8 } });
    expect(frameOf(line)).toBe(`event: job-ended\ndata: ${line}\nid: 4\n\n`);
  });

  it("of a blank line is a comment", () => expect(frameOf("")).toBe(": beat\n\n"));
});
