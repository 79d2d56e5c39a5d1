import { describe, expect, it } from "vitest";
import { isStrictSchema } from "../../src/models/format-schema.ts";
import { toolSchemaOf } from "../../src/models/tool-schema.ts";

const closed = (properties: object, more: object = {}) => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
  ...more,
});
const open = { type: "object", properties: { a: { type: "string" } } };
const text = { type: "string" };

describe("strict mode", () => {
  it.each([
    ["closed objects", closed({ a: text, b: { type: ["integer", "null"], minimum: 0 } })],
    ["lists of them", closed({ list: { type: "array", items: closed({ a: text }), minItems: 1 } })],
    ["references to closed ones", closed({ a: { $ref: "#/$defs/a" } }, { $defs: { a: closed({ a: text }) } })],
    ["references to itself", closed({ next: { anyOf: [{ $ref: "#" }, { type: "null" }] } })],
    ["choices", closed({ a: { anyOf: [text, { enum: ["x", 1] }] }, when: { type: "string", format: "date-time" } })],
  ])("is asked for with %s", (_what, schema) => expect(isStrictSchema(schema)).toBe(true));

  it.each([
    ["an open object", open],
    ["a reference to one", closed({ a: { $ref: "#/$defs/a" } }, { $defs: { a: open } })],
    ["a reference at the root", { $ref: "#/$defs/a", $defs: { a: closed({ a: text }) } }],
    ["a reference with more beside it", closed({ a: { $ref: "#/$defs/a", default: 1 } }, { $defs: { a: text } })],
    ["an old-style definition of one", closed({ a: text }, { definitions: { a: open } })],
    ["a list that may be null, of open objects", closed({ a: { type: ["array", "null"], items: open } })],
    ["a list of anything", closed({ a: { type: "array" } })],
    ["an object that may be null and is open", closed({ a: { type: ["object", "null"], properties: { b: text } } })],
    ["an optional property", closed({ a: text }, { required: [] })],
    ["a choice at the root", closed({ a: text }, { anyOf: [closed({ a: text })] })],
    ["an open object in a choice", closed({ a: { anyOf: [open, text] } })],
    ["anything", closed({ a: {} })],
    ["unique items", closed({ a: { type: "array", items: text, uniqueItems: true } })],
    ["what an item must be", closed({ a: { type: "array", items: text, contains: { const: "x" } } })],
    ["what depends on others", closed({ a: text }, { dependentRequired: { a: ["b"] } })],
    ["a form that strict mode does not know", closed({ a: { type: "string", format: "iri" } })],
  ])("is not asked for with %s", (_what, schema) => expect(isStrictSchema(schema)).toBe(false));
});

it("a tool's parameters are an object's, whatever was left out", () => {
  const schemaOf = (parameters: object | boolean) =>
    toolSchemaOf({ name: "t", description: "", parameters: parameters as { [key: string]: unknown } }).schema;
  for (const parameters of [{}, true, { type: "object" }])
    expect(schemaOf(parameters)).toEqual({ type: "object", properties: {} });
  expect(schemaOf(open)).toEqual(open);
});
