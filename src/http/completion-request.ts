import { z } from "zod";
import { AtomicError } from "../error.ts";
import type { JsonSchema } from "../plan/contract.ts";
import type { Effort } from "../plan/effort.ts";
import type { JobRequest } from "../plan/job-request.ts";
import type { Message } from "../plan/microtask.ts";
import type { Tools } from "../plan/tool.ts";
import { type AtomicExtension, nativeWords } from "./atomic-extension.ts";
import { resolveModel } from "./model-name.ts";
import { mostOutputTokens } from "./native/field-bodies.ts";
import { withInput } from "./native/job-request.ts";

export const schemaBody = z.union([z.record(z.string(), z.unknown()), z.boolean()]);
/** More than any job may have is what it may have: clients send what another provider's model can write. */
export const outputTokens = z
  .int()
  .min(1)
  .transform((tokens) => Math.min(tokens, mostOutputTokens));
export const outputTokensBody = outputTokens.nullish();
/** Metadata of clients that send more than strings is not worth a refusal. */
export const looseMetadata = z.record(z.string().max(64), z.string().max(512)).nullish().catch(null);

/** What foreign dialects ask for, in one form. */
export interface Completion {
  model: string;
  messages: Message[];
  schema: JsonSchema | undefined;
  instruction: string | undefined;
  maxOutputTokens: number | null | undefined;
  temperature: number | null | undefined;
  topP: number | null | undefined;
  seed?: number | null | undefined;
  frequencyPenalty?: number | null | undefined;
  presencePenalty?: number | null | undefined;
  stop?: string[] | undefined;
  effort: Effort | undefined;
  metadata: Record<string, string> | null | undefined;
  tools: Tools | undefined;
  extension: AtomicExtension;
  /** Somebody will read the text while it is written. */
  streams: boolean;
}

/** JSON mode without a schema promises an object. */
export const schemaOfMode = (type: string | undefined): JsonSchema | undefined =>
  type === "json_object" ? { type: "object" } : undefined;

/** A model that is one bidder is asked alone, unless the request itself says that it may not be. */
function biddersOf(name: string, model: string[] | undefined, allowed: string[] | undefined): string[] | undefined {
  if (model === undefined || allowed === undefined || model.every((id) => allowed.includes(id)))
    return model ?? allowed;
  throw new AtomicError(
    "invalid-request",
    `"atomic.bidders" leaves out the model "${name}". Add it there, or ask for the model "atomic".`,
    { field: "atomic.bidders" },
  );
}

/** The job behind it: one microtask, live where it is streamed and nothing is to be checked. */
export function completionRequest(asked: Completion): JobRequest {
  const { extension, schema } = asked;
  const model = resolveModel(asked.model);
  const native = nativeWords(extension);
  const request = withInput(
    {
      ...native,
      policy: native.policy ?? model.policy,
      bidders: biddersOf(asked.model, model.bidders, native.bidders),
      instruction: asked.instruction,
      maxOutputTokens: asked.maxOutputTokens ?? undefined,
      temperature: asked.temperature ?? undefined,
      topP: asked.topP ?? undefined,
      seed: asked.seed ?? undefined,
      frequencyPenalty: asked.frequencyPenalty ?? undefined,
      presencePenalty: asked.presencePenalty ?? undefined,
      stop: asked.stop,
      effort: asked.effort,
      metadata: asked.metadata ?? undefined,
      contract: {
        ...(schema === undefined ? {} : { schema }),
        criteria: extension.criteria ?? [],
        judged: extension.judged ?? [],
      },
    },
    { type: "messages", messages: asked.messages },
    asked.tools,
  );
  // Text that nobody reads meanwhile need not be logged piece by piece: every piece is a row.
  const delivery = extension.delivery ?? (asked.streams ? request.delivery : "accepted");
  // Foreign streams cannot take text back, so there a job whose text was sent fails rather than starts over.
  const otherwise = asked.streams && delivery === "live" ? "fail" : "restart";
  const leaderChange = extension.leader_change ?? otherwise;
  if (leaderChange !== "continue") return { ...request, delivery, leaderChange };
  return { ...request, delivery, leaderChange, leaderChangeElse: extension.leader_change_else ?? otherwise };
}
