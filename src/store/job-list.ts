import { and, desc, eq, gte, lt, or } from "drizzle-orm";
import type { JobStatus } from "../job/job.ts";
import type { JobSummary } from "../job/job-summary.ts";
import type { NanoUsd } from "../money/nano-usd.ts";
import type { ListPlace } from "../money/tenant-ledger.ts";
import type { Database } from "./database.ts";
import { jobs, usageMonths } from "./schema.ts";

/** Longest page of a job list. */
const maxPage = 200;

export interface JobPage {
  /** 1 to 200; more is cut to 200. */
  limit: number;
  /** Only jobs that follow this place in the list, which is the last job of the page before; null: from the newest. */
  after: ListPlace | null;
  /** Only jobs that ended so; absent: all. Of those that run nothing is here. */
  status?: JobStatus | undefined;
}

/** A page of the list, and where the next one begins: null: this is the last. */
export interface JobListing {
  jobs: JobSummary[];
  next: ListPlace | null;
}

/** Jobs that one page looks through for those of a status: rows are read for money, and a status may be rare. */
const lookedThrough = 2000;

export interface UsageMonth {
  /** "2026-11", UTC. */
  month: string;
  jobs: number;
  costNano: NanoUsd;
  savedNano: NanoUsd;
  savedTokens: number;
}

/** Reads the summaries that settlement wrote. A job shows here once it has ended and was settled. */
export class JobList {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * A tenant's ended jobs, newest first. Reads as many rows as it returns: the primary key is the order. For those of
   * one status it looks through 2,000 at most, so that a page may be short and yet have a next one.
   */
  async list(tenant: string, page: JobPage): Promise<JobListing> {
    const { after, status } = page;
    const limit = Math.max(1, Math.min(maxPage, Math.trunc(page.limit)));
    const order = [desc(jobs.createdAtMs), desc(jobs.id)];
    const follows =
      after === null
        ? undefined
        : or(
            lt(jobs.createdAtMs, after.createdAtMs),
            and(eq(jobs.createdAtMs, after.createdAtMs), lt(jobs.id, after.id)),
          );
    const those = and(eq(jobs.tenant, tenant), follows);
    if (status === undefined) {
      const found = (
        await this.#db
          .select()
          .from(jobs)
          .where(those)
          .orderBy(...order)
          .limit(limit)
      ).map(summaryOf);
      return { jobs: found, next: found.length < limit ? null : placeIn(found.at(-1)) };
    }
    const newest = this.#db
      .select()
      .from(jobs)
      .where(those)
      .orderBy(...order)
      .limit(lookedThrough)
      .as("newest");
    const found = (
      await this.#db
        .select()
        .from(newest)
        .where(eq(newest.status, status))
        .orderBy(desc(newest.createdAtMs), desc(newest.id))
        .limit(limit)
    ).map(summaryOf);
    if (found.length === limit) return { jobs: found, next: placeIn(found.at(-1)) };
    const [end] = await this.#db
      .select({ createdAtMs: jobs.createdAtMs, id: jobs.id })
      .from(jobs)
      .where(those)
      .orderBy(...order)
      .limit(1)
      .offset(lookedThrough - 1);
    return { jobs: found, next: placeIn(end) };
  }

  /** One ended job that was made at `madeMs` or up to ten seconds later; null: there is none, or it has not settled. */
  async one(tenant: string, id: string, madeMs: number): Promise<JobSummary | null> {
    const [row] = await this.#db
      .select()
      .from(jobs)
      .where(
        and(
          eq(jobs.tenant, tenant),
          gte(jobs.createdAtMs, madeMs),
          lt(jobs.createdAtMs, madeMs + 10_000),
          eq(jobs.id, id),
        ),
      )
      .limit(1);
    return row === undefined ? null : summaryOf(row);
  }

  /** What a tenant's jobs cost and saved, newest month first, at most `months` of them. */
  async usage(tenant: string, months = 12): Promise<UsageMonth[]> {
    return await this.#db
      .select({
        month: usageMonths.month,
        jobs: usageMonths.jobs,
        costNano: usageMonths.costNano,
        savedNano: usageMonths.savedNano,
        savedTokens: usageMonths.savedTokens,
      })
      .from(usageMonths)
      .where(eq(usageMonths.tenant, tenant))
      .orderBy(desc(usageMonths.month))
      .limit(Math.max(1, Math.min(120, months)));
  }
}

const placeIn = (job: ListPlace | undefined): ListPlace | null =>
  job === undefined ? null : { createdAtMs: job.createdAtMs, id: job.id };

function summaryOf(found: typeof jobs.$inferSelect): JobSummary {
  const { revision: _, sealEvents: events, sealSha256: sha256, sealN: n, sealLink: link, ...rest } = found;
  const { sealPrevious: previous, sealPreviousEndedMs: previousEndedAtMs, ...row } = rest;
  const chained = n !== null && link !== null && previous !== null && previousEndedAtMs !== null;
  const place = chained ? { place: { n, link, previous, previousEndedAtMs } } : {};
  return {
    ...row,
    ...(events === null || sha256 === null ? {} : { seal: { events, sha256, ...place } }),
    error: row.error as JobSummary["error"],
  };
}
