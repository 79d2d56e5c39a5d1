import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RepeatedFrames } from "../../src/models/openai-compatible/repeated-frames.ts";

const frame = (text: string, id = "", more = {}) => ({
  event: "message",
  id,
  data: JSON.stringify({ id: "chatcmpl-1", choices: [{ delta: { content: text } }], ...more }),
});
const said = (frames: ReturnType<typeof frame>[]) => {
  const repeats = new RepeatedFrames();
  return frames.map((one) => repeats.next(one, JSON.parse(one.data).choices[0].delta.content));
};

describe("frames that come twice", () => {
  it("are told, and passed on, where nothing numbers them; short tokens repeat all the time", () => {
    expect(said([frame("one "), frame("two "), frame("two "), frame("three")])).toEqual(["ok", "ok", "ok", "alike"]);
    const chant = [frame("ha "), frame("ha "), frame("ha "), frame("no")];
    expect(said(chant)).toEqual(["ok", "ok", "ok", "ok"]);
    for (const text of [" ", "0", "\n", "- ", "a"])
      expect(said([frame(text), frame(text), frame("b")])).toEqual(["ok", "ok", "ok"]);
  });

  it("are dropped where a number that changes with every frame did not", () => {
    const numbered = (n: number, text: string) => frame(text, "", { sequence_number: n });
    expect(said([numbered(0, "a "), numbered(1, "b "), numbered(1, "b "), numbered(2, "b ")])).toEqual([
      "ok",
      "ok",
      "dropped",
      "ok",
    ]);
    expect(said([frame("a", "1"), frame("b", "2"), frame("b", "2"), frame("b", "3")])).toEqual([
      "ok",
      "ok",
      "dropped",
      "ok",
    ]);
  });

  it("are never dropped by an id that a whole answer shares, nor by a number within the text", () => {
    expect(said([frame("ha", "x"), frame("ha", "x"), frame("ha", "x")])).not.toContain("dropped");
    expect(said([frame("a", "x"), frame("b", "x"), frame("a", "y"), frame("a", "y")])).not.toContain("dropped");
    const quoting = '{"sequence_number": 1}';
    expect(said([frame(quoting), frame(quoting), frame("end")])).toEqual(["ok", "ok", "alike"]);
  });

  it("lose nothing of a stream that numbers its frames truly, whatever its text", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("ha", " ", "two ", "0"), { maxLength: 30 }), (texts) => {
        expect(said(texts.map((text, n) => frame(text, String(n))))).not.toContain("dropped");
      }),
    );
  });
});
