import { z } from "zod";
import { contractSchema } from "../../plan/contract.ts";
import { efforts } from "../../plan/effort.ts";
import { maxImages } from "../../plan/image.ts";
import { jobKinds } from "../../plan/kind.ts";
import { identifierKinds, type RedactionRules } from "../../plan/redaction.ts";
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
  mostOutputTokens,
  mostTurns,
  penaltyBody,
  policies,
  reuseBody,
  seedBody,
  stopBody,
  strategies,
  toolBody,
  topPBody,
  usdBody,
} from "./field-bodies.ts";
import { planBody } from "./plan-body.ts";

const content = z.string().max(1_000_000);
const imageBody = z.strictObject({
  url: z
    .string()
    .min(1)
    .describe("A data: URL of a PNG, JPEG, WebP or GIF, or the https address of one, which some bidders fetch."),
  at: z.int().min(0).optional().describe("Characters of the content that stand before it. Default: 0."),
  detail: z.enum(["low", "high"]).optional().describe("How closely to look, where a model knows the word."),
});
const messageBody = z.discriminatedUnion("role", [
  z.strictObject({ role: z.literal("system"), content }),
  z.strictObject({ role: z.literal("user"), content, images: z.array(imageBody).min(1).max(maxImages).optional() }),
  z.strictObject({ role: z.literal("assistant"), content, calls: z.array(callBody).min(1).max(64).optional() }),
  z.strictObject({ role: z.literal("tool"), content, call: z.string().min(1).max(200) }),
]);

export const builtInPlans = ["single", "email-triage", "map-reduce", "auto"] as const;

export const biddersBody = z.array(z.string().min(1).max(200)).min(1).max(64);
export const regionBody = z.string().min(1).max(32);

/** A term is looked for in schemas and arguments too, which are JSON, so it holds nothing that JSON escapes. */
const termBody = z
  .string()
  .trim()
  .min(2)
  .max(200)
  .refine((term) => !/["\\\p{Cc}]/u.test(term) && !/^\[\w*\]?$/.test(term), {
    error: "A term is 2 to 200 characters without quotes, backslashes and line breaks, and no placeholder.",
  });
export const redactBody = z.strictObject({
  identifiers: z
    .array(z.enum(identifierKinds))
    .max(identifierKinds.length)
    .optional()
    .describe("Found by their form. Default: all of them."),
  terms: z.array(termBody).max(100).optional().describe("Names and words of yours, whole and in either case."),
});
/** As jobs have it. */
export const redactionOf = ({ identifiers, terms }: z.infer<typeof redactBody>): RedactionRules => ({
  identifiers: identifierKinds.filter((kind) => identifiers?.includes(kind) ?? true),
  terms: [...new Set(terms ?? [])],
});

