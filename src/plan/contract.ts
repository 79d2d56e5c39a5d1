import { z } from "zod";

/**
 * What a good answer must satisfy, as data. `src/judge` gives each criterion its meaning and class (monotone,
 * predictive, final) and checks at submission what a schema cannot (patterns compile, languages exist).
 */
export const criterionSchema = z.discriminatedUnion("type", [
  /** Length of the answer in Unicode code points. `max` is monotone. */
  z.strictObject({ type: z.literal("length"), min: z.int().min(0).optional(), max: z.int().min(1).optional() }),
  z.strictObject({ type: z.literal("words"), min: z.int().min(0).optional(), max: z.int().min(1).optional() }),
  /** Linear-time (RE2 syntax) pattern that must occur, or must not (`must: false` is monotone). */
  z.strictObject({ type: z.literal("pattern"), pattern: z.string().min(1).max(512), must: z.boolean().default(true) }),
  z.strictObject({
    type: z.literal("contains"),
    text: z.string().min(1).max(2000),
    must: z.boolean().default(true),
    ignoreCase: z.boolean().default(false),
  }),
  /** The whole answer, trimmed, is one of these. Monotone: a prefix that begins none of them can never become one. */
  z.strictObject({ type: z.literal("equals"), anyOf: z.array(z.string().max(10_000)).min(1).max(256) }),
  /** ISO 639-1 code the answer must be written in. Predictive on a prefix. */
  z.strictObject({ type: z.literal("language"), language: z.string().regex(/^[a-z]{2,3}$/) }),
  /** A number found at `path` (JSON Pointer; "" is the whole text) lies within bounds. */
  z.strictObject({
    type: z.literal("number"),
    path: z.string().max(200).default(""),
    min: z.number().optional(),
    max: z.number().optional(),
  }),
  /** Every quotation ("...") of at least `minChars` in the answer stands in the input word for word. */
  z.strictObject({ type: z.literal("quotes"), minChars: z.int().min(1).max(1000).default(12) }),
  /** The answer (or its fenced block) parses in this language. */
  z.strictObject({ type: z.literal("parses"), language: z.enum(["json", "javascript"]) }),
  /** A closed, typed expression without loops over the parsed answer. */
  z.strictObject({ type: z.literal("expression"), expression: z.lazy(() => expressionSchema) }),
]);
export type Criterion = z.infer<typeof criterionSchema>;

export type Expression =
  | { op: "and" | "or"; of: Expression[] }
  | { op: "not"; of: Expression }
  | { op: "eq" | "ne" | "lt" | "le" | "gt" | "ge"; left: Operand; right: Operand }
  | { op: "exists"; path: string };
export type Operand = { path: string } | { value: string | number | boolean | null } | { lengthOf: string };

const operandSchema: z.ZodType<Operand> = z.union([
  z.strictObject({ path: z.string().max(200) }),
  z.strictObject({ value: z.union([z.string().max(2000), z.number(), z.boolean(), z.null()]) }),
  z.strictObject({ lengthOf: z.string().max(200) }),
]);
export const expressionSchema: z.ZodType<Expression> = z.lazy(() =>
  z.union([
    z.strictObject({ op: z.enum(["and", "or"]), of: z.array(expressionSchema).min(1).max(16) }),
    z.strictObject({ op: z.literal("not"), of: expressionSchema }),
    z.strictObject({ op: z.enum(["eq", "ne", "lt", "le", "gt", "ge"]), left: operandSchema, right: operandSchema }),
    z.strictObject({ op: z.literal("exists"), path: z.string().max(200) }),
  ]),
);

export type JsonSchema = { [key: string]: unknown } | boolean;

export const contractSchema = z.strictObject({
  /** JSON Schema (2020-12 or draft 7) of the answer. Absent: the answer is text. */
  schema: z.union([z.record(z.string(), z.unknown()), z.boolean()]).optional(),
  /** Deterministic criteria; all must hold. */
  criteria: z.array(criterionSchema).max(32).default([]),
  /** Criteria in words, for a model judge. */
  judged: z.array(z.string().min(1).max(1000)).max(8).default([]),
});
/** What a good answer must satisfy. Its worth (USD) is the microtask's `valueNano`. */
export type Contract = z.infer<typeof contractSchema>;

export const emptyContract: Contract = { criteria: [], judged: [] };
