import { AtomicError } from "../../error.ts";
import { fromUsd } from "../../money/nano-usd.ts";
import { saysNothing, saysSomething } from "../../plan/check-input.ts";
import { checkTurns } from "../../plan/check-turns.ts";
import { emptyContract, type JsonSchema } from "../../plan/contract.ts";
import { plainImageUrl } from "../../plan/image.ts";
import { type Delivery, type JobInput, type JobRequest, jobText } from "../../plan/job-request.ts";
import { isClosed } from "../../plan/kind.ts";
import type { Message, Plan } from "../../plan/microtask.ts";
import type { Sampling } from "../../plan/sampling.ts";
import { contractOf } from "../../plan/templates.ts";
import type { Tools } from "../../plan/tool.ts";
import { checkInputLengths, validatePlan } from "../../plan/validate-plan.ts";
import type { HttpPorts } from "../ports.ts";
import { type JobBody, redactionOf } from "./job-body.ts";
import { planOf, refuseLabels } from "./plan-body.ts";

/** The normalised request of a body, or throws what is wrong with it. */
export async function jobRequestOf(body: JobBody, parseMail: HttpPorts["parseMail"]): Promise<JobRequest> {
  return withInput(body, await inputOf(body, parseMail));
}

/** The same for an input that did not come as JSON. */
export function withInput(body: JobBody, input: JobInput, tools: Tools | undefined = toolsOf(body)): JobRequest {
  const kind = body.kind ?? "answer";
  const contract = body.contract ?? emptyContract;
  const plan =
    typeof body.plan === "object"
      ? heldToSchema(planOf(body.plan), contract.schema)
      : (body.plan ?? (input.type === "email" ? "email-triage" : "single"));
  if (typeof plan === "object") {
    const refusal = validatePlan(plan) ?? checkInputLengths(plan.microtasks, jobText(input));
    if (refusal !== null) throw AtomicError.from(refusal);
  }
  refuseIgnored(body, plan);
  const kindMatters = typeof plan === "string" && plan !== "email-triage";
  if (kindMatters && kind === "classify" && body.labels === undefined)
    throw new AtomicError("invalid-request", 'Kind "classify" needs the labels to choose from: give "labels".', {
      field: "labels",
    });
  if (plan === "map-reduce" && input.type === "messages" && input.messages.length > 1)
    throw new AtomicError(
      "invalid-request",
      '"map-reduce" cuts one text into pieces: give it as "text", and what is to be done with it as "instruction".',
      { field: "plan" },
    );
  if (body.stop !== undefined && plan !== "single")
    throw new AtomicError("invalid-request", '"stop" is for a job of one microtask. Leave it or the plan out.', {
      field: "stop",
    });
  refuseLabels(kind, body.labels, "");
  if (body.leaderChangeElse !== undefined && body.leaderChange !== "continue")
    throw new AtomicError("invalid-request", '"leaderChangeElse" goes with "leaderChange": "continue".', {
      field: "leaderChangeElse",
    });
  const draft: Omit<JobRequest, "delivery"> = {
    input,
    kind,
    plan,
    instruction: body.instruction ?? "",
    ...(body.context === undefined ? {} : { context: body.context }),
    ...(body.lane === "fast" ? { lane: "fast" as const } : {}),
    labels: body.labels ?? null,
    contract,
    ...(tools === undefined ? {} : { tools }),
    valueNano: body.valueUsd === undefined ? null : fromUsd(body.valueUsd),
    budgetNano: body.budgetUsd === undefined ? null : fromUsd(body.budgetUsd),
    deadlineMs: body.deadlineMs ?? null,
    policy: body.policy ?? "balanced",
    strategy: body.strategy ?? "auto",
    leaderChange: body.leaderChange ?? "restart",
    ...(body.leaderChangeElse === undefined ? {} : { leaderChangeElse: body.leaderChangeElse }),
    bidders: body.bidders ?? null,
    ...(body.judges === undefined ? {} : { judges: body.judges }),
    ...(body.effort === undefined ? {} : { effort: body.effort }),
    maxOutputTokens: body.maxOutputTokens ?? null,
    temperature: body.temperature ?? null,
    ...samplingOf(body),
    ...(body.stop === undefined ? {} : { stop: body.stop }),
    examples: body.examples ?? false,
    ...(body.promptCache === undefined ? {} : { promptCache: body.promptCache }),
    noRetention: body.noRetention ?? false,
    region: body.region ?? null,
    ...(body.redact === undefined ? {} : { redact: redactionOf(body.redact) }),
    cancelOnDisconnect: body.cancelOnDisconnect ?? false,
    metadata: body.metadata ?? {},
    ...(body.reuseMs === undefined ? {} : { reuseMs: body.reuseMs }),
    ...(body.webhook === undefined ? {} : { webhook: body.webhook }),
  };
  return { ...draft, delivery: body.delivery ?? defaultDelivery(draft) };
}

