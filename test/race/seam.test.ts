import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Seam } from "../../src/race/seam.ts";

const given = "The harbour opens at six. Boats leave every half hour until noon, ";

/** What comes of a continuation that arrives in these pieces; null: it repeats. */
function sewn(pieces: readonly string[], from = given): string | null {
  const seam = new Seam(from);
  let text = "";
  for (const piece of [...pieces, null]) {
    const result = piece === null ? seam.end() : seam.push(piece);
    if (result.repeats) return null;
    text += result.text;
  }
  return text;
}

const inPieces = (text: string, sizes: readonly number[]): string[] => {
  const pieces: string[] = [];
  for (let at = 0, i = 0; at < text.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    pieces.push(text.slice(at, at + size));
    at += size;
  }
  return pieces;
};

describe("the seam of a continuation", () => {
  it("passes on at once what cannot be a repeat", () => {
    const seam = new Seam(given);
    expect(seam.push("except")).toEqual({ repeats: false, text: "except" });
    expect(seam.push(" on Sundays.")).toEqual({ repeats: false, text: " on Sundays." });
  });

  it("does not say the white space between twice, nor leave it out", () => {
    expect(sewn([" except", " then"])).toBe("except then");
    expect(sewn(["\nexcept"])).toBe("\nexcept");
    expect(sewn(["except"])).toBe("except");
    expect(sewn(["ise."], "I prom")).toBe("ise.");
  });

  it("trims the whole of what was given, or its end", () => {
    expect(sewn([`${given}and later.`])).toBe("and later.");
    expect(sewn(["every half hour until noon, and later."])).toBe("and later.");
    expect(sewn(["Boats leave every half hour", " until noon,", " and later."])).toBe("and later.");
  });

  it("leaves short repeats alone: they are language", () => {
    expect(sewn(["until noon, I mean."])).toBe("until noon, I mean.");
    expect(sewn(["ha!"], "ha, ha, ")).toBe("ha!");
    expect(sewn(["The tide"])).toBe("The tide");
  });

  it("finds out who starts over, and who repeats a second time", () => {
    expect(sewn(["The harbour opens at", " seven."])).toBeNull();
    expect(sewn([given, given, "and later."])).toBeNull();
    expect(sewn(["The harbour opens at six"])).toBeNull();
  });

  it("comes to the same whatever the pieces are", () => {
    const continuations = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.nat(given.length).map((at) => `${given.slice(at)}and more.`),
      fc.nat(given.length).map((at) => `${given.slice(0, at)} or not.`),
    );
    fc.assert(
      fc.property(
        continuations,
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
        (text, sizes) => {
          expect(sewn(inPieces(text, sizes))).toBe(sewn([text]));
        },
      ),
      { numRuns: 500 },
    );
  });

  it("loses and adds nothing where nothing is repeated", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), fc.string({ minLength: 1, maxLength: 60 }), (before, text) => {
        fc.pre(!before.includes(text.trim().slice(0, 1)) && text.trim() !== "" && before.trim() === before);
        expect(sewn([text], before)).toBe(text);
      }),
    );
  });
});
