import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chained } from "../../durable-objects/seal-chain.ts";
import { type ChainedJob, checkChain } from "../../src/job/check-chain.ts";
import { type ChainEnd, noEnd } from "../../src/job/seal.ts";

const hexOf = (text: string) => createHash("sha256").update(text).digest("hex");
const dayMs = 86_400_000;
const beganMs = 1_790_000_000_000;

const endOf = (job: ChainedJob | undefined): ChainEnd | null =>
  job === undefined ? null : { n: job.seal.place.n, link: job.seal.place.link, endedAtMs: job.endedAtMs ?? 0 };

/** Jobs of a tenant as they settle, `apartMs` between their ends. */
function chainOf(count: number, seed: string, apartMs = 1_000): ChainedJob[] {
  let end = noEnd;
  return Array.from({ length: count }, (_, i) => {
    const about = { tenant: "acme", status: "succeeded", endedAtMs: beganMs + i * apartMs };
    const id = `job_${seed}_${i}`;
    const seal = chained(end, { ...about, job: id, events: 5 + (i % 3), sha256: hexOf(`${seed}/${i}`) });
    const job = { ...about, id, seal };
    end = endOf(job) ?? end;
    return job;
  });
}

interface Ends {
  before?: ChainEnd | null;
  after?: ChainEnd | null;
  kept?: ChainEnd | null;
  nowMs?: number;
}
/** As the tenant's object has it unless said otherwise, long before anything is forgotten. */
function check(
  jobs: ChainedJob[],
  whole: ChainedJob[],
  { kept = null, nowMs = beganMs + 50 * dayMs, ...ends }: Ends = {},
) {
  const end = endOf(whole.at(-1));
  const { before = end, after = end } = ends;
  return checkChain(jobs, { before, after, kept }, nowMs, hexOf);
}

const placed = (job: ChainedJob, place: Partial<ChainedJob["seal"]["place"]>): ChainedJob => ({
  ...job,
  seal: { ...job.seal, place: { ...job.seal.place, ...place } },
});
const edits: Record<string, (job: ChainedJob) => ChainedJob> = {
  "another hash": (job) => ({ ...job, seal: { ...job.seal, sha256: hexOf("another") } }),
  "another count of events": (job) => ({ ...job, seal: { ...job.seal, events: job.seal.events + 1 } }),
  "another job": (job) => ({ ...job, id: `${job.id}x` }),
  "another tenant": (job) => ({ ...job, tenant: "other" }),
  "another status": (job) => ({ ...job, status: "failed" }),
  "another end": (job) => ({ ...job, endedAtMs: 0 }),
  "another link": (job) => placed(job, { link: hexOf("link") }),
  "another place": (job) => placed(job, { n: job.seal.place.n + 1 }),
  "another link before": (job) => placed(job, { previous: hexOf("previous") }),
  "another end before": (job) => placed(job, { previousEndedAtMs: 1 }),
};

describe("a chain of seals", () => {
  it("is whole in any order, and knows any place that was kept of it", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(), fc.string(), (count, at, seed) => {
        const jobs = chainOf(count, hexOf(seed).slice(0, 8));
        const kept = endOf(jobs[at % count]);
        expect(check(jobs.toReversed(), jobs, { kept })).toEqual({ first: 1, last: count, forgotten: 0, breaches: [] });
      }),
    );
    expect(check([], [])).toEqual({ first: null, last: null, forgotten: 0, breaches: [] });
  });

  it.each(Object.keys(edits))("shows %s in any seal of it, also where jobs before it were taken out", (name) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.nat(), fc.nat(), (count, at, cut) => {
        const jobs = chainOf(count, "e");
        const i = at % count;
        const edited = jobs.map((job, k) => (k === i ? (edits[name]?.(job) ?? job) : job));
        expect(check(edited.slice(cut % (i + 1)), jobs).breaches).not.toEqual([]);
      }),
    );
  });

  it("shows what was taken out, wherever and however much of it, and what was put in", () => {
    const jobs = chainOf(12, "m");
    for (let from = 0; from < 12; from++)
      for (let to = from + 1; to <= 12; to++)
        expect(check(jobs.toSpliced(from, to - from), jobs).breaches, `${from} to ${to}`).not.toEqual([]);
    const [stranger] = chainOf(1, "x");
    if (stranger === undefined) throw new Error("There is a first job.");
    for (const n of [1, 5, 12, 13]) expect(check([...jobs, placed(stranger, { n })], jobs).breaches).not.toEqual([]);
  });

  it("shows a tenant's object that lost its end, that went back, or that knows of less than the list", () => {
    const jobs = chainOf(6, "o");
    const third = endOf(jobs[2]);
    for (const ends of [
      { before: null, after: null },
      { before: third, after: third },
      { before: endOf(jobs[5]), after: third },
      { before: endOf(jobs[5]), after: { ...(endOf(jobs[5]) ?? noEnd), link: hexOf("?") } },
    ])
      expect(check(jobs, jobs, ends).breaches).not.toEqual([]);
  });

  it("may still grow while it is read: what settles between two looks at its end may be there or not, in any order", () => {
    const jobs = chainOf(9, "g");
    const ends = { before: endOf(jobs[5]), after: endOf(jobs[8]) };
    for (const seen of [[], [6], [7], [8], [6, 8], [6, 7, 8]])
      expect(check([...jobs.slice(0, 6), ...seen.flatMap((i) => jobs[i] ?? [])], jobs, ends).breaches).toEqual([]);
    expect(check(jobs.toSpliced(4, 1), jobs, ends).breaches).toHaveLength(1);
  });

  it("may have lost its beginning to time, and only to time; the first that is left proves what was before it", () => {
    const jobs = chainOf(12, "f", 40 * dayMs);
    const nowMs = beganMs + (3 * 40 + 401) * dayMs;
    // The fourth ended 401 days ago, the fifth did not.
    expect(check(jobs.slice(4), jobs, { nowMs })).toEqual({ first: 5, last: 12, forgotten: 4, breaches: [] });
    expect(check(jobs.slice(5), jobs, { nowMs }).breaches).not.toEqual([]);
    expect(check(jobs.slice(4).toSpliced(2, 1), jobs, { nowMs }).breaches).not.toEqual([]);
    expect(check(jobs.slice(4), jobs, { nowMs, kept: endOf(jobs[3]) }).breaches).toEqual([]);
    for (const kept of [
      { ...noEnd, n: 4 },
      { ...noEnd, n: 2 },
    ])
      expect(check(jobs.slice(4), jobs, { nowMs, kept }).breaches).toHaveLength(1);
    // A tenant that was away for longer than rows are kept.
    expect(check([], jobs, { nowMs: nowMs + 2_000 * dayMs })).toMatchObject({ forgotten: 12, breaches: [] });
    expect(check([], jobs, { nowMs }).breaches).toHaveLength(1);
  });

  it("that was made anew does not have what was kept of the old one", () => {
    const kept = endOf(chainOf(6, "old").at(-1));
    const forged = chainOf(9, "new");
    expect(check(forged, forged).breaches).toEqual([]);
    expect(check(forged, forged, { kept }).breaches).toHaveLength(1);
  });
});
