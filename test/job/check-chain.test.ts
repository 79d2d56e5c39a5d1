import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chained } from "../../durable-objects/seal-chain.ts";
import { type ChainedJob, checkChain } from "../../src/job/check-chain.ts";
import type { SealPlace } from "../../src/job/seal.ts";

const hexOf = (text: string) => createHash("sha256").update(text).digest("hex");
const dayMs = 86_400_000;

/** Jobs of a tenant as they settle, a day apart. */
function chainOf(count: number, seed: string): ChainedJob[] {
  let head: SealPlace | null = null;
  return Array.from({ length: count }, (_, i) => {
    const seal = chained(head, "acme", `job_${seed}_${i}`, { events: 5 + (i % 3), sha256: hexOf(`${seed}/${i}`) });
    head = seal.place;
    return { id: `job_${seed}_${i}`, tenant: "acme", endedAtMs: (i + 1) * dayMs, seal };
  });
}
const check = (jobs: ChainedJob[], head = jobs.at(-1)?.seal.place ?? null, kept: SealPlace | null = null) =>
  checkChain(jobs, head, kept, hexOf);

const edits: Record<string, (job: ChainedJob) => ChainedJob> = {
  "another hash": (job) => ({ ...job, seal: { ...job.seal, sha256: hexOf("another") } }),
  "another count of events": (job) => ({ ...job, seal: { ...job.seal, events: job.seal.events + 1 } }),
  "another job": (job) => ({ ...job, id: `${job.id}x` }),
  "another tenant": (job) => ({ ...job, tenant: "other" }),
  "another link": (job) => ({ ...job, seal: { ...job.seal, place: { ...job.seal.place, link: hexOf("link") } } }),
  "another place": (job) => ({ ...job, seal: { ...job.seal, place: { ...job.seal.place, n: job.seal.place.n + 1 } } }),
};

describe("a chain of seals", () => {
  it("is whole in any order, and knows any place that was kept of it", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(), fc.string(), (count, at, seed) => {
        const jobs = chainOf(count, hexOf(seed).slice(0, 8));
        const kept = jobs[at % count]?.seal.place ?? null;
        const head = jobs.at(-1)?.seal.place ?? null;
        expect(check(jobs.toReversed(), head, kept)).toEqual({ first: 1, last: count, forgotten: 0, breaches: [] });
      }),
    );
    expect(check([])).toEqual({ first: null, last: null, forgotten: 0, breaches: [] });
  });

  it.each(Object.keys(edits))("shows %s in any seal of it", (name) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.nat(), (count, at) => {
        const jobs = chainOf(count, "e");
        const head = jobs.at(-1)?.seal.place ?? null;
        const i = at % count;
        const edited = jobs.map((job, k) => (k === i ? (edits[name]?.(job) ?? job) : job));
        expect(check(edited, head).breaches).not.toEqual([]);
      }),
    );
  });

  it("shows a seal that is missing, wherever it was but at the beginning, and one that was put in", () => {
    const jobs = chainOf(12, "m");
    const head = jobs.at(-1)?.seal.place ?? null;
    for (let i = 1; i < jobs.length; i++) expect(check(jobs.toSpliced(i, 1), head).breaches, `${i}`).not.toEqual([]);
    const [stranger] = chainOf(1, "x");
    if (stranger === undefined) throw new Error("There is a first job.");
    for (const n of [1, 5, 12, 13])
      expect(
        check([...jobs, { ...stranger, seal: { ...stranger.seal, place: { ...stranger.seal.place, n } } }], head)
          .breaches,
      ).not.toEqual([]);
  });

  it("may have lost its beginning, which is told and not judged; there only", () => {
    const jobs = chainOf(12, "f");
    const head = jobs.at(-1)?.seal.place ?? null;
    expect(check(jobs.slice(4), head)).toEqual({ first: 5, last: 12, forgotten: 4, breaches: [] });
    // A kept place that is forgotten by now says nothing; one that is not must be there.
    expect(check(jobs.slice(4), head, { n: 3, link: hexOf("?") }).breaches).toEqual([]);
    expect(check(jobs.slice(4), head, { n: 8, link: hexOf("?") }).breaches).not.toEqual([]);
    expect(check(jobs.slice(4).toSpliced(3, 1), head).breaches).not.toEqual([]);
    // Rows go by the age of their jobs, which near the edge is not quite the order of settling.
    const ragged = jobs.slice(4).map((job, i) => (i < 3 ? { ...job, endedAtMs: 5 * dayMs + i } : job));
    expect(check(ragged.toSpliced(1, 1), head)).toMatchObject({ forgotten: 5, breaches: [] });
  });

  it("that was made anew does not have what was kept of the old one", () => {
    const kept = chainOf(6, "old").at(-1)?.seal.place ?? null;
    const forged = chainOf(9, "new");
    expect(check(forged).breaches).toEqual([]);
    expect(check(forged, forged.at(-1)?.seal.place, kept).breaches).toHaveLength(1);
    expect(check(forged.slice(0, 5), forged.at(-1)?.seal.place ?? null).breaches).toHaveLength(1);
    expect(check(forged, null).breaches).toHaveLength(1);
  });
});
