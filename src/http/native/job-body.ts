import { z } from "zod";
import { contractSchema } from "../../plan/contract.ts";
import { kindNames } from "../../plan/kind.ts";
import {
  callBody,
  contextBody,
  deadlineBody,
  deliveries,
  labelsBody,
  lanes,
  leaderChangeElses,
  leaderChanges,
  metadataBody,
  policies,
  strategies,
  toolBody,
  usdBody,
} from "./field-bodies.ts";
import { planBody } from "./plan-body.ts";

const content = z.string().max(1_000_000);
const messageBody = z.discriminatedUnion("role", [
  z.strictObject({ role: z.enum(["system", "user"]), content }),
  z.strictObject({ role: z.literal("assistant"), content, calls: z.array(callBody).min(1).max(64).optional() }),
  z.strictObject({ role: z.literal("tool"), content, call: z.string().min(1).max(200) }),
]);

export const builtInPlans = ["single", "email-triage", "map-reduce", "auto"] as const;

/** What `POST /v1/jobs` and `POST /v1/auctions/preview` take. Unknown fields are refused, by name. */
export const jobBody = z.strictObject({
  messages: z.array(messageBody).min(1).max(500).optional(),
  text: z.string().min(1).max(1_000_000).optional(),
  /** A raw mail, RFC 5322. */
  email: z.string().min(1).max(1_000_000).optional(),
  kind: z.enum(kindNames).optional(),
  labels: labelsBody.optional(),
  plan: z.union([z.enum(builtInPlans), planBody]).optional(),
  instruction: z.string().max(20_000).optional(),
  context: contextBody.optional(),
  /** fast: in the Worker that took it. Default: durable, in an object of its own. */
  lane: z.enum(lanes).optional(),
  contract: contractSchema.optional(),
  tools: z.array(toolBody).min(1).max(128).optional(),
  toolChoice: z
    .union([z.enum(["auto", "none", "required"]), z.strictObject({ name: z.string().min(1).max(64) })])
    .optional(),
  /** May one answer hold several calls? Default true. */
  parallelCalls: z.boolean().optional(),
  /** What an accepted answer is worth. */
  valueUsd: usdBody.optional(),
  budgetUsd: usdBody.optional(),
  deadlineMs: deadlineBody.optional(),
  policy: z.enum(policies).optional(),
  strategy: z.enum(strategies).optional(),
  delivery: z.enum(deliveries).optional(),
  leaderChange: z.enum(leaderChanges).optional(),
  leaderChangeElse: z.enum(leaderChangeElses).optional(),
  bidders: z.array(z.string().min(1).max(200)).min(1).max(64).optional(),
  maxOutputTokens: z.int().min(1).max(131_072).optional(),
  temperature: z.number().min(0).max(2).optional(),
  examples: z.boolean().optional(),
  noRetention: z.boolean().optional(),
  region: z.string().min(1).max(32).optional(),
  metadata: metadataBody.optional(),
  cancelOnDisconnect: z.boolean().optional(),
  webhook: z
    .strictObject({
      url: z.string().min(1).max(2048),
      /** Names a secret binding of the operator's; left out, the tenant's own secret signs. */
      secretName: z
        .string()
        .regex(/^WEBHOOK_[A-Z0-9_]{1,56}$/)
        .optional(),
    })
    .optional(),
});
export type JobBody = z.infer<typeof jobBody>;
