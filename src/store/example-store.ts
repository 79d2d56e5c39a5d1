import { and, desc, eq, sql } from "drizzle-orm";
import type { Confined, Example } from "../adapt/examples.ts";
import type { Database } from "./database.ts";
import { examples } from "./schema.ts";

/** Kept for a tenant and kind; older ones go. */
export const maxExamples = 50;
/** Longest input plus output, in characters: a longer one would never fit the prompt (see src/adapt/examples.ts). */
export const maxExampleChars = 6000;

export interface ExampleRow extends Example {
  tenant: string;
  kind: string;
  key: string;
  job: string;
  atMs: number;
}

/** One key an input: SHA-256, first 128 bits in hex. Not a secret; 128 bits keep a tenant's 50 apart. */
export async function exampleKey(input: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(input)));
  return [...digest.subarray(0, 16)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Reads and deletes the examples that settlement keeps. Every query names the tenant. */
export class ExampleStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** A tenant's examples by kind, newest first: at most 50 a kind, and none of which is not known whom it may be shown. */
  async ofTenant(tenant: string): Promise<{ [kind: string]: Example[] }> {
    const byKind: { [kind: string]: Example[] } = {};
    for (const { kind, input, output, only } of await this.list(tenant)) {
      if (only === null) continue;
      byKind[kind] ??= [];
      byKind[kind].push({ input, output, only });
    }
    return byKind;
  }

  /** All that is kept of a tenant's, by kind, newest first. */
  async list(tenant: string) {
    const { kind, job, input, output, atMs, only } = examples;
    const rows = await this.#db
      .select({ kind, job, input, output, atMs, only })
      .from(examples)
      .where(eq(examples.tenant, tenant))
      .orderBy(kind, desc(atMs), desc(job));
    return rows.map((row) => ({ ...row, only: row.only === null ? null : (JSON.parse(row.only) as Confined) }));
  }

  /** Forgets a tenant's examples, of one kind, of one job or all; returns how many. */
  async forget(
    tenant: string,
    { kind, job }: { kind?: string | undefined; job?: string | undefined } = {},
  ): Promise<number> {
    const gone = await this.#db
      .delete(examples)
      .where(
        and(
          eq(examples.tenant, tenant),
          kind === undefined ? undefined : eq(examples.kind, kind),
          job === undefined ? undefined : eq(examples.job, job),
        ),
      )
      .returning({ key: examples.key });
    return gone.length;
  }
}

/** Adds rows (JSON), the newer of two for one input; any order of arrival ends the same. */
export const exampleWrite = (db: Database, rows: string) =>
  db
    .insert(examples)
    .select(
      sql`select value ->> 'tenant', value ->> 'kind', value ->> 'key', value ->> 'job', value ->> 'input',
        value ->> 'output', value ->> 'atMs', value ->> 'only' from json_each(${rows}) where true`,
    )
    .onConflictDoUpdate({
      target: [examples.tenant, examples.kind, examples.key],
      set: {
        job: sql`excluded.job`,
        output: sql`excluded.output`,
        atMs: sql`excluded.at_ms`,
        only: sql`excluded.only`,
      },
      setWhere: sql`(excluded.at_ms, excluded.job) > (${examples.atMs}, ${examples.job})`,
    });

/** Drops all but the newest of each tenant and kind named in `pairs` (JSON). */
export const exampleCap = (db: Database, pairs: string) =>
  db.delete(examples).where(
    sql`(${examples.tenant}, ${examples.kind}, ${examples.key}) in (
      select tenant, kind, key from (
        select e.tenant, e.kind, e.key,
          row_number() over (partition by e.tenant, e.kind order by e.at_ms desc, e.job desc, e.key) as place
        from json_each(${pairs}) p
        join examples e on e.tenant = p.value ->> 'tenant' and e.kind = p.value ->> 'kind')
      where place > ${maxExamples})`,
  );

/** Drops what jobs kept of kinds of which their answers turned out to be wrong. `spoiled`: JSON of {tenant, job, kind}. */
export const examplesSpoiled = (db: Database, spoiled: string) =>
  db.delete(examples).where(
    sql`(${examples.tenant}, ${examples.job}, ${examples.kind}) in (
      select value ->> 'tenant', value ->> 'job', value ->> 'kind' from json_each(${spoiled}))`,
  );
