import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/market/market.ts";
import { firstPace, jobsAhead, type Pace, paceAfter, toldPace } from "../../src/market/pace.ts";

const hourMs = 3_600_000;
const startMs = Date.UTC(2026, 10, 1);
const endMs = Date.UTC(2026, 11, 1);

/** A month of jobs whose mean cost falls with lambda, as a market's does; from `free` USD x 1e-9 at lambda 1. */
function month(seed: string, jobs: number, free: number, capNano: number | null) {
  const random = seededRandom(seed);
  let pace: Pace = firstPace;
  let spentNano = 0;
  const told: number[] = [];
  const byWeek = [0, 0, 0, 0, 0];
  for (let n = 0; n < jobs; n++) {
    const nowMs = startMs + ((n + random()) / jobs) * (endMs - startMs);
    const { lambda } = toldPace(pace);
    const costNano = Math.round(((random() < 0.1 ? 6 : 0.45) * free) / lambda);
    told.push(lambda);
    pace = paceAfter(pace, { costNano, tookMs: null }, { capNano, spentNano, jobs: n, jobsBefore: 0 }, null, nowMs);
    spentNano += costNano;
    const week = Math.floor((nowMs - startMs) / (7 * 24 * hourMs));
    byWeek[week] = (byWeek[week] ?? 0) + costNano;
  }
  return { spentNano, told, byWeek };
}

describe("a tenant's pace", () => {
  it("spreads a budget that is too small over the whole month", () => {
    const capNano = 1_000_000_000;
    const { spentNano, byWeek } = month("short", 3000, 1_000_000, capNano);
    expect(spentNano / capNano).toBeGreaterThan(0.95);
    expect(spentNano / capNano).toBeLessThan(1.02);
    for (const week of byWeek.slice(1, 4)) expect(week / capNano).toBeGreaterThan(0.15);
  });

  it("leaves a dollar a dollar where the budget is ample, or where there is none", () => {
    const ample = month("ample", 2000, 1_000, 1_000_000_000_000);
    expect(Math.max(...ample.told)).toBe(1);
    expect(Math.max(...month("none", 50, 1_000_000, null).told)).toBe(1);
  });

  it("does not take the first minutes of a month for the whole of it", () => {
    let pace = firstPace;
    for (let n = 0; n < 10; n++) {
      const soFar = { capNano: 1_000_000_000, spentNano: n * 300_000, jobs: n, jobsBefore: 0 };
      pace = paceAfter(pace, { costNano: 300_000, tookMs: null }, soFar, null, startMs + n * 6_000);
    }
    expect(pace.lambda).toBeLessThan(2);
  });

  it("expects at least one more job, and no fewer after more were seen", () => {
    fc.assert(
      fc.property(
        fc.nat(100_000),
        fc.nat(100_000),
        fc.integer({ min: startMs, max: endMs - 1 }),
        (jobs, before, at) => {
          const ahead = jobsAhead({ jobs, jobsBefore: before }, at);
          expect(ahead).toBeGreaterThanOrEqual(1);
          expect(jobsAhead({ jobs: jobs + 10, jobsBefore: before }, at)).toBeGreaterThanOrEqual(ahead);
        },
      ),
    );
  });

  it("makes waiting dearer until jobs take as long as they should, and cheaper again", () => {
    const soFar = { capNano: null, spentNano: 0, jobs: 10, jobsBefore: 0 };
    const next = (pace: Pace, tookMs: number | null) =>
      paceAfter(pace, { costNano: 0, tookMs }, soFar, 1_000, startMs + hourMs);
    let pace = firstPace;
    for (let n = 0; n < 40; n++) pace = next(pace, 3_000);
    expect(pace.muUsdPerSecond).toBeGreaterThan(20 * firstPace.muUsdPerSecond);
    const dear = pace.muUsdPerSecond;
    expect(next(pace, null).muUsdPerSecond).toBe(dear);
    for (let n = 0; n < 200; n++) pace = next(pace, 300);
    expect(pace.muUsdPerSecond).toBe(firstPace.muUsdPerSecond);
  });
});