/** A plan whose answer is one microtask's: that one is held to the job's schema, and told of it, unless it has its own. */
function heldToSchema(plan: Omit<Plan, "source">, schema: JsonSchema | undefined): Omit<Plan, "source"> {
  const { microtasks, assembly } = plan;
  if (schema === undefined || assembly.type !== "single") return plan;
  const held = microtasks.map((task) =>
    task.id !== assembly.of || task.contract.schema !== undefined
      ? task
      : { ...task, contract: { ...task.contract, schema } },
  );
  return { ...plan, microtasks: held };
}

/** What a body says of one answer, where each part of the plan says its own: without a word it would be ignored. */
function refuseIgnored(body: JobBody, plan: JobRequest["plan"]): void {
  const own = typeof plan === "object";
  if (!own && plan !== "email-triage") return;
  const { kind, labels, instruction, maxOutputTokens, valueUsd, contract } = body;
  const said = {
    // A plan's microtasks name theirs, and the views of a mail are worth what the job says.
    ...(own ? { valueUsd } : { kind }),
    labels,
    instruction: instruction || undefined,
    maxOutputTokens,
    "contract.criteria": contract?.criteria.length ? contract.criteria : undefined,
    "contract.judged": contract?.judged.length ? contract.judged : undefined,
  };
  for (const [field, value] of Object.entries(said)) {
    if (value === undefined) continue;
    const instead = own
      ? "Say it of the plan's microtasks."
      : 'A mail\'s triage asks its own questions. Leave it out, or give "plan": "single".';
    throw new AtomicError("invalid-request", `"${field}" is for a job of one answer. ${instead}`, { field });
  }
}

/** Only what was said, so that a body without it is the same request as before. */
function samplingOf({ topP, seed, frequencyPenalty, presencePenalty }: JobBody): { sampling?: Sampling } {
  const sampling: Sampling = {
    ...(topP === undefined ? {} : { topP }),
    ...(seed === undefined ? {} : { seed }),
    ...(frequencyPenalty === undefined ? {} : { frequencyPenalty }),
    ...(presencePenalty === undefined ? {} : { presencePenalty }),
  };
  return Object.keys(sampling).length === 0 ? {} : { sampling };
}

/** What a body says of tools; undefined: it offers none. */
function toolsOf({ tools, toolChoice, parallelCalls }: JobBody): Tools | undefined {
  if (tools === undefined && (toolChoice ?? parallelCalls) !== undefined)
    throw new AtomicError("invalid-request", '"toolChoice" and "parallelCalls" go with "tools".', { field: "tools" });
  if (tools === undefined) return undefined;
  const offered = tools.map(({ strict, ...tool }) => ({ ...tool, ...(strict ? { strict: true as const } : {}) }));
  return { offered, choice: toolChoice ?? "auto", parallel: parallelCalls ?? true };
}

/** Live only where nothing is to be checked: one open microtask without schema or criteria, that need not call. */
function defaultDelivery(request: Pick<JobRequest, "contract" | "kind" | "labels" | "plan" | "tools">): Delivery {
  const { tools } = request;
  // Labels, and kinds of a form of their own, have a schema too.
  const contract = contractOf(request.kind, request.labels, request.contract);
  const checked = contract.schema !== undefined || contract.criteria.length > 0 || contract.judged.length > 0;
  const mustCall = tools !== undefined && tools.choice !== "auto" && tools.choice !== "none";
  return checked || mustCall || isClosed(request.kind) || request.plan !== "single" ? "accepted" : "live";
}

async function inputOf(body: JobBody, parseMail: HttpPorts["parseMail"]): Promise<JobInput> {
  const given = (["messages", "text", "email"] as const).filter((name) => body[name] !== undefined);
  if (given.length !== 1)
    throw new AtomicError(
      "invalid-request",
      given.length === 0
        ? 'The job has no input: give "text", "messages" or "email".'
        : `The job has several inputs: give only one of ${given.map((name) => `"${name}"`).join(", ")}.`,
      { field: given[1] ?? "text" },
    );
  if (body.messages !== undefined) {
    const messages = body.messages.map(messageOf);
    if (!messages.some(saysSomething)) throw new AtomicError("invalid-request", saysNothing, { field: "messages" });
    const broken = checkTurns(messages, (i) => `messages[${i}]`, "call");
    if (broken !== null) throw AtomicError.from(broken);
    return { type: "messages", messages };
  }
  if (body.email !== undefined) return mailInput(new TextEncoder().encode(body.email), parseMail);
  return { type: "text", text: body.text ?? "" };
}

function messageOf(body: NonNullable<JobBody["messages"]>[number]): Message {
  if (body.role === "assistant")
    return { role: "assistant", content: body.content, ...(body.calls === undefined ? {} : { calls: body.calls }) };
  if (body.role !== "user") return body;
  const { role, content, images } = body;
  if (images === undefined) return { role, content };
  return {
    role,
    content,
    images: images
      .map(({ url, at = 0, detail }) => ({ at, url: plainImageUrl(url), ...(detail === undefined ? {} : { detail }) }))
      .sort((a, b) => a.at - b.at),
  };
}

/** A mail as a job's input; what MIME cannot be read is refused. */
export async function mailInput(raw: Uint8Array, parseMail: HttpPorts["parseMail"]): Promise<JobInput> {
  const parsed = await parseMail(raw);
  if ("code" in parsed) throw AtomicError.from(parsed);
  return parsed;
}
