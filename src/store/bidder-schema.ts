import { z } from "zod";
import type { Bidder } from "../market/bidder.ts";
import { imageWays } from "../plan/image.ts";
import { kindNames } from "../plan/kind.ts";

const nano = z.number().int().min(0).max(1e15);
const tokens = z.number().int().min(1).max(100_000_000);
const name = z.string().min(1).max(128);

/** Only bidders that come with the server have these. */
type OwnField = "fixed" | "measuredConfidence" | "standIn" | "onlyByName" | "arm" | "arms";

const fields = {
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]*\/[A-Za-z0-9@][A-Za-z0-9._:@/-]*$/, 'must be "provider/model"')
    .max(160),
  model: name,
  provider: name,
  family: name,
  serves: z.union([z.literal("generative"), z.array(z.enum(kindNames)).min(1).max(kindNames.length)]),
  price: z.object({
    inputPerMtok: nano,
    outputPerMtok: nano,
    cachedInputPerMtok: nano.optional(),
    cacheWritePerMtok: nano.optional(),
    reasoningPerMtok: nano.optional(),
    perCall: nano.optional(),
  }),
  contextTokens: tokens,
  maxOutputTokens: tokens,
  reasoningTokens: z.number().int().min(0).max(65_536).optional(),
  structuredOutput: z.boolean(),
  tools: z.literal(false).optional(),
  images: z.enum(imageWays).optional(),
  imageTokens: z.number().int().min(1).max(1_000_000).optional(),
  region: z.string().max(64),
  noRetention: z.boolean(),
  concurrency: z.number().int().min(1).max(100_000).nullable(),
  cancelStopsBill: z.boolean(),
  expected: z.object({
    firstTokenMs: z.number().min(0).max(3_600_000),
    tokensPerSecond: z.number().positive().max(1_000_000),
  }),
  continuesPrefix: z.boolean().optional(),
  enabled: z.boolean(),
} satisfies Record<Exclude<keyof Bidder, OwnField>, z.ZodType>;

/** A bidder as stored and as an operator gives it. Checked on the way in and again on the way out of D1. */
export const bidderSchema: z.ZodType<Bidder> = z.object(fields);
