import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readAnswer } from "../../src/output/read-answer.ts";
import type { JsonSchema } from "../../src/plan/contract.ts";

const schema: JsonSchema = {
  type: "object",
  properties: {
    label: { enum: ["spam", "ham"] },
    score: { type: "number" },
    tags: { type: "array", items: { type: "string" } },
    sure: { type: "boolean" },
  },
  required: ["label"],
  additionalProperties: false,
};
const read = (text: string, how: JsonSchema = schema) => readAnswer(text, how);

describe("reading an answer", () => {
  it("takes valid JSON as it is, and says that nothing was mended", () => {
    expect(read(' {"label": "spam", "score": 1.5}\n')).toEqual({
      ok: true,
      value: { label: "spam", score: 1.5 },
      repairs: [],
    });
  });

  it("finds it in fences, prose and after thoughts, and names what it cut away", () => {
    const value = { label: "ham" };
    expect(read('```json\n{"label": "ham"}\n```')).toEqual({ ok: true, value, repairs: ["fence-removed"] });
    expect(read('As asked in [1], here it is:\n{"label": "ham"}\nIs {this} right?')).toEqual({
      ok: true,
      value,
      repairs: ["prose-removed"],
    });
    expect(read('<think>{"label": "spam"}?</think>{"label": "ham"}')).toEqual({
      ok: true,
      value,
      repairs: ["thinking-removed"],
    });
    expect(read('Sure:\n```\n{"label": "ham"}')).toMatchObject({ ok: true, value });
  });

  it("repairs what is broken and fits what is nearly right, and names it", () => {
    const cases: [string, unknown, string][] = [
      ["{'label': 'ham', 'sure': True,}", { label: "ham", sure: true }, "json-repaired"],
      ['{"label": "ham", "tags": ["a", "b"', { label: "ham", tags: ["a", "b"] }, "json-repaired"],
      ['{"label": "ham", "score": "1,250.5"}', { label: "ham", score: 1250.5 }, "number-from-string"],
      ['{"label": "ham", "sure": "False"}', { label: "ham", sure: false }, "boolean-from-string"],
      ['{"label": "Ham"}', { label: "ham" }, "enum-case"],
      ['{"label": "ham", "why": "because"}', { label: "ham" }, "extra-key-dropped"],
      ['{"label": "ham", "score": null}', { label: "ham" }, "null-dropped"],
      ['{"label": "ham", "tags": "a"}', { label: "ham", tags: ["a"] }, "list-added"],
      ['[{"label": "ham"}]', { label: "ham" }, "list-removed"],
      ['"{\\"label\\": \\"ham\\"}"', { label: "ham" }, "double-encoded"],
    ];
    for (const [text, value, repair] of cases) {
      const reading = read(text);
      expect(reading, text).toMatchObject({ ok: true, value });
      expect(reading.ok && reading.repairs, text).toContain(repair);
    }
    expect(read(" Spam ", { enum: ["spam", "ham"] })).toEqual({
      ok: true,
      value: "spam",
      repairs: ["bare-text", "enum-case"],
    });
    expect(
      read('{"to": {"id": "7"}}', {
        type: "object",
        properties: { to: { anyOf: [{ $ref: "#/$defs/to" }, { type: "null" }] } },
        $defs: { to: { type: "object", properties: { id: { type: "integer" } } } },
      }),
    ).toMatchObject({ value: { to: { id: 7 } } });
  });

  it("invents nothing: what is missing or wrong stays an error with its place", () => {
    expect(read('{"score": 1}')).toMatchObject({
      ok: false,
      errors: [{ path: "", message: expect.stringContaining("label") }],
    });
    expect(read('{"label": "eggs"}')).toMatchObject({ ok: false, errors: [{ path: "/label" }] });
    expect(read('{"label": "ham", "score": "many"}')).toMatchObject({ ok: false, errors: [{ path: "/score" }] });
    expect(read("I cannot help with that.")).toMatchObject({
      ok: false,
      errors: [{ message: "the answer holds no JSON" }],
    });
    expect(read("  ")).toMatchObject({ ok: false, errors: [{ message: "the answer is empty" }] });
    expect(read("The answer is true or false", { type: "boolean" }).ok).toBe(false);
  });

  it("never throws, whatever it is given", () => {
    const bits = fc
      .array(
        fc.constantFrom(
          "{",
          "}",
          "[",
          "]",
          '"',
          "'",
          ":",
          ",",
          "label",
          "```",
          "\\",
          "\n",
          "1",
          "<think>",
          "//",
          "/*",
          "\ud800",
          "true",
        ),
        { maxLength: 40 },
      )
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(
        fc.oneof(
          bits,
          fc.array(fc.nat(0xffff), { maxLength: 20 }).map((units) => String.fromCharCode(...units)),
          fc.json(),
        ),
        fc.constantFrom<JsonSchema>(schema, true, false, {}, { type: "array" }, { $ref: "#/nowhere" }),
        (text, how) => {
          const reading = read(text, how);
          expect(reading.ok || reading.errors.length > 0).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  });

  it("is bounded in size, depth and steps", () => {
    expect(read("x".repeat(10_000_001))).toMatchObject({ ok: false });
    expect(read("[".repeat(100_000), { type: "array" }).ok).toBe(false);
    expect(read(`${"[".repeat(500)}${"]".repeat(500)}`, { type: "array" }).ok).toBe(false);
    expect(read(`${'{"a":'.repeat(60_000)}1`, { type: "object" }).ok).toBe(false);
    const twice = {
      anyOf: [{ properties: { a: { $ref: "#/$defs/t" } } }, { properties: { a: { $ref: "#/$defs/t" } } }],
    };
    const nested = `${'{"a":'.repeat(60)}1${"}".repeat(60)}`;
    expect(read(nested, { $ref: "#/$defs/t", $defs: { t: twice } })).toMatchObject({
      errors: [{ message: "the answer takes too many steps to check" }],
    });
    expect(
      read(JSON.stringify(Array.from({ length: 3_000 }, (_, at) => at)), { type: "array", uniqueItems: true }).ok,
    ).toBe(false);
    const open = `{"a": "${"x\\".repeat(100)}`.repeat(2_000);
    expect(read(open).ok).toBe(false);
  });

  it("checks patterns in linear time", () => {
    const evil: JsonSchema = { type: "string", pattern: "^(a+)+$" };
    expect(read(JSON.stringify(`${"a".repeat(50_000)}b`), evil)).toMatchObject({ ok: false });
    expect(read(JSON.stringify("a".repeat(50_000)), evil)).toMatchObject({ ok: true });
    const ahead: JsonSchema = { type: "string", pattern: "^(?!no)[a-z]+$" };
    expect([read('"yes"', ahead).ok, read('"no"', ahead).ok, read(JSON.stringify("a".repeat(600)), ahead).ok]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
