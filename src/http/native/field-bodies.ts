import { z } from "zod";

/** US dollars, above 0. A nano-dollar is the least that money can be here. */
export const usdBody = z
  .number()
  .max(10_000)
  .refine((usd) => usd >= 1e-9, {
    error: "An amount of US dollars must be greater than 0. Leave the field out for no limit.",
  });

/** Of one answer. */
export const mostOutputTokens = 131_072;
/** Turns of a conversation: an agent's loop has two a step. */
export const mostTurns = 2_000;

export const deadlineBody = z
  .int()
  .max(30 * 24 * 60 * 60 * 1000)
  .refine((ms) => ms >= 1, {
    error: "A deadline is a whole number of milliseconds greater than 0. Leave the field out for none.",
  });

export const tenantName = z.string().refine((name) => /^[a-z0-9][a-z0-9_-]{0,63}$/.test(name), {
  error: "A tenant's name is 1 to 64 of a-z, 0-9, _ and -, and starts with a letter or digit.",
});

export const labelsBody = z
  .array(z.string().trim().min(1).max(200))
  .min(2)
  .max(256)
  .refine((labels) => new Set(labels).size === labels.length, { error: "A label is given twice. Give each once." });

/** A claim is kept no longer. */
export const reuseBody = z
  .int()
  .min(1_000)
  .max(30 * 24 * 60 * 60 * 1000)
  .describe(
    "An answer to the very same request of the same tenant, asked for less than so many ms ago, is given again and costs nothing; one that is under way is waited for, or followed. Not with the fast lane, an idempotency key, a webhook, cancelOnDisconnect, in a batch, or with a plan that waits. Default: no answer is.",
  );

/** What a job is a case of, for the market. Names are shared by all tenants of a deployment. */
export const contextBody = z.string().refine((name) => /^[A-Za-z0-9][A-Za-z0-9 ._:/-]{0,31}$/.test(name), {
  error: "A context is 1 to 32 letters, digits, spaces and . _ : / -, and starts with a letter or digit.",
});

/** Sequences that end an answer. */
export const stopBody = z.array(z.string().min(1).max(200)).min(1).max(8);

/** How tokens are drawn; the ranges are OpenAI's. */
export const topPBody = z.number().min(0).max(1);
export const seedBody = z.int();
export const penaltyBody = z.number().min(-2).max(2);

export const strategies = ["auto", "single", "race", "best-of", "agreement", "fusion"] as const;
export const policies = ["balanced", "cheap", "fast", "best"] as const;
export const lanes = ["durable", "fast"] as const;
export const deliveries = ["live", "accepted"] as const;
export const leaderChanges = ["restart", "continue", "fail"] as const;
/** Instead of "continue", where nobody can go on from the delivered text. */
export const leaderChangeElses = ["restart", "fail"] as const;

/** An object by names of the caller's. One that zod would leave out without a word is refused. */
export const namedBody = <T extends z.ZodType>(record: T) =>
  z.preprocess((value, ctx) => {
    if (typeof value === "object" && value !== null && Object.hasOwn(value, "__proto__"))
      ctx.addIssue({ code: "custom", message: 'Nothing can be named "__proto__" here. Give it another name.' });
    return value;
  }, record);

export const metadataBody = namedBody(
  z.record(z.string().min(1).max(64), z.string().max(512)).refine((entries) => Object.keys(entries).length <= 16, {
    error: "Metadata has at most 16 entries. Send fewer.",
  }),
);

/** A function that a model may ask to be called. */
export const toolBody = z.strictObject({
  name: z.string().min(1).max(64),
  description: z.string().max(20_000).default(""),
  parameters: z.record(z.string(), z.unknown()).default({ type: "object", properties: {} }),
  strict: z.boolean().optional(),
});

/** A call of an earlier turn, as an answer gave it. */
export const callBody = z.strictObject({
  id: z.string().min(1).max(200),
  name: z.string().min(1).max(64),
  arguments: z.string().max(1_000_000),
});
