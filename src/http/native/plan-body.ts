import { z } from "zod";
import { AtomicError } from "../../error.ts";
import { fromUsd } from "../../money/nano-usd.ts";
import { contractSchema, emptyContract } from "../../plan/contract.ts";
import { jobKinds, type Kind } from "../../plan/kind.ts";
import type { InputPart, Plan } from "../../plan/microtask.ts";
import { contextBody, labelsBody, mostOutputTokens, namedBody, usdBody } from "./field-bodies.ts";

const inputPart = z.discriminatedUnion("from", [
  z.strictObject({ from: z.literal("job") }),
  z.strictObject({ from: z.literal("slice"), start: z.int().min(0), end: z.int().min(1) }),
  z.strictObject({ from: z.literal("microtask"), id: z.string().max(64) }),
  z.strictObject({ from: z.literal("text"), text: z.string().max(100_000) }),
]);

const microtaskBody = z.strictObject({
  id: z.string().min(1).max(64),
  kind: z.enum(jobKinds),
  instruction: z.string().max(20_000).default(""),
  input: z.array(inputPart).min(1).max(64).optional(),
  contract: contractSchema.default(emptyContract),
  needs: z.array(z.string().max(64)).max(32).optional(),
  required: z.boolean().default(true),
  valueUsd: usdBody.optional(),
  context: contextBody.optional(),
  labels: labelsBody.optional(),
  maxOutputTokens: z.int().min(1).max(mostOutputTokens).optional(),
  wait: z
    .union([
      z.strictObject({ for: z.literal("approval") }),
      z.strictObject({ untilMs: z.int().min(0).max(Number.MAX_SAFE_INTEGER) }),
    ])
    .optional(),
});

/** A caller's own plan. Whether it is a DAG within bounds is checked by the plan stage. */
export const planBody = z.strictObject({
  microtasks: z.array(microtaskBody).min(1).max(256),
  assembly: z
    .discriminatedUnion("type", [
      z.strictObject({ type: z.literal("single"), of: z.string().max(64) }),
      z.strictObject({
        type: z.literal("object"),
        fields: namedBody(z.record(z.string().max(64), z.string().max(64))),
      }),
    ])
    .optional(),
});
type PlanBody = z.infer<typeof planBody>;

/** The plan with its defaults: input is the job's text and what it needs; a lone microtask is the answer. */
export function planOf(body: PlanBody): Omit<Plan, "source"> {
  const [first] = body.microtasks;
  const lone = body.microtasks.length === 1 && first !== undefined ? ({ type: "single", of: first.id } as const) : null;
  const assembly = body.assembly ?? lone;
  if (assembly === null)
    throw new AtomicError(
      "invalid-plan",
      'A plan of several microtasks must say what its answer is: give assembly {"type": "single", "of": id} or {"type": "object", "fields": {name: id}}.',
      { field: "plan.assembly" },
    );
  for (const [i, { kind, labels }] of body.microtasks.entries()) refuseLabels(kind, labels, `plan.microtasks[${i}].`);
  return {
    microtasks: body.microtasks.map(({ valueUsd, input, needs, labels, maxOutputTokens, context, wait, ...task }) => {
      const parts: InputPart[] = input ?? [
        { from: "job" },
        ...(needs ?? []).map((id) => ({ from: "microtask" as const, id })),
      ];
      return {
        ...task,
        input: parts,
        needs: needs ?? parts.flatMap((part) => (part.from === "microtask" ? [part.id] : [])),
        valueNano: valueUsd === undefined ? null : fromUsd(valueUsd),
        ...(labels === undefined ? {} : { labels }),
        ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
        ...(context === undefined ? {} : { context }),
        ...(wait === undefined ? {} : { wait }),
      };
    }),
    assembly,
  };
}

/** Entities have kinds of their own: labels would be ignored. `at`: where they stand. */
export function refuseLabels(kind: Kind, labels: string[] | undefined, at: string): void {
  if (labels === undefined || kind !== "entities") return;
  throw new AtomicError(
    "invalid-request",
    `"${at}labels" would be ignored: entities have kinds of their own. Leave it out.`,
    {
      field: `${at}labels`,
    },
  );
}
