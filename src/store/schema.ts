import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { keyScopes } from "../access/key.ts";
import { jobStatuses } from "../job/job.ts";

/**
 * The D1 tables. Rows written are what D1 bills ($1 per million, each index entry is another row), so lists are served
 * by the primary key and the tables that grow are WITHOUT ROWID, which drizzle cannot say: the migration's SQL says it.
 * Money is integer nano-USD, times are epoch ms.
 */

/** A job's summary; its content lives in the job's own object. Newest first within a tenant is a walk of the key. */
export const jobs = sqliteTable(
  "jobs",
  {
    tenant: text("tenant").notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
    id: text("id").notNull(),
    status: text("status", { enum: jobStatuses }).notNull(),
    kind: text("kind").notNull(),
    plan: text("plan").notNull(),
    via: text("via").notNull(),
    endedAtMs: integer("ended_at_ms"),
    microtasks: integer("microtasks").notNull(),
    attempts: integer("attempts").notNull(),
    costNano: integer("cost_nano").notNull(),
    savedNano: integer("saved_nano").notNull(),
    savedTokens: integer("saved_tokens").notNull(),
    winner: text("winner"),
    error: text("error"),
    /** How often its cost was corrected since it ended. */
    revision: integer("revision").notNull().default(0),
    /** Its log as it was then: how many events, and their SHA-256 (src/job/seal.ts). null: settled before this was kept. */
    sealEvents: integer("seal_events"),
    sealSha256: text("seal_sha256"),
    /** Where that stands in the tenant's chain of seals. null: settled before there was one. */
    sealN: integer("seal_n"),
    sealLink: text("seal_link"),
    sealPrevious: text("seal_previous"),
    sealPreviousEndedMs: integer("seal_previous_ended_ms"),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.createdAtMs, t.id] })],
);

/** What a tenant's jobs cost and saved in a calendar month (UTC, "2026-11"). A fold of `jobs`, moved at settlement. */
export const usageMonths = sqliteTable(
  "usage_months",
  {
    tenant: text("tenant").notNull(),
    month: text("month").notNull(),
    jobs: integer("jobs").notNull(),
    costNano: integer("cost_nano").notNull(),
    savedNano: integer("saved_nano").notNull(),
    savedTokens: integer("saved_tokens").notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.month] })],
);

/** Bidders an operator added. `body` is a Bidder, `endpoint` where its calls go; neither holds a secret. */
export const bidders = sqliteTable("bidders", {
  id: text("id").primaryKey().notNull(),
  body: text("body").notNull(),
  endpoint: text("endpoint").notNull(),
  enabled: integer("enabled", { mode: "boolean" }).notNull(),
  updatedAtMs: integer("updated_at_ms").notNull(),
});

/** API keys: only the SHA-256 (hex) of the secret is kept. */
export const apiKeys = sqliteTable("api_keys", {
  id: text("id").primaryKey().notNull(),
  tenant: text("tenant").notNull(),
  secretSha256: text("secret_sha256").notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
  revokedAtMs: integer("revoked_at_ms"),
  expiresAtMs: integer("expires_at_ms"),
  scope: text("scope", { enum: keyScopes }).notNull().default("all"),
});

/** The market's memory: one part a kind and one "shared", each at most 64 KB of JSON, changed by version. */
export const marketParts = sqliteTable("market_parts", {
  part: text("part").primaryKey().notNull(),
  version: integer("version").notNull(),
  body: text("body").notNull(),
});

/** Keys of settlements that were learned: what makes a repeat of the queue harmless. */
export const settled = sqliteTable("settled", {
  key: text("key").primaryKey().notNull(),
  atMs: integer("at_ms").notNull(),
});

/** Accepted answers a tenant keeps, the 50 newest a kind; one for the same input, so that repeats crowd nothing out. */
export const examples = sqliteTable(
  "examples",
  {
    tenant: text("tenant").notNull(),
    kind: text("kind").notNull(),
    /** Hash of `input`: see example-key.ts. */
    key: text("key").notNull(),
    job: text("job").notNull(),
    input: text("input").notNull(),
    output: text("output").notNull(),
    atMs: integer("at_ms").notNull(),
    /** JSON of what its job was confined to; null: kept by code that did not tell, and shown to nobody. */
    only: text("only"),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.kind, t.key] })],
);
