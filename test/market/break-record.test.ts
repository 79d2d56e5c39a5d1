import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type BreaksState,
  breakRiskOf,
  criteriaName,
  emptyBreaks,
  learnBreaks,
  type PrefixReport,
  quarterOf,
} from "../../src/market/break-record.ts";
import { emptyMarket, learn, type Settlement } from "../../src/market/market.ts";

const day = 86_400_000;
const report = (held: boolean, more: Partial<PrefixReport> = {}): PrefixReport => ({
  bidder: "a/one",
  criteria: "length",
  quarter: 1,
  held,
  weight: 1,
  ...more,
});
const riskOf = (breaks: BreaksState | undefined, more: { bidder?: string; criteria?: string; quarter?: number } = {}) =>
  breakRiskOf(breaks, { kind: "draft", criteria: "length", bidder: "a/one", quarter: 1, ...more }, day);
/** The bound a commit is held to (src/race/race-steps.ts). */
const bound = 0.01;

describe("the risk of a commit on prefix", () => {
  it("is small enough to try before anything is known, and nothing where no text can break the prefix", () => {
    expect(riskOf(undefined)).toMatchObject({ seen: 0, broke: 0 });
    expect(riskOf(undefined).chance).toBeLessThan(bound);
    expect(riskOf(undefined).chance).toBeGreaterThan(0);
    expect(riskOf(undefined, { criteria: "" }).chance).toBe(0);
  });

  it("waits for a hundred answers where only names of a schema can be seen, and not their values", () => {
    const breaks = emptyBreaks();
    expect(riskOf(breaks, { criteria: "schema" }).chance).toBeGreaterThan(3 * bound);
    expect(riskOf(breaks, { criteria: "length+schema" }).chance).toBeGreaterThan(3 * bound);
    learnBreaks(
      breaks,
      "draft",
      Array.from({ length: 60 }, () => report(true, { criteria: "schema" })),
      day,
    );
    expect(riskOf(breaks, { criteria: "schema" }).chance).toBeGreaterThan(bound);
    learnBreaks(
      breaks,
      "draft",
      Array.from({ length: 60 }, () => report(true, { criteria: "schema" })),
      day,
    );
    expect(riskOf(breaks, { criteria: "schema" }).chance).toBeLessThan(bound);
  });

  it("holds commits back after one early break, and lets them go on after enough that held", () => {
    const breaks = emptyBreaks();
    learnBreaks(breaks, "draft", [report(false)], day);
    expect(riskOf(breaks)).toMatchObject({ seen: 1, broke: 1 });
    expect(riskOf(breaks).chance).toBeGreaterThan(bound);
    // Other bidders' prefixes are like it; other criteria, quarters and kinds are not.
    expect(riskOf(breaks, { bidder: "b/two" }).chance).toBeGreaterThan(bound);
    expect(riskOf(breaks, { criteria: "language" })).toEqual({ ...riskOf(undefined), criteria: "language" });
    expect(riskOf(breaks, { quarter: 3 }).chance).toBe(riskOf(undefined).chance);
    learnBreaks(breaks, "draft", Array(400).fill(report(true)), day);
    expect(riskOf(breaks).chance).toBeLessThan(bound);
  });

  it("stays above the share that broke and comes near it", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20 }), (perHundred) => {
        const breaks = emptyBreaks();
        const reports = Array.from({ length: 4_000 }, (_, i) => report(i % 100 >= perHundred));
        learnBreaks(breaks, "draft", reports, day);
        expect(riskOf(breaks).chance).toBeGreaterThanOrEqual(perHundred / 100);
        expect(riskOf(breaks).chance).toBeLessThan(perHundred / 100 + 0.015);
      }),
      { numRuns: 12 },
    );
  });

  it("tells a bidder that breaks from one that does not", () => {
    const breaks = emptyBreaks();
    const reports = Array.from({ length: 3_000 }, (_, i) => [
      report(true, { bidder: "a/sound" }),
      report(i % 10 !== 0, { bidder: "b/rash" }),
    ]);
    learnBreaks(breaks, "draft", reports.flat(), day);
    expect(riskOf(breaks, { bidder: "b/rash" }).chance).toBeGreaterThan(0.09);
    expect(riskOf(breaks, { bidder: "a/sound" }).chance).toBeLessThan(riskOf(breaks, { bidder: "c/new" }).chance / 2);
  });

  it("fades: by time like the market's other counts, and beyond its memory", () => {
    const breaks = emptyBreaks();
    learnBreaks(breaks, "draft", Array(100).fill(report(false)), day);
    learnBreaks(breaks, "draft", Array(100).fill(report(true)), day + 120 * day);
    // Two half-lives: a hundred breaks weigh as much as 25.
    const faded = breakRiskOf(breaks, { kind: "draft", criteria: "length", bidder: "a/one", quarter: 1 }, 121 * day);
    expect(faded.broke).toBeCloseTo(25, 0);
    expect(faded.seen).toBeCloseTo(125, 0);
    learnBreaks(breaks, "draft", Array(20_000).fill(report(true)), 121 * day);
    expect(breakRiskOf(breaks, { kind: "draft", criteria: "length", bidder: "x", quarter: 1 }, 121 * day).seen).toBe(
      5_000,
    );
  });

  it("stays far below 64 KB whatever comes, and skips what cannot be", () => {
    const breaks = emptyBreaks();
    for (let i = 0; i < 50; i++) learnBreaks(breaks, "draft", [report(true)], day);
    for (let i = 0; i < 2_000; i++)
      learnBreaks(breaks, "draft", [report(true, { bidder: `provider-${i}/a-model-with-a-rather-long-name` })], day);
    learnBreaks(breaks, "draft", [report(true, { quarter: 4 }), report(true, { weight: Number.NaN })], day);
    expect(JSON.stringify(breaks).length).toBeLessThan(50_000);
    expect(riskOf(breaks).seen).toBe(2_050);
    expect(breaks.rows.some((row) => row.bidder === "a/one")).toBe(true);
  });

  it("is learned from settlements, and a state without it still reads", () => {
    const state = emptyMarket();
    const settlement: Settlement = {
      key: "j/m",
      tenant: "t",
      kind: "draft",
      features: { inputChars: 10, script: "Latin" },
      atMs: day,
      attempts: [],
    };
    learn(state, settlement, []);
    expect(state.breaks).toBeUndefined();
    learn(state, { ...settlement, prefixes: [report(false)] }, []);
    expect(riskOf(state.breaks).broke).toBe(1);
  });

  it("names sets of criteria and quarters of an answer", () => {
    expect(criteriaName(["length", "contains", "length"])).toBe("contains+length");
    expect(criteriaName(Array.from({ length: 30 }, (_, i) => `type${i}`))).toBe("many");
    expect([0, 74, 75, 299, 300, 900].map((tokens) => quarterOf(tokens, 300))).toEqual([0, 0, 1, 3, 3, 3]);
  });
});
