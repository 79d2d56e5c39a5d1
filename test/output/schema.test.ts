import { existsSync, readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { assemble } from "../../src/output/assemble.ts";
import { isBoundedPattern } from "../../src/output/bounded-pattern.ts";
import { checkSchema } from "../../src/output/check-schema.ts";
import { readAnswer } from "../../src/output/read-answer.ts";
import { reaskMessage } from "../../src/output/reask.ts";
import { schemaPrompt } from "../../src/output/schema-prompt.ts";
import { prepareSchema } from "../../src/output/validator.ts";
import type { JsonSchema } from "../../src/plan/contract.ts";

describe("checking a schema", () => {
  it("lets schemas through", () => {
    const good: unknown[] = [
      true,
      {},
      { type: ["string", "null"] },
      { $ref: "#/$defs/a", $defs: { a: { type: "object", properties: { next: { $ref: "#/$defs/a" } } } } },
      { items: [{ type: "number" }], additionalItems: false },
      { minimum: 1, exclusiveMinimum: true, $schema: "http://json-schema.org/draft-04/schema#" },
      { properties: { pattern: { type: "string" } } },
      { unknownKeyword: 1 },
    ];
    for (const schema of good) expect(checkSchema(schema), JSON.stringify(schema)).toBeNull();
  });

  it("refuses what is none, with the field", () => {
    const bad: [unknown, string][] = [
      ["object", "schema"],
      [null, "schema"],
      [{ type: "text" }, "schema.type"],
      [{ properties: [] }, "schema.properties"],
      [{ properties: { a: { required: "b" } } }, "schema.properties.a.required"],
      [{ anyOf: [] }, "schema.anyOf"],
      [{ anyOf: [{ maxItems: 1.5 }] }, "schema.anyOf[0].maxItems"],
      [{ multipleOf: 0 }, "schema.multipleOf"],
      [{ $schema: "http://example.com/mine" }, "schema.$schema"],
      [{ $dynamicRef: "#a" }, "schema.$dynamicRef"],
      [{ $ref: "https://example.com/other.json" }, "schema"],
      [{ $ref: "#/$defs/missing" }, "schema"],
      [{ properties: { a: { pattern: "(" } } }, "schema.properties.a.pattern"],
      [{ pattern: "(?!x)(a+)+$" }, "schema.pattern"],
      [{ patternProperties: { "^(a+)+$": {} } }, "schema.patternProperties.^(a+)+$"],
      [{ $ref: "#" }, "schema"],
      [{ anyOf: [{ $ref: "#/$defs/a" }], $defs: { a: { allOf: [{ $ref: "#/$defs/a" }] } } }, "schema"],
      [{ description: "x".repeat(70_000) }, "schema"],
      [Array.from({ length: 40 }).reduce((inner: unknown) => ({ items: inner }), {}), "schema"],
    ];
    for (const [schema, field] of bad)
      expect(checkSchema(schema)?.field, JSON.stringify(schema).slice(0, 80)).toMatch(
        new RegExp(`^${field.replace(/[$^()[\]+.]/g, "\\$&")}`),
      );
  });

  it("takes a format that nobody knows for none, whatever its name", () => {
    for (const format of ["duck", "hasOwnProperty", "__proto__"])
      expect(readAnswer('"x"', { type: "string", format }), format).toMatchObject({ ok: true, value: "x" });
  });

  it("says where an error is by the key as it was written", () => {
    const wrong = (key: string) =>
      readAnswer(JSON.stringify({ [key]: "x" }), { additionalProperties: { type: "null" } });
    for (const key of ["größe", "a b", "100%", "#1", "%23"])
      expect(wrong(key)).toMatchObject({ errors: [{ path: `/${key}` }] });
  });

  it("leaves the caller's schema as it was", () => {
    const schema: JsonSchema = { type: "object", properties: { a: { pattern: "^a$", type: "string" } } };
    const before = JSON.stringify(schema);
    readAnswer('{"a": "a"}', Object.freeze(schema));
    expect(JSON.stringify(schema)).toBe(before);
    expect(Object.getOwnPropertyNames(schema)).toEqual(["type", "properties"]);
  });

  it("knows which patterns a backtracking engine can bear", () => {
    for (const cheap of [
      "^[a-z]+$",
      "^x-",
      "^(foo|bar)_\\d+$",
      "^.*_id.*$",
      "^(?!@@)[@a-z]+$",
      "\\p{L}{1,8}",
      "[\\]a]*",
      "^(ab)+$",
    ])
      expect(isBoundedPattern(cheap), cheap).toBe(true);
    for (const dear of [
      "(a+)+",
      "(a|a)*b",
      "(a?){20}",
      ".*.*.*x",
      "(?:a|aa)+$",
      "(a)\\1",
      "(a{0,9}){9}",
      "a?".repeat(20),
      "(a|b)".repeat(20),
      "((a*))*",
    ])
      expect(isBoundedPattern(dear), dear).toBe(false);
  });
});

describe("what is said to models and put together for clients", () => {
  it("the re-ask names each error on a line of its own", () => {
    const text = reaskMessage([
      { path: "/a", message: "is\nnot a number" },
      { path: "", message: "lacks b" },
    ]);
    expect(text.split("\n").slice(1, 3)).toEqual(["- at /a: is not a number", "- at the top level: lacks b"]);
    expect(reaskMessage(Array.from({ length: 40 }, () => ({ path: "/a", message: "x" }))).split("\n")).toHaveLength(15);
    expect(schemaPrompt({ type: "string" })).toContain('{"type":"string"}');
  });

  it("an object is assembled from its fields, and says what is unsure", () => {
    const results = {
      l: { text: '{"label":"en"}', value: { label: "en" } },
      s: { text: "Hello.", value: undefined },
      x: { failed: "not-accepted" },
    };
    const assembly = { type: "object", fields: { language: "l", summary: "s", spam: "x", more: "missing" } } as const;
    expect(assemble(assembly, results)).toEqual({
      value: { language: { label: "en" }, summary: "Hello.", spam: null, more: null },
      text: '{"language":{"label":"en"},"summary":"Hello.","spam":null,"more":null}',
      unsure: ["spam", "more"],
    });
    expect(assemble({ type: "single", of: "s" }, results)).toEqual({ value: "Hello.", text: "Hello.", unsure: [] });
    expect(assemble({ type: "single", of: "x" }, results)).toEqual({ value: null, text: "", unsure: ["x"] });
    expect(assemble({ type: "single", of: "constructor" }, results).unsure).toEqual(["constructor"]);
  });
});

const data = new URL("../../../shared/data/output/", import.meta.url);
describe.skipIf(!existsSync(data))("recorded cases (../shared; skipped when it is not there)", () => {
  const lines = <T>(name: string): T[] =>
    readFileSync(new URL(name, data), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as T);

  it("mends corrupted answers, none into a wrong one", () => {
    let exact = 0;
    let wrong = 0;
    const cases = lines<{ schema: JsonSchema; input: string; expected: unknown }>("corruption_cases.dev.jsonl");
    for (const { schema, input, expected } of cases) {
      const reading = readAnswer(input, schema);
      if (reading.ok && isDeepStrictEqual(reading.value, expected)) exact += 1;
      else if (reading.ok) wrong += 1;
    }
    expect(exact / cases.length).toBeGreaterThan(0.98);
    expect(wrong).toBe(0);
  });

  it("validates as the tests of real schemas say", () => {
    for (const { schema, tests } of lines<{ schema: JsonSchema; tests: { valid: boolean; data: unknown }[] }>(
      "jsonschemabench_sample.dev.jsonl",
    )) {
      expect(checkSchema(schema)).toBeNull();
      const prepared = prepareSchema(schema);
      for (const { valid, data: value } of tests)
        expect(prepared.ok && prepared.errors(value).length === 0).toBe(valid);
    }
  });
});
