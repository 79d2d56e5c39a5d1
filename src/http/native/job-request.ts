import { AtomicError } from "../../error.ts";
import { fromUsd } from "../../money/nano-usd.ts";
import { emptyContract } from "../../plan/contract.ts";
import type { Delivery, JobInput, JobRequest } from "../../plan/job-request.ts";
import { isClosed } from "../../plan/kind.ts";
import { validatePlan } from "../../plan/validate-plan.ts";
import type { HttpPorts } from "../ports.ts";
import type { JobBody } from "./job-body.ts";
import { planOf } from "./plan-body.ts";

/** The normalised request of a body, or throws what is wrong with it. */
export async function jobRequestOf(body: JobBody, parseMail: HttpPorts["parseMail"]): Promise<JobRequest> {
  return withInput(body, await inputOf(body, parseMail));
}

/** The same for an input that did not come as JSON. */
export function withInput(body: JobBody, input: JobInput): JobRequest {
  const kind = body.kind ?? "answer";
  const contract = body.contract ?? emptyContract;
  const plan =
    typeof body.plan === "object"
      ? planOf(body.plan)
      : (body.plan ?? (input.type === "email" ? "email-triage" : "single"));
  if (typeof plan === "object") {
    const refusal = validatePlan(plan);
    if (refusal !== null) throw AtomicError.from(refusal);
  }
  if (plan === "single" && kind === "classify" && body.labels === undefined)
    throw new AtomicError("invalid-request", 'Kind "classify" needs the labels to choose from: give "labels".', {
      field: "labels",
    });
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
    labels: body.labels ?? null,
    contract,
    valueNano: body.valueUsd === undefined ? null : fromUsd(body.valueUsd),
    budgetNano: body.budgetUsd === undefined ? null : fromUsd(body.budgetUsd),
    deadlineMs: body.deadlineMs ?? null,
    policy: body.policy ?? "balanced",
    strategy: body.strategy ?? "auto",
    leaderChange: body.leaderChange ?? "restart",
    ...(body.leaderChangeElse === undefined ? {} : { leaderChangeElse: body.leaderChangeElse }),
    bidders: body.bidders ?? null,
    maxOutputTokens: body.maxOutputTokens ?? null,
    temperature: body.temperature ?? null,
    examples: body.examples ?? false,
    noRetention: body.noRetention ?? false,
    region: body.region ?? null,
    cancelOnDisconnect: body.cancelOnDisconnect ?? false,
    metadata: body.metadata ?? {},
    ...(body.webhook === undefined ? {} : { webhook: body.webhook }),
  };
  return { ...draft, delivery: body.delivery ?? defaultDelivery(draft) };
}

/** Live only where nothing is to be checked: one open microtask without schema or criteria. */
export function defaultDelivery(request: Pick<JobRequest, "contract" | "kind" | "plan">): Delivery {
  const { contract } = request;
  const checked = contract.schema !== undefined || contract.criteria.length > 0 || contract.judged.length > 0;
  return checked || isClosed(request.kind) || request.plan !== "single" ? "accepted" : "live";
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
    if (!body.messages.some((m) => m.role === "user" && m.content.trim() !== ""))
      throw new AtomicError("invalid-request", 'A conversation needs a message of role "user" with text.', {
        field: "messages",
      });
    return { type: "messages", messages: body.messages };
  }
  if (body.email !== undefined) return mailInput(new TextEncoder().encode(body.email), parseMail);
  return { type: "text", text: body.text ?? "" };
}

/** A mail as a job's input; what MIME cannot be read is refused. */
export async function mailInput(raw: Uint8Array, parseMail: HttpPorts["parseMail"]): Promise<JobInput> {
  const parsed = await parseMail(raw);
  if ("code" in parsed) throw AtomicError.from(parsed);
  return parsed;
}
