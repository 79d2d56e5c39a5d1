import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/market/market.ts";
import { firstPace, jobsAhead, type PaceState, paceAfter, toldPace } from "../../src/market/pace.ts";
import { waitingPrice } from "../../src/market/policy.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const startMs = Date.UTC(2026, 10, 1);
const endMs = Date.UTC(2026, 11, 1);

/** Even arrivals from `fromMs` to the month's end; the mean cost of a job falls with lambda, as a market's does. */
function month(options: {
  seed: string;
  jobs: number;
  freeNano: number;
  capNano: number | null;
  fromMs?: number;
  inFlight?: number;
}) {
  const { seed, jobs, freeNano, capNano, fromMs = startMs, inFlight = 0 } = options;
  const random = seededRandom(seed);
  let pace: PaceState = firstPace;
  let spentNano = 0;
  const told: number[] = [];
  const spentAt: { atMs: number; nano: number }[] = [];
  const flying: number[] = [];
  const settle = (costNano: number, atMs: number) => {
    pace = paceAfter(pace, { costNano, tookMs: null }, { capNano, spentNano, running: inFlight }, null, atMs);
    spentNano += costNano;
    spentAt.push({ atMs, nano: costNano });
  };
  for (let n = 0; n < jobs; n++) {
    const atMs = fromMs + ((n + random()) / jobs) * (endMs - fromMs);
    const { lambda } = toldPace(pace);
    told.push(lambda);
    // Decided now, settled when so many others were.
    flying.push(Math.round(((random() < 0.1 ? 6 : 0.45) * freeNano) / lambda));
    if (flying.length > inFlight) settle(flying.shift() ?? 0, atMs);
  }
  const between = (from: number, to: number) =>
    spentAt.reduce((sum, { atMs, nano }) => sum + (atMs >= from && atMs < to ? nano : 0), 0);
  return { spentNano, told, between };
}

describe("a tenant's pace", () => {
  const capNano = 1_000_000_000;

  it.each([
    { name: "from the first day", fromMs: startMs, inFlight: 0 },
    { name: "of a tenant that comes on the 21st", fromMs: startMs + 20 * dayMs, inFlight: 0 },
    { name: "with forty jobs in flight", fromMs: startMs, inFlight: 40 },
  ])("spreads a budget that is too small over what is left of the month: $name", ({ fromMs, inFlight }) => {
    const { spentNano, between } = month({ seed: "short", jobs: 3000, freeNano: 1_000_000, capNano, fromMs, inFlight });
    expect(spentNano / capNano).toBeGreaterThan(0.93);
    expect(spentNano / capNano).toBeLessThan(1.03);
    const third = (endMs - fromMs) / 3;
    expect(between(fromMs, fromMs + third) / capNano).toBeLessThan(0.55);
    expect(between(endMs - third, endMs) / capNano).toBeGreaterThan(0.15);
  });

  it("does not swing from bound to bound when what it does is felt late", () => {
    const { told } = month({ seed: "late", jobs: 6000, freeNano: 1_000_000, capNano, inFlight: 60 });
    const settled = told.slice(2000, 5500).sort((a, b) => a - b);
    const [low = 0, high = 0] = [settled[175], settled[3325]];
    expect(high / low).toBeLessThan(4);
  });

  it("leaves a dollar a dollar where the budget is ample, or where there is none", () => {
    const ample = month({ seed: "ample", jobs: 2000, freeNano: 1_000, capNano: 1_000_000_000_000 });
    expect(Math.max(...ample.told)).toBe(1);
    expect(Math.max(...month({ seed: "none", jobs: 50, freeNano: 1_000_000, capNano: null }).told)).toBe(1);
  });

  it("begins a new month anew, however short the last days of the one before were", () => {
    let pace = firstPace;
    const spend = (costNano: number, spentNano: number, atMs: number) => {
      pace = paceAfter(pace, { costNano, tookMs: null }, { capNano, spentNano, running: 30 }, null, atMs);
    };
    for (let n = 0; n < 3000; n++) spend(100_000, capNano - 1, endMs - (3000 - n) * 2_000);
    expect(toldPace(pace).lambda).toBeGreaterThan(100);
    for (let n = 0; n < 5; n++) spend(5_000, n * 5_000, endMs + n * 60_000);
    expect(toldPace(pace).lambda).toBeLessThan(1.5);
  });

  it("does not take the first minutes for the whole of a month", () => {
    let pace = firstPace;
    for (let n = 0; n < 10; n++) {
      const soFar = { capNano, spentNano: n * 300_000, running: 0 };
      pace = paceAfter(pace, { costNano: 300_000, tookMs: null }, soFar, null, startMs + n * 6_000);
    }
    expect(pace.lambda).toBeLessThan(2);
  });

  it("expects at least one more job, and no fewer after more were seen", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        fc.nat(7 * dayMs),
        fc.integer({ min: startMs, max: endMs - 1 }),
        (jobs, spanMs, at) => {
          const ahead = jobsAhead({ jobs, spanMs }, at);
          expect(ahead).toBeGreaterThanOrEqual(1);
          expect(jobsAhead({ jobs: jobs + 10, spanMs }, at)).toBeGreaterThanOrEqual(ahead);
        },
      ),
    );
  });

  it("makes waiting dearer until jobs take as long as they should, within bounds, and cheaper again", () => {
    const soFar = { capNano: null, spentNano: 0, running: 0 };
    const next = (pace: PaceState, tookMs: number | null) =>
      paceAfter(pace, { costNano: 0, tookMs }, soFar, 1_000, startMs + hourMs);
    let pace = firstPace;
    for (let n = 0; n < 40; n++) pace = next(pace, 3_000);
    expect(pace.muUsdPerSecond).toBeGreaterThan(20 * firstPace.muUsdPerSecond);
    const dear = pace.muUsdPerSecond;
    expect(next(pace, null).muUsdPerSecond).toBe(dear);
    for (let n = 0; n < 500; n++) pace = next(pace, 60_000);
    expect(pace.muUsdPerSecond).toBe(1);
    for (let n = 0; n < 300; n++) pace = next(pace, 100);
    expect(pace.muUsdPerSecond).toBe(firstPace.muUsdPerSecond);
  });
});

describe("the price of waiting", () => {
  it("leaves at least half of its worth to the fastest answer, however slow the market is", () => {
    expect(waitingPrice(0.0001, 10_000_000, 2_000)).toBe(0.0001);
    expect(waitingPrice(1, 10_000_000, 2_000) * 2).toBeCloseTo(0.005, 9);
  });
});
