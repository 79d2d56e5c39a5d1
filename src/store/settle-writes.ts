import { sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import type { JobSummary, SettlementMessage } from "../job/job-summary.ts";
import type { Settlement } from "../market/settlement.ts";
import type { Database } from "./database.ts";
import { type ExampleRow, exampleCap, exampleKey, exampleWrite, maxExampleChars } from "./example-store.ts";
import { jsonChunks } from "./json-chunks.ts";
import { type MarketPart, maxPartChars, partWrite } from "./market-store.ts";
import { jobs, settled, usageMonths } from "./schema.ts";
import { usageOf } from "./usage-month.ts";

/** What D1 held when the batch was read. */
export interface Before {
  keys: Set<string>;
  jobs: Set<string>;
  parts: MarketPart[];
}

/** What is new in a batch, and the parts of the market as they are after it. */
export interface Work {
  settlements: Settlement[];
  summaries: JobSummary[];
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
  const kept = await exampleRows(work.fresh);
  for (const chunk of jsonChunks(kept)) items.push(exampleWrite(db, chunk));
  if (kept.length > 0) {
    const pairs = new Map(kept.map(({ tenant, kind }) => [`${kind} ${tenant}`, { tenant, kind }]));
    items.push(exampleCap(db, JSON.stringify([...pairs.values()])));
  }
  const oversized: string[] = [];
  for (const { part, body } of work.changed) {
    if (body.length > maxPartChars) oversized.push(part);
    else items.push(partWrite(db, part, before.parts.find((p) => p.part === part)?.version ?? 0, body));
  }
  return { items, oversized };
}

/** Columns in the order of the schema. */
const jobInsert = (db: Database, summaries: readonly JobSummary[]) =>
  db.insert(jobs).select(
    sql`select value ->> 'tenant', value ->> 'createdAtMs', value ->> 'id', value ->> 'status', value ->> 'kind',
      value ->> 'plan', value ->> 'via', value ->> 'endedAtMs', value ->> 'microtasks', value ->> 'attempts',
      value ->> 'costNano', value ->> 'savedNano', value ->> 'savedTokens', value ->> 'winner', value ->> 'error'
    from json_each(${JSON.stringify(summaries)})`,
  );

const usageAdd = (db: Database, summaries: readonly JobSummary[]) =>
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

async function exampleRows(messages: readonly SettlementMessage[]): Promise<ExampleRow[]> {
  const rows: ExampleRow[] = [];
  for (const { summary, examples } of messages) {
    for (const { kind, ...texts } of examples) {
      const [input, output] = [storable(texts.input), storable(texts.output)];
      if (input.length + output.length > maxExampleChars) continue;
      const atMs = summary.endedAtMs ?? summary.createdAtMs;
      rows.push({ tenant: summary.tenant, kind, key: await exampleKey(input), job: summary.id, input, output, atMs });
    }
  }
  return rows;
}

/** SQLite's JSON gives neither NUL nor half a surrogate pair back as it was. */
const storable = (text: string): string => text.replaceAll("\0", "").toWellFormed();
