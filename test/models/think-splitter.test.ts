import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ThinkSplitter } from "../../src/models/openai-compatible/think-splitter.ts";

function split(text: string, cuts: number[], splitter = new ThinkSplitter()) {
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

/** The same, and whether text that was given turned out to be thinking. */
function told(text: string, cuts: number[], unopened = false) {
  const splitter = new ThinkSplitter(unopened);
  const { text: answer } = split(text, cuts, splitter);
  return { answer, exposed: splitter.exposed, thought: splitter.thought };
}
const anyCuts = fc.array(fc.nat(), { maxLength: 30 });

describe("thoughts that no tag opened", () => {
  const thoughts = "Two and three,\nso five.";
  it.each([
    ["on a line of its own", `${thoughts}\n</think>\n\nThe answer is 5`],
    ["on a line of its own, before the answer's", `${thoughts}\n</think>\nThe answer is 5`],
    ["before a blank line", `${thoughts}</think>\n\nThe answer is 5`],
    ["with nothing behind it", `${thoughts}\n</think>`],
    ["of which none were thought", "</think>\n\nThe answer is 5"],
  ])("are noticed by a closing tag %s, and nothing after it is given", (_how, text) => {
    fc.assert(
      fc.property(anyCuts, (cuts) => {
        const { answer, exposed, thought } = told(text, cuts);
        // Where they came in one piece with their tag, none had been given.
        if (thought === "unopened") expect(answer).toBe(text.endsWith("5") ? "The answer is 5" : "");
        else expect([exposed, answer.includes("The answer")]).toEqual([true, false]);
      }),
    );
    expect(told(text, [3, 9]).exposed).toBe(true);
  });

  it.each([
    ["within a line", "The tag </think> closes what <think> opens.\n\nThat is all."],
    ["at the end of a line that goes on", "It ends with </think>\nand then comes the answer."],
    ["after an opening one", "Write <think>\nlike this\n</think>\n\nand it is gone."],
    ["in a block of code", "Look:\n\n```\nso 5\n</think>\n\nFive\n```\n"],
    ["that is not the first", "First `</think>`, then\n</think>\n\nmore."],
    ["after 64 KB", `${"word ".repeat(13_200)}\n</think>\n\nmore`],
  ])("are not supposed of an answer that has the tag %s", (_how, text) => {
    fc.assert(
      fc.property(anyCuts, (cuts) => {
        expect(told(text, cuts)).toEqual({ answer: text, exposed: false, thought: null });
      }),
      { numRuns: 20 },
    );
  });

  it("are held as such where the model is known for them, however the pieces are cut", () => {
    fc.assert(
      fc.property(anyCuts, (cuts) => {
        const known = new ThinkSplitter(true);
        expect(split(`${thoughts}\n</think>\n\nThe answer is 5`, cuts, known)).toEqual({
          reasoning: `${thoughts}\n`,
          text: "The answer is 5",
        });
        expect(known.thought).toBe("unopened");
      }),
    );
  });

  it("were none where no tag came: the text is the answer after all, unless its cap cut it", () => {
    const whole = new ThinkSplitter(true);
    expect(split("Just five", [4], whole)).toEqual({ reasoning: "Just five", text: "Just five" });
    const cut = new ThinkSplitter(true);
    expect(cut.push("Two and th")).toEqual({ reasoning: "Two and th", text: "" });
    expect(cut.end(true)).toEqual({ reasoning: "", text: "" });
  });

  it("may be opened by a tag this time", () => {
    expect(split("<think>a</think>\n\nb", [2, 11], new ThinkSplitter(true))).toEqual({ reasoning: "a", text: "b" });
  });

  it("are not looked for in the rest of an answer", () => {
    const rest = new ThinkSplitter(true, false);
    expect(split("a\n</think>\n\nb", [1, 4], rest)).toEqual({ reasoning: "", text: "a\n</think>\n\nb" });
  });
});

it("leaves a closing tag behind thoughts that were marked to the answer", () => {
  const splitter = new ThinkSplitter();
  const got = splitter.push("<think>Five.</think>The tag is\n</think>\n\nand no more.");
  const end = splitter.end();
  expect([got.reasoning, got.text + end.text]).toEqual(["Five.", "The tag is\n</think>\n\nand no more."]);
  expect(splitter.exposed).toBe(false);
});
