import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { emptyBreaks, learnBreaks } from "../../src/market/break-record.ts";
import { falseKillRisk, signalName } from "../../src/market/false-kill.ts";

const day = 86_400_000;
const saw = (right: number, wrong: number) => {
  const breaks = emptyBreaks();
  const report = (held: boolean, i: number) => ({
    bidder: `a/${i % 3}`,
    criteria: signalName("repetition"),
    quarter: i % 4,
    held,
    weight: 1,
  });
  const reports = [
    ...Array.from({ length: right }, (_, i) => report(false, i)),
    ...Array.from({ length: wrong }, (_, i) => report(true, i)),
  ];
  learnBreaks(breaks, "draft", reports, day);
  return breaks;
};
const risk = (right: number, wrong: number, declared = 0.2, kind: "draft" | "answer" = "draft") =>
  falseKillRisk(saw(right, wrong), { kind, signal: "repetition", declared }, day);

describe("the risk of a kill on a prediction", () => {
  it("is what the criterion declares until ends were seen, and then what they show", () => {
    expect(risk(0, 0)).toEqual({ chance: 0.2, seen: 0, wrong: 0, declared: 0.2 });
    expect(risk(50, 0, 0.2, "answer").seen).toBe(0);
    expect(risk(50, 0)).toMatchObject({ seen: 50, wrong: 0 });
    // At the usual value, 20 x its cost, a kill half way pays below 2.5 %.
    expect(risk(10, 0).chance).toBeGreaterThan(0.05);
    expect(risk(100, 0).chance).toBeLessThan(0.025);
    expect(risk(5, 5).chance).toBeGreaterThan(0.4);
  });

  it("is above the share that was wrong, goes down with kills that were right and up with those that were not", () => {
    fc.assert(
      fc.property(
        fc.nat(200),
        fc.nat(200),
        fc.double({ min: 0.01, max: 0.9, noNaN: true }),
        (right, wrong, declared) => {
          const { chance } = risk(right, wrong, declared);
          expect(chance).toBeGreaterThanOrEqual(Math.min(wrong / Math.max(1, right + wrong), declared) - 1e-9);
          expect(chance).toBeLessThanOrEqual(1);
          expect(risk(right + 1, wrong, declared).chance).toBeLessThanOrEqual(chance + 1e-5);
          expect(risk(right, wrong + 1, declared).chance).toBeGreaterThanOrEqual(chance - 1e-5);
        },
      ),
      { numRuns: 200 },
    );
  });
});
