import { z } from "zod";
import { type ErrorCode, errorTable } from "../error.ts";
import { jobStatuses } from "../job/job.ts";
import type { SettlementMessage } from "../job/job-summary.ts";
import type { FailureReason } from "../market/settlement.ts";
import { kindNames } from "../plan/kind.ts";

/** Settlements in one message at most: 32 microtasks, and feedback on each. */
const maxSettlements = 64;
/** Attempts of a microtask at most: three rounds of a line-up with re-asks stay far below. */
const maxAttempts = 64;

const id = z.string().min(1).max(256);
const label = z.string().max(256);
const count = z.number().int().min(0).max(1e12);
const nano = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const atMs = z.number().int().min(0).max(8.64e15);
const durationMs = z.number().min(0).max(1e12);
const share = z.number().min(0).max(1);

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const errorCodes = Object.keys(errorTable) as [ErrorCode, ...ErrorCode[]];
const failureReasons = [
  "connect-timeout",
  "first-token-timeout",
  "stall-timeout",
  "total-timeout",
  "rate-limited",
  "overloaded",
  "server-error",
  "client-error",
  "unauthorized",
  "connection-lost",
  "truncated",
  "cut-short",
  "malformed-stream",
  "error-frame",
  "empty-answer",
  "unmarked-thoughts",
  "refused",
  "too-large",
  "repeated-prefix",
  "content-filter",
  "no-capacity",
  "orphaned",
  "internal",
] as const satisfies readonly FailureReason[];

const summary = z.object({
  id,
  tenant: id,
  status: z.enum(jobStatuses),
  kind: z.enum(kindNames),
  plan: label,
  via: label,
  createdAtMs: atMs,
  endedAtMs: atMs.nullable(),
  microtasks: count,
  attempts: count,
  costNano: nano,
  savedNano: nano,
  savedTokens: count,
  winner: label.nullable(),
  error: z.enum(errorCodes).nullable(),
  seal: z
    .object({
      events: count,
      sha256,
      place: z.object({ n: count, link: sha256, previous: sha256, previousEndedAtMs: atMs }).optional(),
    })
    .optional(),
});

// Loose: what the market adds to its settlements passes through; it checks what it reads.
const attempt = z.looseObject({
  attempt: id,
  bidder: id,
  role: label,
  claimed: z.looseObject({ accept: share, costNano: z.number().min(0), totalMs: durationMs }),
  outcome: z
    .looseObject({
      worth: share,
      source: z.enum(["criteria", "judge", "agreement", "feedback", "audit"]),
      reliability: z.looseObject({ trueAccept: share, trueReject: share }),
      weight: share.optional(),
      instead: z.looseObject({ worth: share, weight: share }).optional(),
    })
    .nullable(),
  failure: z.enum(failureReasons).nullable(),
  costNano: nano,
  firstTokenMs: durationMs.nullable(),
  totalMs: durationMs,
  censored: z.boolean(),
  timed: z.boolean(),
  inputTokens: z.number().min(0).max(1e12),
  outputTokens: z.number().min(0).max(1e12),
});

const judgeReport = z.object({
  judge: id,
  lesson: z.discriminatedUnion("about", [
    z.object({ about: z.literal("verdict"), said: z.enum(["accept", "reject"]), good: z.boolean(), weight: share }),
    z.object({ about: z.literal("order"), consistent: z.boolean() }),
    z.object({ about: z.literal("look"), decided: z.boolean() }),
    z.object({
      about: z.literal("audit"),
      said: z.enum(["accept", "reject"]),
      good: z.boolean(),
      share: share.refine((drawn) => drawn > 0),
    }),
  ]),
});

const prefixReport = z.object({
  bidder: id,
  criteria: z.string().min(1).max(64),
  quarter: z.number().int().min(0).max(3),
  held: z.boolean(),
  weight: share.refine((weight) => weight > 0),
});

/** 100 messages of 64 keys must fit one bound value of D1, 2 MB. */
const key = z.string().regex(/^[\x21-\x7e]{1,256}$/);

