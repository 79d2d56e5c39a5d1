import { z } from "zod";
import type { Refusal } from "../error.ts";
import { emptyContract } from "./contract.ts";
import type { JobRequest } from "./job-request.ts";
import { kindNames, kinds } from "./kind.ts";
import type { Microtask, Plan } from "./microtask.ts";
import { maxMicrotasks, validatePlan } from "./validate-plan.ts";

/**
 * What a planner may say: kinds, inputs and dependencies, nothing else. Bidders, policy, budget and URLs are not in the
 * form, so a text that talks the planner into naming them is refused by the schema.
 */
const plannedSchema = z.strictObject({
  microtasks: z
    .array(
      z.strictObject({
        id: z.string(),
        kind: z.enum(kindNames),
        instruction: z.string().max(1000),
        needs: z.array(z.string()).max(maxMicrotasks).default([]),
      }),
    )
    .min(1)
    .max(maxMicrotasks),
  answer: z.string(),
});

export const plannerSchema = z.toJSONSchema(plannedSchema, { target: "draft-7", io: "input" }) as {
  [key: string]: unknown;
};

/** The microtask that is put to auction when the caller asks for `plan: "auto"`. */
export function plannerTask(request: JobRequest): Microtask {
  const asked = askedIn(request);
  return {
    id: "plan",
    kind: "plan",
    instruction: [
      "Split the request into the smallest number of microtasks that lead to its answer. Most requests need one.",
      `Kinds: ${kindNames
        .filter((k) => k !== "plan" && k !== "judge" && (k !== "classify" || request.labels !== null))
        .map((k) => `${k} (${kinds[k].what})`)
        .join("; ")}.`,
      'Every microtask sees the request and the results it needs. "answer" is the id of the microtask whose result is the answer.',
      ...(request.kind === "answer" ? [] : [`The answer is of kind "${request.kind}".`]),
      ...(request.labels === null ? [] : [`It is one of ${request.labels.map((l) => JSON.stringify(l)).join(", ")}.`]),
      ...(asked === "" ? [] : [`What is asked for:\n${asked}`]),
    ].join("\n"),
    input: [{ from: "job" }],
    contract: { ...emptyContract, schema: plannerSchema },
    needs: [],
    required: true,
    valueNano: request.valueNano === null ? null : Math.ceil(request.valueNano / 4),
    maxOutputTokens: 800,
  };
}

/** What the caller says of the answer: the system texts of a conversation, and the instruction. */
function askedIn({ input, instruction }: JobRequest): string {
  const turns = input.type === "messages" ? input.messages : [];
  const system = turns.filter(({ role }) => role === "system").map(({ content }) => content);
  return [...system, instruction].filter((text) => text !== "").join("\n");
}

/**
 * A planner's accepted output -> a plan, validated like a stranger's; the answer's microtask takes all that the job says
 * of its answer: contract, kind, labels, cap and instruction.
 */
export function readPlanned(value: unknown, request: JobRequest): Plan | Refusal {
  const parsed = plannedSchema.safeParse(value);
  if (!parsed.success)
    return {
      code: "invalid-plan",
      message: `The planner's plan was refused: ${parsed.error.issues[0]?.message ?? "not a plan"}.`,
    };
  const { microtasks, answer } = parsed.data;
  const reserved = microtasks.find((m) => m.id === "plan" || m.kind === "plan" || m.kind === "judge");
  if (reserved !== undefined)
    return { code: "invalid-plan", message: `The planner used the reserved id or kind of "${reserved.id}".` };
  const refusal = validatePlan(planOf(microtasks, answer, request));
  // What the answer does not need is not paid for, and cannot fail the job.
  const needed = new Set([answer]);
  for (const id of needed) for (const need of microtasks.find((m) => m.id === id)?.needs ?? []) needed.add(need);
  return (
    refusal ??
    planOf(
      microtasks.filter((m) => needed.has(m.id)),
      answer,
      request,
    )
  );
}

function planOf(microtasks: z.infer<typeof plannedSchema>["microtasks"], answer: string, request: JobRequest): Plan {
  const share = request.valueNano === null ? null : Math.floor(request.valueNano / microtasks.length);
  return {
    source: "planner",
    microtasks: microtasks.map((m) => ({
      id: m.id,
      kind: m.kind,
      instruction: m.instruction,
      input: [{ from: "job" }, ...m.needs.map((id) => ({ from: "microtask" as const, id }))],
      contract: emptyContract,
      needs: m.needs,
      required: true,
      valueNano: share,
      ...(m.id === answer ? ofAnswer(request, m) : {}),
    })),
    assembly: { type: "single", of: answer },
  };
}

function ofAnswer(request: JobRequest, planned: Pick<Microtask, "kind" | "instruction">): Partial<Microtask> {
  return {
    kind: request.kind === "answer" ? planned.kind : request.kind,
    instruction: [askedIn(request), planned.instruction].filter((text) => text !== "").join("\n"),
    contract: request.contract,
    ...(request.labels === null ? {} : { labels: request.labels }),
    ...(request.maxOutputTokens === null ? {} : { maxOutputTokens: request.maxOutputTokens }),
  };
}
