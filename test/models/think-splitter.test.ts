import fc from "fast-check";
import { expect, it } from "vitest";
import { ThinkSplitter } from "../../src/models/openai-compatible/think-splitter.ts";

function split(text: string, cuts: number[]) {
  const splitter = new ThinkSplitter();
  const places = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
  const parts = places.slice(1).map((to, i) => splitter.push(text.slice(places[i], to)));
  parts.push(splitter.end());
  return { reasoning: parts.map((p) => p.reasoning).join(""), text: parts.map((p) => p.text).join("") };
}

it("splits the same however the pieces are cut", () => {
  const piece = fc
    .stringMatching(/^[a-z<>/ ]{0,20}$/)
    .filter((s) => !s.includes("</think>") && !s.trimStart().startsWith("<"));
  fc.assert(
    fc.property(piece, piece, fc.array(fc.nat(), { maxLength: 30 }), (thought, answer, cuts) => {
      expect(split(`<think>${thought}</think>\n${answer}`, cuts)).toEqual({
        reasoning: thought,
        text: answer.trimStart(),
      });
      expect(split(answer, cuts)).toEqual({ reasoning: "", text: answer });
    }),
  );
});

it("loses nothing when the stream ends early", () => {
  expect(split("<think>half a tho", [3, 9])).toEqual({ reasoning: "half a tho", text: "" });
  expect(split("  <th", [1, 3])).toEqual({ reasoning: "", text: "  <th" });
  expect(split("<think>a</thi", [])).toEqual({ reasoning: "a</thi", text: "" });
});
