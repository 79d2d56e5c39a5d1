import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { surestPrediction } from "../../src/judge/worth-killing.ts";
import type { JsonSchema } from "../../src/plan/contract.ts";
import { openPrefixJudge } from "./open-prefix-judge.ts";

const object: JsonSchema = { type: "object", properties: { a: { type: "number" } } };
const foretells = (text: string, schema: JsonSchema = object, cut = (t: string): string[] => [t]): boolean => {
  const judge = openPrefixJudge({ schema, criteria: [], judged: [] }, { input: "" });
  for (const chunk of cut(text)) judge.push(chunk);
  return judge.prefix().criteria.some((c) => c.criterion === "json" && c.result === "reject");
};
const talk = "Certainly, I would be glad to look into this for you, and to explain how it is done in general. ".repeat(
  3,
);

describe("unlikely JSON", () => {
  it("speaks against an answer that talks on where an object was asked for, and never decides by itself", () => {
    expect(foretells(talk)).toBe(true);
    const judge = openPrefixJudge({ schema: object, criteria: [], judged: [] }, { input: "" });
    judge.push(talk);
    expect(judge.prefix().result).toBe("undecided");
    expect(surestPrediction(judge.prefix())).toMatchObject({ criterion: "json", pFalse: expect.any(Number) });
    // A bracket that comes after all takes it back.
    judge.push(' {"a": 1}');
    expect(surestPrediction(judge.prefix())).toBeNull();
  });

  it("lets pass what the reader knows: preambles, fences, thoughts, and schemas without a bracket", () => {
    for (const text of [
      '{"a": 1}',
      `Here is the JSON that you asked for:\n\`\`\`json\n{"a": 1}\n\`\`\`\n${talk}`,
      `\`\`\`\n${"x".repeat(300)}`,
      `<think>${talk}${talk}`,
      `${" \n".repeat(500)}short`,
    ])
      expect(foretells(text), text.slice(0, 40)).toBe(false);
    expect(foretells(talk, { type: "string" })).toBe(false);
    expect(foretells(talk, true)).toBe(false);
  });

  it("says the same however the text is cut, and nothing of an answer that opens within 120 characters", () => {
    const part = fc.constantFrom("a", "well ", "\n", "`", "``", "```", "é", "{", "[", "<think>", talk.slice(0, 90));
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), fc.array(fc.nat(200), { maxLength: 10 }), (parts, at) => {
        const text = parts.join("");
        const cuts = [...new Set([0, ...at.map((x) => Math.min(x, text.length)), text.length])].sort((a, b) => a - b);
        const pieces = (t: string) => cuts.slice(1).map((to, i) => t.slice(cuts[i], to));
        expect(foretells(text, object, pieces)).toBe(foretells(text));
        const head = text.replace(/\s/g, "").slice(0, 120);
        if (/[{[]/.test(head)) expect(foretells(text)).toBe(false);
        else if (!/```/.test(text) && !/^\s*<think/.test(text) && !/[{[]/.test(text) && head.length >= 120)
          expect(foretells(text)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
