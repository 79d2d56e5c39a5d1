import { describe, expect, it } from "vitest";
import {
  type BlobName,
  blobNames,
  type DataPoint,
  type DoubleName,
  dataPoints,
  doubleNames,
  encode,
  maxPoints,
} from "../../src/observe/data-point.ts";
import { queries } from "../../src/observe/queries.ts";
import { attempt, message, settlement } from "../store/messages.ts";

type Row = { tenant: string } & Record<BlobName, string> & Record<DoubleName, number>;
const read = (point: DataPoint): Row =>
  ({
    tenant: point.indexes[0],
    ...Object.fromEntries(blobNames.map((name, i) => [name, point.blobs[i]])),
    ...Object.fromEntries(doubleNames.map((name, i) => [name, point.doubles[i]])),
  }) as Row;

describe("a data point", () => {
  it("says of a job and its attempts what the schema says, in its places", () => {
    const { summary, settlements } = message(1);
    const [job, first, second] = dataPoints([summary], settlements).map(read);
    expect(job).toEqual({
      tenant: "tenant-1",
      type: "job",
      kind: "answer",
      bidder: "test/middle",
      role: "",
      result: "succeeded",
      failure: "",
      source: "",
      plan: "single",
      via: "http",
      job: "job_1",
      weight: 1,
      cost_nano: 2001,
      saved_nano: 150,
      saved_tokens: 12,
      first_token_ms: -1,
      total_ms: 700,
      untimed: 0,
      input_tokens: -1,
      output_tokens: -1,
      claimed: -1,
      worth: -1,
      microtasks: 1,
      attempts: 2,
    });
    expect(first).toMatchObject({
      type: "attempt",
      bidder: "test/small",
      role: "leader",
      result: "rejected",
      worth: 0,
    });
    expect(second).toMatchObject({
      type: "attempt",
      bidder: "test/middle",
      result: "accepted",
      cost_nano: 1001,
      job: "job_1",
    });
  });

  it("tells cut from failed from unknown, and counts no attempt's cost twice", () => {
    const base = settlement("j", "m", "answer", 1, "a");
    const attempts = [
      attempt("j", 0, { outcome: null, censored: true }),
      attempt("j", 1, { outcome: null, failure: "overloaded" }),
      attempt("j", 2, { outcome: null, timed: false }),
    ];
    const points = dataPoints([], [{ ...base, attempts }]).map(read);
    expect(points.map((p) => [p.result, p.untimed])).toEqual([
      ["cut", 1],
      ["failed", 0],
      ["unknown", 1],
    ]);
    expect(points[1]).toMatchObject({ failure: "overloaded", worth: -1 });
    const [feedback] = dataPoints([], [{ ...base, key: "j/m/feedback/1" }]).map(read);
    expect(feedback).toMatchObject({ type: "feedback", cost_nano: 0, job: "j" });
  });

  it("fits Analytics Engine's limits whatever it is given", () => {
    const point = encode(
      "ü€😀".repeat(40),
      { kind: "€".repeat(100_000), job: "x".repeat(100_000) },
      { cost_nano: Number.NaN },
    );
    const bytes = (text: string) => Buffer.byteLength(text);
    expect(bytes(point.indexes[0])).toBeLessThanOrEqual(96);
    expect(bytes(point.indexes[0])).toBeGreaterThan(90);
    expect(point.indexes[0].isWellFormed()).toBe(true);
    expect(point.blobs.reduce((sum, blob) => sum + bytes(blob), 0)).toBeLessThanOrEqual(16_384);
    expect(point.blobs.length).toBeLessThanOrEqual(20);
    expect(point.doubles.length).toBeLessThanOrEqual(20);
    expect(point.doubles.every(Number.isFinite)).toBe(true);
  });

  it("keeps an invocation to 250 points, all jobs among them, with sums that stay right", () => {
    const messages = Array.from({ length: 100 }, (_, n) => message(n));
    const settlements = messages.flatMap((m) =>
      m.settlements.map((s) => ({
        ...s,
        attempts: Array.from({ length: 5 }, (_, n) => attempt(m.summary.id, n, { costNano: 1000 })),
      })),
    );
    const points = dataPoints(
      messages.map((m) => m.summary),
      settlements,
    ).map(read);
    expect(points).toHaveLength(maxPoints);
    expect(points.filter((p) => p.type === "job")).toHaveLength(100);
    const attempts = points.filter((p) => p.type === "attempt");
    expect(attempts.reduce((sum, p) => sum + p.weight, 0)).toBeCloseTo(500);
    expect(attempts.reduce((sum, p) => sum + p.weight * p.cost_nano, 0)).toBeCloseTo(500_000);
    // Evenly spaced: no job's attempts are left out as a block.
    expect(new Set(attempts.map((p) => p.job)).size).toBe(100);
  });
});

describe("queries", () => {
  it("name only columns that the schema has, and weigh by the sampling", () => {
    for (const sql of Object.values(queries)) {
      for (const [, kind, number] of sql.matchAll(/\b(blob|double)(\d+)\b/g)) {
        expect(Number(number)).toBeGreaterThan(0);
        expect(Number(number)).toBeLessThanOrEqual(kind === "blob" ? blobNames.length : doubleNames.length);
      }
      expect(sql).toContain("_sample_interval");
      expect(sql).not.toMatch(/blob0|double0|undefined/);
    }
    expect(queries.costPerTenantPerDay).toContain("double2");
    expect(queries.acceptanceAndLatencyPerBidder).toContain("quantileExactWeighted(0.95)(double6");
  });
});
