import { z } from "zod";
import { criterionSchema } from "../plan/contract.ts";
import { jobKinds } from "../plan/kind.ts";
import {
  contextBody,
  deadlineBody,
  deliveries,
  labelsBody,
  lanes,
  leaderChangeElses,
  leaderChanges,
  policies,
  reuseBody,
  strategies,
  usdBody,
} from "./native/field-bodies.ts";
import { type JobBody, redactBody } from "./native/job-body.ts";

/** What other makers' APIs have no word for. Ours, so an unknown field in it is refused: a misspelt budget is no budget. */
export const atomicExtension = z
  .strictObject({
    kind: z.enum(jobKinds).optional(),
    context: contextBody.optional(),
    labels: labelsBody.optional(),
    lane: z.enum(lanes).optional(),
    criteria: z.array(criterionSchema).max(32).optional(),
    judged: z.array(z.string().min(1).max(1000)).max(8).optional(),
    value_usd: usdBody.optional(),
    budget_usd: usdBody.optional(),
    deadline_ms: deadlineBody.optional(),
    policy: z.enum(policies).optional(),
    strategy: z.enum(strategies).optional(),
    /** Whom the market may ask; with a bidder as the model that one alone. */
    bidders: z.array(z.string().min(1).max(200)).min(1).max(64).optional(),
    /** Who may judge answers, and is shown them for that. */
    judges: z.array(z.string().min(1).max(200)).min(1).max(64).optional(),
    delivery: z.enum(deliveries).optional(),
    leader_change: z.enum(leaderChanges).optional(),
    leader_change_else: z.enum(leaderChangeElses).optional(),
    examples: z.boolean().optional(),
    no_retention: z.boolean().optional(),
    region: z.string().min(1).max(32).optional(),
    redact: redactBody.optional(),
    cancel_on_disconnect: z.boolean().optional(),
    /** true: its beginning comes again within minutes; false: nobody is to cache it. */
    prompt_cache: z.boolean().optional(),
    reuse_ms: reuseBody.optional(),
  })
  // What the native API checks too, in the words of this one.
  .refine(({ kind, labels }) => kind !== "classify" || labels !== undefined, {
    path: ["labels"],
    error: 'Kind "classify" needs the labels to choose from: give "labels".',
  })
  .refine((given) => given.leader_change_else === undefined || given.leader_change === "continue", {
    path: ["leader_change_else"],
    error: '"leader_change_else" goes with "leader_change": "continue".',
  });
export type AtomicExtension = z.infer<typeof atomicExtension>;

/** The extension in the native API's words. */
export function nativeWords(extension: AtomicExtension): Omit<JobBody, "contract"> {
  return {
    kind: extension.kind,
    context: extension.context,
    labels: extension.labels,
    lane: extension.lane,
    valueUsd: extension.value_usd,
    budgetUsd: extension.budget_usd,
    deadlineMs: extension.deadline_ms,
    policy: extension.policy,
    strategy: extension.strategy,
    bidders: extension.bidders,
    judges: extension.judges,
    delivery: extension.delivery,
    leaderChange: extension.leader_change,
    leaderChangeElse: extension.leader_change_else,
    examples: extension.examples,
    noRetention: extension.no_retention,
    region: extension.region,
    redact: extension.redact,
    cancelOnDisconnect: extension.cancel_on_disconnect,
    promptCache: extension.prompt_cache,
    reuseMs: extension.reuse_ms,
  };
}
