import { createHash } from "node:crypto";
import { lineOf } from "../../durable-objects/log-page.ts";
import { checkChain } from "../../src/job/check-chain.ts";
import type { LoggedEvent } from "../../src/job/job-event.ts";
import type { JobView } from "../../src/job/job-view.ts";
import type { ChainEnd, Seal } from "../../src/job/seal.ts";

/** What the database has of a job. */
export interface JobRecord {
  id: string;
  tenant: string;
  status: string;
  endedAtMs: number | null;
  costUsd: number;
  seal?: Seal;
}

const hexOf = (text: string): string => createHash("sha256").update(text).digest("hex");

/** All jobs of the holder of a key, as its list has them. */
export async function recordsOf(url: string, key: string): Promise<JobRecord[]> {
  const found: JobRecord[] = [];
  for (let before: string | null = ""; before !== null; ) {
    const answer = await fetch(`${url}/v1/jobs?limit=100${before === "" ? "" : `&before=${before}`}`, {
      headers: { authorization: `Bearer ${key}` },
    });
    const page = (await answer.json()) as { jobs: JobRecord[]; next: string | null };
    found.push(...page.jobs);
    before = page.next;
  }
  return found;
}

/** What is wrong with a holder's chain of seals, as the database and its tenant's object have it. */
export async function chainBreaches(url: string, key: string, records: readonly JobRecord[]): Promise<string[]> {
  const answer = await fetch(`${url}/v1/chain`, { headers: { authorization: `Bearer ${key}` } });
  const { end } = (await answer.json()) as { end: ChainEnd | null };
  const jobs = records.flatMap(({ seal, ...one }) =>
    seal?.place === undefined ? [] : [{ ...one, seal: { ...seal, place: seal.place } }],
  );
  return checkChain(jobs, { before: end, after: end, kept: null }, Date.now(), hexOf).breaches;
}

/** A job that says its market was told of it is in the database, whenever the kill came: as it ended, and sealed. */
export function recordBreaches(
  id: string,
  log: readonly LoggedEvent[],
  view: JobView | null,
  records: ReadonlyMap<string, JobRecord>,
): string[] {
  if (!log.some((e) => e.type === "settlement-sent" && e.keys.includes(id))) return [];
  const record = records.get(id);
  if (record === undefined) return ["its market was told of it, and the database does not know it"];
  const { events = 0, sha256 = "" } = record.seal ?? {};
  if (hexOf(log.slice(0, events).map(lineOf).join("")) !== sha256)
    return ["its log does not begin with what was sealed"];
  return record.status === view?.status && record.costUsd === view.costUsd
    ? []
    : [`the database says ${record.status} for ${record.costUsd}, its view ${view?.status} for ${view?.costUsd}`];
}