/** What `POST /v1/jobs` and `POST /v1/auctions/preview` take. Unknown fields are refused, by name. */
export const jobBody = z.strictObject({
  messages: z
    .array(messageBody)
    .min(1)
    .max(mostTurns)
    .optional()
    .describe("A conversation. One of messages, text and email is the input."),
  text: z
    .string()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe("A text: what is asked, of kinds answer and code without an instruction; else what is worked on."),
  email: z.string().min(1).max(1_000_000).optional().describe("A raw mail, RFC 5322."),
  kind: z.enum(jobKinds).optional().describe("What is to be done; default: answer."),
  labels: labelsBody.optional().describe("Labels to choose from."),
  plan: z
    .union([z.enum(builtInPlans), planBody])
    .optional()
    .describe("How the job is split; default: one microtask, of a mail its triage."),
  instruction: z.string().max(20_000).optional().describe("What to do, in words. Left out: the kind says it."),
  context: contextBody
    .optional()
    .describe(
      "What it is a case of: outcomes are learned by it, for all tenants of a deployment; not with noRetention.",
    ),
  lane: z
    .enum(lanes)
    .optional()
    .describe(
      "fast: in the Worker that took it, its log written down when it has ended. Default: durable, in an object of its own.",
    ),
  contract: contractSchema.optional().describe("What a good answer must satisfy."),
  tools: z
    .array(toolBody)
    .min(1)
    .max(128)
    .optional()
    .describe("Functions of yours that an answer may ask to be called."),
  toolChoice: z
    .union([z.enum(["auto", "none", "required"]), z.strictObject({ name: z.string().min(1).max(64) })])
    .optional()
    .describe("Whether it may or must call, and whom. Default: auto."),
  parallelCalls: z.boolean().optional().describe("May one answer hold several calls? Default: true."),
  valueUsd: usdBody
    .optional()
    .describe("What an accepted answer is worth. Default: 20 x the strongest bidder's expected cost."),
  budgetUsd: usdBody.optional().describe("What providers may bill for all of it, at most."),
  deadlineMs: deadlineBody.optional().describe("From its acceptance."),
  policy: z.enum(policies).optional().describe("What quality, cost and time weigh."),
  strategy: z.enum(strategies).optional().describe("auto: the market decides how many run, and when."),
  delivery: z
    .enum(deliveries)
    .optional()
    .describe(
      "live: text as it is written. accepted: only what satisfied the contract. Default: live where nothing is to be checked.",
    ),
  leaderChange: z
    .enum(leaderChanges)
    .optional()
    .describe("What happens when another bidder takes over after text was delivered. Default: restart."),
  leaderChangeElse: z
    .enum(leaderChangeElses)
    .optional()
    .describe('Instead of "continue", where nobody can go on from the delivered text.'),
  bidders: biddersBody.optional().describe("Who may be asked; default: all that are enabled."),
  judges: biddersBody
    .optional()
    .describe("Who may judge answers, and is shown them for that; default: whoever may be asked and is no contestant."),
  maxOutputTokens: z.int().min(1).max(mostOutputTokens).optional().describe("Cap on an answer."),
  effort: z
    .enum(efforts)
    .optional()
    .describe(
      "How long models are to think that can be told so, at least: each is asked as its arm of that effort. Default: as the operator set them up.",
    ),
  temperature: z
    .number()
    .min(0)
    .max(2)
    .optional()
    .describe(
      "Default: the kind's own: 0 for labels and extraction, 0.2 for code and translations, 0.3 for summaries, 0.7 for drafts, the provider's for answers.",
    ),
  topP: topPBody.optional().describe("Tokens are drawn from the likeliest that make up this share."),
  seed: seedBody.optional().describe("For providers that draw by one. Default: one of Atomic's for each attempt."),
  frequencyPenalty: penaltyBody.optional().describe("Against words that were written often."),
  presencePenalty: penaltyBody.optional().describe("Against words that were written at all."),
  stop: stopBody.optional().describe("An answer ends before the first of these that occurs in it."),
  examples: z
    .boolean()
    .optional()
    .describe(
      "Keep accepted answers as examples for this tenant, and show them to the next bidder that this job could have asked. None is kept with noRetention or redact.",
    ),
  noRetention: z.boolean().optional().describe("Only bidders that promise not to keep what they are sent."),
  region: regionBody.optional().describe("Only bidders that run there."),
  redact: redactBody
    .optional()
    .describe("What is replaced by placeholders in all that leaves for a bidder, and put back into what it answers."),
  promptCache: z
    .boolean()
    .optional()
    .describe(
      "true: the beginning of its prompt comes again within minutes; providers that bill for it are asked to cache it. false: none is asked. Default: of conversations that go on, and of instructions that came before.",
    ),
  reuseMs: reuseBody.optional(),
  metadata: metadataBody.optional().describe("Your own words, given back with the job."),
  cancelOnDisconnect: z.boolean().optional().describe("A client that leaves cancels the job. Default: false."),
  webhook: z
    .strictObject({
      url: z.string().min(1).max(2048),
      /** Names a secret binding of the operator's; left out, the tenant's own secret signs. */
      secretName: z
        .string()
        .regex(/^WEBHOOK_[A-Z0-9_]{1,56}$/)
        .optional(),
    })
    .optional()
    .describe("Who is told of its end, by Standard Webhooks."),
});
export type JobBody = z.infer<typeof jobBody>;
