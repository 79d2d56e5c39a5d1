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

  it("changes no number on the way", () => {
    const id = (type: string): JsonSchema => ({ type: "object", properties: { id: { type } }, required: ["id"] });
    const cases: [string, JsonSchema, unknown][] = [
      ['{"id": 12345678901234567890}', id("string"), "12345678901234567890"],
      ['{"id": 1.10}', id("string"), "1.10"],
      ['{"id": 1e3}', id("string"), "1e3"],
      ['{"id": 7}', id("string"), "7"],
      ['{"id": 1.10}', id("number"), 1.1],
      ['{"id": 9007199254740992}', id("integer"), 9007199254740992],
      ['{"id": 100000000000000000000}', id("integer"), 100000000000000000000],
    ];
    for (const [text, how, value] of cases)
      expect(read(text, how), text).toMatchObject({ ok: true, value: { id: value } });
    // Not held by a double, or by none: an error, not another number.
    for (const literal of ["9007199254740993", '"9007199254740993"', "1e999", '"1e999"', "-1e400"])
      expect(read(`{"id": ${literal}}`, id("number")), literal).toMatchObject({ ok: false, errors: [{ path: "/id" }] });
  });

  it("makes no quote of an apostrophe", () => {
    const name: JsonSchema = { type: "object", properties: { a: { type: "string" }, b: { type: "string" } } };
    const cases = [
      ["{'a': 'O'Neil', 'b': 'x\\\\'}", { a: "O'Neil", b: "x\\" }],
      ["{'a': 'O\\'Neil', 'b': 'says \"hi\"'}", { a: "O'Neil", b: 'says "hi"' }],
      ['{"a": "says "hi" now"}', { a: 'says "hi" now' }],
    ] as const;
    for (const [text, value] of cases) expect(read(text, name), text).toMatchObject({ ok: true, value });
    expect(read("{\u2018a\u2019: \u2018O\u2019Neil\u2019}", name).ok).toBe(false);
  });

  it("closes nothing that was cut off", () => {
    const list: JsonSchema = { type: "object", properties: { n: { type: "integer" }, l: { type: "array" } } };
    const cut = (text: string, how = list) => readAnswer(text, how, { cut: true });
    for (const text of ['{"n": 12', '{"l": [1,2', '```json\n{"n": 1', 'It is {"n": 12', '{"n": 1, "l": ["a'])
      expect([read(text, list).ok, cut(text)], text).toEqual([
        true,
        { ok: false, errors: [{ path: "", message: "the answer was cut off before its JSON ended" }] },
      ]);
    expect(cut('{"n": 12}, which is')).toMatchObject({ ok: true, value: { n: 12 } });
    expect(cut("{'n': 12,}")).toMatchObject({ ok: true, value: { n: 12 } });
  });

  it("takes the last of several objects, and the branch that keeps most", () => {
    expect(read('First I thought {"label":"ham"}, but no: {"label":"spam"}. Is {this} right?')).toMatchObject({
      value: { label: "spam" },
    });
    expect(read('{"label":"ham"} - no, wait: {"label":"spam"}')).toMatchObject({ value: { label: "spam" } });
    const person = (...names: string[]): JsonSchema => ({
      type: "object",
      properties: Object.fromEntries(names.map((name) => [name, { type: name === "age" ? "integer" : "string" }])),
      required: names,
      additionalProperties: false,
    });
    expect(read('{"name":"Ann","age":"41"}', { anyOf: [person("name"), person("name", "age")] })).toMatchObject({
      value: { name: "Ann", age: 41 },
    });
  });

  it("takes no footnote for the answer where a text or a number is wanted", () => {
    const text = "Paris has been the capital since 987 [1].";
    expect(read(text, { type: "string" })).toMatchObject({ ok: true, value: text });
    expect(read("The answer is 42 [1]", { type: "number" }).ok).toBe(false);
    expect(read("```\n42\n```", { type: "number" })).toMatchObject({ ok: true, value: 42 });
    expect(read("Sources: [1]", { anyOf: [{ type: "number" }, { type: "string" }] })).toMatchObject({
      value: "Sources: [1]",
    });
    expect(read(text, { anyOf: [{ type: "object" }, { type: "string" }] })).toMatchObject({ ok: true, value: text });
  });

  it("takes no object that does not fit for a text, though the schema names no type", () => {
    const untyped: JsonSchema = { properties: { a: { type: "integer" } }, required: ["a"] };
    const either: JsonSchema = { anyOf: [{ type: "string" }, { type: "object", ...untyped }] };
    for (const how of [untyped, either]) {
      expect(read('{"b": 1}', how).ok).toBe(false);
      expect(readAnswer('{"a": 1, "b": "it was', how, { cut: true }).ok).toBe(false);
    }
    expect(read("[1] of them", either)).toMatchObject({ ok: true, value: "[1] of them" });
    expect(read('{"b": 1}', { type: "string" })).toMatchObject({ ok: true, value: '{"b": 1}' });
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
