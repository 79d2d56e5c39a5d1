import { z } from "zod";
import { jobStatuses } from "../../job/job.ts";
import type { JobView } from "../../job/job-view.ts";

const ms = z.number().describe("Milliseconds; of a name that ends in AtMs, since 1970.");
const usd = z.number().describe("US dollars.");

const call = z.object({ id: z.string(), name: z.string(), arguments: z.string().describe("JSON text of an object.") });

const answer = z.object({
  text: z.string(),
  value: z.unknown().describe("The answer as a value of the contract's schema; without one its text."),
  calls: z.array(call).optional().describe("Tools you are to call. Left out: none."),
  unsure: z.array(z.object({ part: z.string(), why: z.string() })),
  finish: z.enum(["stop", "length", "content-filter", "other", "unknown"]).optional(),
});

const attempt = z.object({
  id: z.string(),
  bidder: z.string(),
  role: z.string(),
  status: z.string(),
  failure: z.string().nullable(),
  finish: z.string().nullable(),
  costUsd: usd,
  savedUsd: usd,
  tokens: z.object({ input: z.number(), output: z.number(), source: z.string() }).nullable(),
  firstTokenMs: ms.nullable(),
  totalMs: ms.nullable(),
  queuedMs: ms,
  cut: z.looseObject({ why: z.string(), savedTokens: z.number(), savedUsd: usd }).nullable(),
  repeats: z.object({ dropped: z.number(), alike: z.number() }).nullable(),
  redacted: z
    .record(z.string(), z.number())
    .nullable()
    .describe("Different values that were replaced in what left for its bidder, by kind."),
  writtenOff: z.looseObject({ criterion: z.string(), pFalse: z.number() }).nullable(),
});

const links = z.record(z.string(), z.string()).describe("Paths of the job's events, explanation, ledger, page, ...");

/** What a job is on the wire. Its fields are `JobView`'s: the type below does not compile when one is missing. */
export const jobAnswer = z.object({
  id: z.string(),
  status: z.enum(jobStatuses),
  seq: z.number().describe("Number of its newest event."),
  via: z.string(),
  lane: z.enum(["durable", "fast"]),
  kind: z.string(),
  plan: z.string().nullable(),
  createdAtMs: ms,
  endedAtMs: ms.nullable(),
  answer: answer.nullable(),
  error: z.object({ code: z.string(), message: z.string(), reason: z.string().optional() }).nullable(),
  costUsd: usd.describe("What providers billed or may bill: losers, judges and planner included."),
  savedUsd: usd,
  savedTokens: z.number(),
  settled: z.boolean().describe("Its tenant has been told of it, and its outcomes are on their way to the market."),
  metadata: z.record(z.string(), z.string()),
  webhooks: z.array(z.looseObject({ id: z.string(), topic: z.string(), state: z.string() })),
  usage: z.object({ inputTokens: z.number(), outputTokens: z.number() }),
  microtasks: z.array(
    z.object({
      id: z.string(),
      kind: z.string(),
      status: z.string(),
      winner: z.string().nullable(),
      how: z.string().nullable(),
      failure: z.object({ code: z.string(), message: z.string(), reason: z.string().optional() }).nullable(),
      waiting: z.looseObject({ sinceMs: ms }).nullable(),
      attempts: z.array(attempt),
    }),
  ),
  links,
});

type Field = Exclude<keyof z.infer<typeof jobAnswer>, "links">;
/** Both ways: a field of the view that is not told here, and one told here that the view has not, are type errors. */
type Same = [Exclude<keyof JobView, Field>, Exclude<Field, keyof JobView>] extends [never, never] ? true : never;
const same: Same = true;
void same;

export const acceptedAnswer = z.object({ id: z.string(), status: z.string(), links });

export const listAnswer = z.object({
  jobs: z.array(
    z.looseObject({
      id: z.string(),
      status: z.string(),
      kind: z.string(),
      createdAtMs: ms,
      endedAtMs: ms.nullable(),
      winner: z.string().nullable(),
      costUsd: usd,
      savedUsd: usd,
    }),
  ),
  next: z.string().nullable().describe('Give it as "before" for the next page; null: this is the last.'),
});

const sealPlace = z.object({
  n: z.number().describe("From 1, in the order in which jobs settle."),
  link: z.string().describe("SHA-256, hex: see src/job/seal.ts."),
  previous: z.string().describe("The link before; 64 zeros: there is none."),
  previousEndedAtMs: ms.describe("When the job of the place before ended; 0: there is none."),
});

/** `GET /v1/jobs/{id}/seal`. */
export const sealAnswer = z.object({
  id: z.string(),
  events: z.number().describe("How many events of the log it is about: the first ones."),
  sha256: z.string().describe("Hex."),
  place: sealPlace.optional().describe("Where it stands in the tenant's chain of seals."),
});

/** `GET /v1/chain`. */
export const chainAnswer = z.object({
  tenant: z.string(),
  end: z
    .object({ n: z.number(), link: z.string(), endedAtMs: ms })
    .nullable()
    .describe("null: none of its jobs has settled since seals are chained."),
});

const keyListing = z.object({
  id: z.string(),
  tenant: z.string(),
  createdAtMs: ms,
  revokedAtMs: ms.nullable(),
  expiresAtMs: ms.nullable().describe("From then on it is nobody's; null: it works until it is revoked."),
  scope: z.enum(["all", "read"]),
});

export const newKeyAnswer = keyListing.extend({ key: z.string().describe("Shown this once.") });

export const keyListAnswer = z.object({ keys: z.array(keyListing) });

export const explainAnswer = z.looseObject({
  job: z.string(),
  status: z.string(),
  sentences: z.array(z.string()).describe("Why the job went as it did, for people."),
  microtasks: z.array(
    z.looseObject({
      id: z.string(),
      kind: z.string(),
      sentences: z.array(z.string()),
      losers: z
        .array(z.looseObject({ bidder: z.string(), costNano: z.number(), why: z.string() }))
        .describe("Who bid and lost, or could have bid but for money, room, or what became of it before."),
      notAsked: z
        .array(z.looseObject({ why: z.string(), bidders: z.array(z.string()) }))
        .describe("Who was never in question, by why: it does not serve the kind, is not named, is switched off."),
    }),
  ),
  costNano: z.number().describe("In billionths of a US dollar."),
  strongestAloneNano: z.number(),
  savedNano: z.number(),
});

export const tokenCountAnswer = z.object({ input_tokens: z.int() });

export const problem = z.object({
  title: z.string(),
  status: z.number(),
  code: z.string(),
  detail: z.string().describe("A sentence that ends with what to do."),
  field: z.string().optional(),
  reason: z.string().optional(),
  errors: z.array(z.object({ field: z.string(), detail: z.string() })).optional(),
  requestId: z.string(),
});

export const openaiProblem = z.object({
  error: z.object({ message: z.string(), type: z.string(), param: z.string().nullable(), code: z.string() }),
});

export const anthropicProblem = z.object({
  type: z.literal("error"),
  error: z.object({
    type: z.string(),
    message: z.string(),
    details: z.object({ error_code: z.string(), field: z.string().optional(), reason: z.string().optional() }),
  }),
  request_id: z.string(),
});
