import { expect, it } from "vitest";
import { criterionText } from "../../src/adapt/criterion-text.ts";
import { chooseExamples } from "../../src/adapt/examples.ts";
import { promptFor } from "../../src/adapt/prompt.ts";
import { type Kind, kindLabels } from "../../src/plan/kind.ts";
import { singlePlan } from "../../src/plan/templates.ts";
import { requestOf } from "../engine/world.ts";

function systemOf(kind: Kind, labels: string[] | null): string {
  const [task] = singlePlan(requestOf({ kind, labels })).microtasks;
  if (task === undefined) throw new Error("a plan without a microtask");
  return promptFor(task, { text: "a text", images: [] }, null, null, [])[0]?.content ?? "";
}
const namedIn = (system: string): string[] => (system.match(/"[^"]+"/g) ?? []).map((quoted) => quoted.slice(1, -1));

it("tells a model the labels that its answer is held to, and no others", () => {
  for (const [kind, labels] of Object.entries(kindLabels) as [Kind, string[]][]) {
    expect(namedIn(systemOf(kind, null))).toEqual(labels);
    expect(namedIn(systemOf(kind, ["one", "other"]))).toEqual(["one", "other"]);
  }
  expect(namedIn(systemOf("answer", null))).toEqual([]);
});

it("tells a model all that its answer is held to, but for expressions", () => {
  expect(criterionText({ type: "words", min: 200 })).toBe("At least 200 words.");
  expect(criterionText({ type: "length", min: 20, max: 300 })).toBe("At least 20 characters. At most 300 characters.");
  expect(criterionText({ type: "length", min: 1, max: 300 })).toBe("At most 300 characters.");
  expect(criterionText({ type: "pattern", pattern: "^INV-", must: true })).toContain("^INV-");
  expect(criterionText({ type: "pattern", pattern: "foo", must: false })).toContain("must not");
  expect(criterionText({ type: "number", path: "/total", min: 0 })).toBe('At "/total" stands a number, at least 0.');
  expect(criterionText({ type: "number", path: "", min: 1, max: 9 })).toContain(
    "a number alone, at least 1, at most 9",
  );
  expect(criterionText({ type: "quotes", minChars: 12 })).toContain("word for word");
  expect(criterionText({ type: "parses", language: "json" })).toContain("valid JSON");
  const [task] = singlePlan(
    requestOf({ contract: { criteria: [{ type: "words", min: 200 }], judged: [] } }),
  ).microtasks;
  if (task === undefined) throw new Error("a plan without a microtask");
  expect(promptFor(task, { text: "a text", images: [] }, null, null, [])[0]?.content).toContain("At least 200 words.");
});

it("passes over examples that do not fit, however alike they are", () => {
  const examples = ["red", "blue", "green"].map((output) => ({
    input: "the same text",
    output,
    only: { bidders: null, region: null },
  }));
  expect(chooseExamples(examples, "the same text", ({ output }) => output !== "red", 1)).toEqual([examples[1]]);
  let looks = 0;
  const none = () => {
    looks += 1;
    return false;
  };
  expect(chooseExamples(Array(50).fill(examples[0]), "the same text", none)).toEqual([]);
  expect(looks).toBe(8);
});
