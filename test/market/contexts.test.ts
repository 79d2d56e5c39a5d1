import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { columnFor } from "../../src/market/contexts.ts";
import { rowFor } from "../../src/market/rows.ts";
import { type Column, emptyKind, type KindState, maxCells, maxContexts } from "../../src/market/state.ts";
import { bidder, startMs } from "./setting.ts";

const minuteMs = 60_000;

function kindOf(bidders: number): KindState {
  const kind = emptyKind();
  addBidders(kind, bidders);
  return kind;
}

function addBidders(kind: KindState, upTo: number): void {
  const all = Array.from({ length: upTo }, (_, i) => bidder(`p/m${i}`, 1 + i));
  for (const one of all) rowFor(kind, one.id, new Map(all.map((other) => [other.id, other])));
}

/** One accepted answer of the first bidder in a context. */
function outcome(kind: KindState, name: string, nowMs: number): Column {
  const column = columnFor(kind, name, nowMs);
  while (column.counts.length < 2) column.counts.push(0);
  column.counts[0] = (column.counts[0] ?? 0) + 1;
  return column;
}

const total = (kind: KindState): number =>
  kind.columns.reduce((sum, column) => sum + column.counts.reduce((all, x) => all + x, 0), 0);

describe("contexts of a kind", () => {
  it("keep within their bounds and lose no outcome, whatever names come and whoever joins", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 64 }),
        fc.integer({ min: 0, max: 64 }),
        fc.array(fc.integer({ min: 0, max: 150 }), { maxLength: 350 }),
        (bidders, more, names) => {
          const kind = kindOf(bidders);
          names.forEach((name, n) => {
            if (n === 200) addBidders(kind, Math.max(bidders, more));
            outcome(kind, `c${name}`, startMs + n * minuteMs);
            expect(kind.columns.length).toBeLessThanOrEqual(maxContexts);
            expect(kind.columns.length * kind.rows.length).toBeLessThanOrEqual(maxCells);
            expect(new Set(kind.columns.map((column) => column.name)).size).toBe(kind.columns.length);
          });
          expect(total(kind)).toBeCloseTo(names.length, 6);
          expect(kind.cameOnce?.length ?? 0).toBeLessThanOrEqual(128);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("have a column each at once, and from the second time on when half of the room is taken", () => {
    const kind = kindOf(64);
    const half = maxCells / 64 / 2;
    for (let n = 0; n < half; n++) expect(outcome(kind, `use-${n}`, startMs + n).name).toBe(`use-${n}`);
    expect(outcome(kind, "support", startMs + 100).name).toBe("");
    expect(outcome(kind, "sql", startMs + 101).name).toBe("");
    expect(outcome(kind, "support", startMs + 102).name).toBe("support");
    expect(outcome(kind, "support", startMs + 103).name).toBe("support");
    expect(kind.columns.map((column) => column.name).slice(half)).toEqual(["", "support"]);
  });

  it("have one at once where an operator names them", () => {
    const kind = kindOf(64);
    for (let n = 0; n < 12; n++) expect(columnFor(kind, `use-${n}`, startMs, true).name).toBe(`use-${n}`);
  });

  it("keep what comes back, however many names come once", () => {
    const kind = kindOf(64);
    for (let n = 0; n < 3000; n++) {
      if (n % 10 === 0) outcome(kind, `use-${(n / 10) % 8}`, startMs + n * minuteMs);
      outcome(kind, `user ${n}`, startMs + n * minuteMs);
    }
    const names = kind.columns.map((column) => column.name);
    for (let use = 0; use < 8; use++) expect(names).toContain(`use-${use}`);
  });

  it("let a new one that comes often take the place of one that is little used, not of one that is much used", () => {
    const kind = kindOf(64);
    const room = maxCells / 64;
    for (let n = 0; n < room - 1; n++)
      for (let k = 0; k < (n === 3 ? 3 : 40); k++) outcome(kind, `use-${n}`, startMs + (50 * n + k) * minuteMs);
    const full = kind.columns.map((column) => column.name);
    expect(full.length).toBe(room);
    const nowMs = startMs + 24 * 3600_000;
    outcome(kind, "new", nowMs);
    expect(outcome(kind, "new", nowMs + 1).name).toBe("new");
    expect(kind.columns.map((column) => column.name).sort()).toEqual(
      [...full.filter((name) => name !== "use-3"), "new"].sort(),
    );
    // Everybody else has more than a quarter of an even share, and "new" is the little used one now.
    outcome(kind, "newer", nowMs + 2);
    expect(outcome(kind, "newer", nowMs + 3).name).toBe("newer");
    expect(kind.columns.some((column) => column.name === "new")).toBe(false);
  });

  it("give the place of one that was not used for a month to a new one", () => {
    const kind = kindOf(64);
    for (let n = 0; n < maxCells / 64 - 1; n++)
      for (let k = 0; k < 40; k++) outcome(kind, `use-${n}`, startMs + (n === 5 ? 0 : 20 * 86_400_000) + k);
    const nowMs = startMs + 31 * 86_400_000;
    outcome(kind, "new", nowMs);
    outcome(kind, "new", nowMs + 1);
    const names = kind.columns.map((column) => column.name);
    expect(names).toContain("new");
    expect(names).not.toContain("use-5");
    expect(names).toContain("use-6");
  });

  it("weigh output lengths together when one joins the rest", () => {
    const kind = kindOf(64);
    const rest = columnFor(kind, "", startMs);
    rest.outputs = [10, 4];
    rest.output = [10, 4];
    const gone = columnFor(kind, "gone", startMs, true);
    gone.outputs = [30, 6, 5, 2];
    gone.output = [35, 5.4];
    for (let n = 0; n < maxCells / 64 - 2; n++)
      for (let k = 0; k < 40; k++) outcome(kind, `use-${n}`, startMs + 86_400_000 + k);
    columnFor(kind, "new", startMs + 2 * 86_400_000, true);
    expect(kind.columns.some((column) => column.name === "gone")).toBe(false);
    expect(rest.outputs).toEqual([40, 5.5, 5, 2]);
    expect(rest.output[0]).toBe(45);
    expect(rest.output[1]).toBeCloseTo((10 * 4 + 35 * 5.4) / 45, 2);
  });
});
