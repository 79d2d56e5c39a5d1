import { sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import type { SettlementMessage } from "../job/job-summary.ts";
import type { Settlement } from "../market/settlement.ts";
import type { Database } from "./database.ts";
import {
  type ExampleRow,
  exampleCap,
  exampleKey,
  examplesSpoiled,
  exampleWrite,
  maxExampleChars,
} from "./example-store.ts";
import { jsonChunks } from "./json-chunks.ts";
import { type MarketPart, maxPartChars, partWrite } from "./market-store.ts";
import { jobs, settled, usageMonths } from "./schema.ts";
import { type Booked, monthOf, usageOf } from "./usage-month.ts";

/** What D1 held when the batch was read. */
export interface Before {
  keys: Set<string>;
  /** Revision of each job that is there. */
  jobs: Map<string, number>;
  parts: MarketPart[];
}

export type Revised = Booked & { revision: number };

/** What is new in a batch, and the parts of the market as they are after it. */
export interface Work {
  settlements: Settlement[];
  summaries: Revised[];
  /** Later summaries of jobs that are there already or in `summaries`, one a job. */
  revised: Revised[];
  /** Messages that bring something new; their examples are kept. */
  fresh: SettlementMessage[];
  changed: { part: string; body: string }[];
}

/** The statements of the write. Plain inserts, on purpose: a key or job that came in between fails the transaction. */
export async function writesOf(db: Database, work: Work, before: Before, nowMs: number) {
  const items: BatchItem<"sqlite">[] = [];
  const keys = work.settlements.map((s) => s.key);
  if (keys.length > 0)
    items.push(db.insert(settled).select(sql`select value, ${nowMs} from json_each(${JSON.stringify(keys)})`));
  if (work.summaries.length > 0) items.push(jobInsert(db, work.summaries), usageAdd(db, work.summaries));
  // In this order: the month moves by what the row still says.
  if (work.revised.length > 0) items.push(usageMove(db, work.revised), jobRevise(db, work.revised));
  const kept = await exampleRows(work.fresh);
  for (const chunk of jsonChunks(kept)) items.push(exampleWrite(db, chunk));
  if (kept.length > 0) {
    const pairs = new Map(kept.map(({ tenant, kind }) => [`${kind} ${tenant}`, { tenant, kind }]));
    items.push(exampleCap(db, JSON.stringify([...pairs.values()])));
  }
  const wrong = work.fresh.flatMap(({ summary, spoiled = [] }) =>
    spoiled.map((kind) => ({ tenant: summary.tenant, job: summary.id, kind })),
  );
  if (wrong.length > 0) items.push(examplesSpoiled(db, JSON.stringify(wrong)));
  const oversized: string[] = [];
  for (const { part, body } of work.changed) {
    if (body.length > maxPartChars) oversized.push(part);
    else items.push(partWrite(db, part, before.parts.find((p) => p.part === part)?.version ?? 0, body));
  }
  return { items, oversized };
}

/** Columns in the order of the schema. */
const jobInsert = (db: Database, summaries: readonly Revised[]) =>
  db.insert(jobs).select(
    sql`select value ->> 'tenant', value ->> 'createdAtMs', value ->> 'id', value ->> 'status', value ->> 'kind',
      value ->> 'plan', value ->> 'via', value ->> 'endedAtMs', value ->> 'microtasks', value ->> 'attempts',
      value ->> 'costNano', value ->> 'savedNano', value ->> 'savedTokens', value ->> 'winner', value ->> 'error',
      value ->> 'revision', value ->> '$.seal.events', value ->> '$.seal.sha256',
      value ->> '$.seal.place.n', value ->> '$.seal.place.link', value ->> '$.seal.place.previous',
      value ->> '$.seal.place.previousEndedAtMs'
    from json_each(${JSON.stringify(summaries)})`,
  );

const usageAdd = (db: Database, summaries: readonly Booked[]) =>
  db
    .insert(usageMonths)
    .select(
      sql`select value ->> 'tenant', value ->> 'month', value ->> 'jobs', value ->> 'costNano', value ->> 'savedNano',
        value ->> 'savedTokens' from json_each(${JSON.stringify(usageOf(summaries))}) where true`,
    )
    .onConflictDoUpdate({
      target: [usageMonths.tenant, usageMonths.month],
      set: {
        jobs: sql`${usageMonths.jobs} + excluded.jobs`,
        costNano: sql`${usageMonths.costNano} + excluded.cost_nano`,
        savedNano: sql`${usageMonths.savedNano} + excluded.saved_nano`,
        savedTokens: sql`${usageMonths.savedTokens} + excluded.saved_tokens`,
      },
    });

/** Which rows these revisions are news to, whoever wrote in between: so neither statement needs a guard. */
const newsTo = (revised: readonly Revised[]) => {
  const rows = revised.map((s) => [s.tenant, s.createdAtMs, s.id, s.revision, s.costNano, monthOf(s)]);
  return sql`json_each(${JSON.stringify(rows)}) as news join ${jobs} as old
    on old.tenant = news.value ->> 0 and old.created_at_ms = news.value ->> 1 and old.id = news.value ->> 2
      and old.revision < news.value ->> 3`;
};

const usageMove = (db: Database, revised: readonly Revised[]) =>
  db
    .insert(usageMonths)
    .select(
      sql`select old.tenant, news.value ->> 5, 0, sum((news.value ->> 4) - old.cost_nano), 0, 0
        from ${newsTo(revised)} where true group by 1, 2`,
    )
    .onConflictDoUpdate({
      target: [usageMonths.tenant, usageMonths.month],
      set: { costNano: sql`${usageMonths.costNano} + excluded.cost_nano` },
    });

const jobRevise = (db: Database, revised: readonly Revised[]) =>
  db
    .insert(jobs)
    .select(
      sql`select old.tenant, old.created_at_ms, old.id, old.status, old.kind, old.plan, old.via, old.ended_at_ms,
        old.microtasks, old.attempts, news.value ->> 4, old.saved_nano, old.saved_tokens, old.winner, old.error,
        news.value ->> 3, old.seal_events, old.seal_sha256, old.seal_n, old.seal_link, old.seal_previous,
        old.seal_previous_ended_ms from ${newsTo(revised)} where true`,
    )
    .onConflictDoUpdate({
      target: [jobs.tenant, jobs.createdAtMs, jobs.id],
      set: { costNano: sql`excluded.cost_nano`, revision: sql`excluded.revision` },
    });

async function exampleRows(messages: readonly SettlementMessage[]): Promise<ExampleRow[]> {
  const rows: ExampleRow[] = [];
  for (const { summary, examples } of messages) {
    for (const { kind, only, ...texts } of examples) {
      const [input, output] = [storable(texts.input), storable(texts.output)];
      if (only === undefined || input.length + output.length > maxExampleChars) continue;
      const atMs = summary.endedAtMs ?? summary.createdAtMs;
      const key = await exampleKey(input);
      rows.push({ tenant: summary.tenant, kind, key, job: summary.id, input, output, atMs, only });
    }
  }
  return rows;
}

/** SQLite's JSON gives neither NUL nor half a surrogate pair back as it was. */
const storable = (text: string): string => text.replaceAll("\0", "").toWellFormed();
