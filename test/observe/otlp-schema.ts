import { z } from "zod";

/**
 * What a collector's JSON reader takes: trace.proto 1.x in JSON (ids as lower-case hex, int64 as decimal strings).
 * Strict, so that a misspelt field fails, where collectors would drop it without a word.
 */
const value: z.ZodType = z.lazy(() =>
  z.union([
    z.strictObject({ stringValue: z.string() }),
    z.strictObject({ intValue: z.string().regex(/^-?\d+$/) }),
    z.strictObject({ doubleValue: z.number() }),
    z.strictObject({ boolValue: z.boolean() }),
    z.strictObject({ arrayValue: z.strictObject({ values: z.array(value) }) }),
  ]),
);
const attributes = z
  .array(z.strictObject({ key: z.string().regex(/^(atomic|gen_ai|error|service)\.[a-z0-9_.]+$/), value }))
  .refine((list) => new Set(list.map((a) => a.key)).size === list.length, "an attribute stands twice");
const nano = z.string().regex(/^[1-9]\d{9,18}$/);
const spanId = z.string().regex(/^(?!0{16})[0-9a-f]{16}$/);

const span = z
  .strictObject({
    traceId: z.string().regex(/^(?!0{32})[0-9a-f]{32}$/),
    spanId,
    parentSpanId: spanId.optional(),
    name: z.string().min(1),
    kind: z.union([z.literal(1), z.literal(3)]),
    startTimeUnixNano: nano,
    endTimeUnixNano: nano,
    attributes,
    events: z.array(z.strictObject({ timeUnixNano: nano, name: z.string().min(1), attributes })),
    status: z.strictObject({ code: z.union([z.literal(0), z.literal(2)]) }),
  })
  .refine((s) => BigInt(s.startTimeUnixNano) <= BigInt(s.endTimeUnixNano), "it ends before it starts");

export const otlpTraces = z.strictObject({
  resourceSpans: z.array(
    z.strictObject({
      resource: z.strictObject({ attributes }),
      scopeSpans: z.array(z.strictObject({ scope: z.strictObject({ name: z.string() }), spans: z.array(span) })),
    }),
  ),
});