const settlement = z.looseObject({
  key,
  tenant: id,
  kind: z.enum(kindNames),
  features: z.looseObject({ inputChars: count, script: label, context: label.optional() }),
  atMs,
  attempts: z.array(attempt).max(maxAttempts),
  judges: z.array(judgeReport).max(maxAttempts).optional(),
  prefixes: z
    .array(prefixReport)
    // Four quarters of an accepted prefix, and as many predictive signals.
    .max(8 * maxAttempts)
    .optional(),
});

const example = z.object({
  kind: z.enum(kindNames),
  input: z.string(),
  output: z.string(),
  only: z.object({ bidders: z.array(id).max(64).nullable(), region: label.nullable() }).optional(),
});

const message = z.object({
  summary: z.unknown(),
  revision: count.optional(),
  month: z
    .string()
    .regex(/^\d{4}-(0[1-9]|1[0-2])$/)
    .optional()
    .catch(undefined),
  settlements: z.unknown(),
  examples: z.unknown(),
  spoiled: z.array(z.enum(kindNames)).max(kindNames.length).optional().catch(undefined),
});

/** A number that no column holds as the nearest one that it does. */
const nearest = (most: number) => z.number().transform((n) => Math.round(Math.min(most, Math.max(0, n))));
const forced = summary.extend({
  microtasks: nearest(1e12),
  attempts: nearest(1e12),
  costNano: nearest(Number.MAX_SAFE_INTEGER),
  savedNano: nearest(Number.MAX_SAFE_INTEGER),
  savedTokens: nearest(1e12),
});

/** A settlement a day ahead of this clock would drag the market's decay with it. */
const aheadMs = 86_400_000;

/** A message as far as it can be settled, and why not all of it can. */
export interface ReadMessage {
  message: SettlementMessage;
  /** Without any of its content; empty: nothing was left out. */
  faults: string[];
}

/**
 * What came off the queue, checked; or the reason why it is no settlement message. The job it tells of is known by its
 * summary: a lesson or an example that cannot be is left out alone, since the tenant's list, its months and its chain of
 * seals are to have every job.
 */
export function readSettlementMessage(body: unknown, nowMs: number): ReadMessage | { reason: string } {
  const read = message.safeParse(body);
  if (!read.success) return { reason: whyNot("", read.error) };
  const faults: string[] = [];
  const exact = summary.safeParse(read.data.summary);
  if (!exact.success) faults.push(whyNot("summary", exact.error));
  const told = exact.success ? exact : forced.safeParse(read.data.summary);
  if (!told.success) return { reason: whyNot("summary", told.error) };
  const { id: job, tenant } = told.data;
  const settlements = readEach("settlements", read.data.settlements, settlement, faults).filter((one) => {
    const fault =
      one.tenant !== tenant || !one.key.startsWith(`${job}/`)
        ? "a settlement belongs to another job or tenant"
        : one.atMs > nowMs + aheadMs
          ? "settlements: from the future"
          : null;
    if (fault !== null) faults.push(fault);
    return fault === null;
  });
  const examples = readEach("examples", read.data.examples, example, faults);
  const { revision, month, spoiled } = read.data;
  return {
    message: {
      summary: told.data,
      ...(revision === undefined ? {} : { revision }),
      ...(month === undefined ? {} : { month }),
      settlements,
      examples,
      ...(spoiled === undefined ? {} : { spoiled }),
    },
    faults,
  };
}

/** Those of a list that can be read; of the others, why not. */
function readEach<T>(name: string, list: unknown, one: z.ZodType<T>, faults: string[]): T[] {
  if (!Array.isArray(list)) {
    faults.push(`${name}: no list`);
    return [];
  }
  if (list.length > maxSettlements) faults.push(`${name}: more than ${maxSettlements}`);
  return list.slice(0, maxSettlements).flatMap((item, i) => {
    const read = one.safeParse(item);
    if (read.success) return [read.data];
    faults.push(whyNot(`${name}.${i}`, read.error));
    return [];
  });
}

function whyNot(at: string, { issues: [issue] }: z.ZodError): string {
  const path = [at, ...(issue?.path ?? [])].filter((part) => part !== "").join(".");
  return `${path || "message"}: ${issue?.message ?? "invalid"}`;
}
