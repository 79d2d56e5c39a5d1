import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EndedRun } from "../../durable-objects/ended-run.ts";
import { lineOf } from "../../durable-objects/log-page.ts";
import { ShardRows } from "../../durable-objects/shard-rows.ts";
import { keyTime } from "../../src/access/fast-place.ts";
import { giveFeedback } from "../../src/engine/feedback.ts";
import type { LoggedEvent } from "../../src/job/job-event.ts";
import { SqliteStorage } from "../durability/sqlite-storage.ts";
import { bidderOf, flush, requestOf, says, World } from "../engine/world.ts";

const keyOf = (n: number) => `${keyTime(n)}${"0".repeat(20)}`;

describe("the rows of a shard", () => {
  it("overwrite a text in their file before it is deleted", () => {
    const folder = mkdtempSync(join(tmpdir(), "atomic-shard-"));
    for (const length of [20, 800, 5_000]) {
      const file = join(folder, `${length}.sqlite`);
      const storage = new SqliteStorage(file);
      const rows = new ShardRows(storage);
      for (let n = 0; n < 20; n++)
        rows.put({ key: keyOf(n), tenant: "t", lines: `"secret ${n} é${"x".repeat(length)} secret ${n} é"\n` });
      // What is told of a job after its end makes its log longer.
      rows.append(keyOf(7), `"${"z".repeat(900)}"\n`, false);
      expect(rows.get(keyOf(7))?.lines).toMatch(/^"secret 7 éx+ secret 7 é"\n"z{900}"\n$/);
      rows.erase(keyOf(7));
      storage.close();
      const left = readFileSync(file, "utf8");
      expect([length, left.includes("secret 7 "), left.includes("secret 8 ")]).toEqual([length, false, true]);
    }
    const storage = new SqliteStorage();
    const said: string[] = [];
    storage.fault = (query) => said.push(query);
    const rows = new ShardRows(storage);
    rows.put({ key: keyOf(1), tenant: "t", lines: `"${"y".repeat(3_000_000)}"\n` });
    said.length = 0;
    rows.erase(keyOf(1));
    expect(said.flatMap((query) => /^(UPDATE|DELETE FROM) (job|part)/.exec(query)?.[0] ?? [])).toEqual([
      "UPDATE job",
      "DELETE FROM job",
      "UPDATE part",
      "DELETE FROM part",
    ]);
    rmSync(folder, { recursive: true });
  });

  it("have all of a long log or nothing of it, whichever write fails", () => {
    const lines = "é€".repeat(700_000);
    const log = { key: keyOf(1), tenant: "t", lines };
    const failing = (storage: SqliteStorage, at: number) => {
      let writes = 0;
      storage.fault = (query) => {
        if (/^(INSERT|UPDATE)/.test(query) && ++writes === at) throw new Error("the disk is full");
      };
    };
    for (let at = 1; at <= 3; at++) {
      const storage = new SqliteStorage();
      const rows = new ShardRows(storage);
      failing(storage, at);
      expect(() => rows.put(log)).toThrow("full");
      expect(rows.put(log)).toBe(true);
      expect(rows.get(log.key)?.lines).toBe(lines);
      failing(storage, at);
      expect(() => rows.append(log.key, lines, false)).toThrow("full");
      expect(rows.owed(9)).toEqual([log.key]);
      rows.append(log.key, lines, false);
      expect(rows.get(log.key)?.lines).toBe(lines + lines);
    }
  });

  it("give back what was put and appended, long or short, over restarts, and forget what is old and owed to nobody", () => {
    const text = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.integer({ min: 1, max: 3 }).map((n) => "é€".repeat(n * 100_000)),
    );
    const step = fc.oneof(
      fc.record({ do: fc.constant("put" as const), n: fc.nat(5), text }),
      fc.record({ do: fc.constant("append" as const), n: fc.nat(5), text, owed: fc.boolean() }),
      fc.record({ do: fc.constant("forget" as const), before: fc.nat(6) }),
      fc.record({ do: fc.constant("restart" as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const storage = new SqliteStorage();
        let rows = new ShardRows(storage);
        const model = new Map<number, { lines: string; owed: boolean }>();
        for (const one of steps) {
          if (one.do === "restart") rows = new ShardRows(storage);
          else if (one.do === "put") {
            const lines = `${JSON.stringify(one.text)}\n`;
            expect(rows.put({ key: keyOf(one.n), tenant: "t", lines })).toBe(!model.has(one.n));
            if (!model.has(one.n)) model.set(one.n, { lines, owed: true });
          } else if (one.do === "append") {
            const known = model.get(one.n);
            if (known === undefined) continue;
            const lines = `${JSON.stringify(one.text)}\n`;
            rows.append(keyOf(one.n), lines, one.owed);
            model.set(one.n, { lines: known.lines + lines, owed: one.owed });
          } else {
            expect(rows.forget(one.before, 100)).toBe(false);
            for (const [n, { owed }] of model) if (n < one.before && !owed) model.delete(n);
          }
          for (let n = 0; n <= 5; n++) {
            const known = model.get(n);
            expect(rows.get(keyOf(n))).toEqual(
              known === undefined ? null : { key: keyOf(n), tenant: "t", version: 2, lines: known.lines },
            );
          }
          const owed = [...model].filter(([, row]) => row.owed).map(([n]) => keyOf(n));
          expect(rows.owed(100)).toEqual(owed.toSorted());
          expect(rows.oldestMs).toBe(model.size === 0 ? null : Math.min(...model.keys()));
        }
      }),
      { seed: 20_261_126, numRuns: 60 },
    );
  });
});

/** A job's log as its Worker hands it over: whole, and told to nobody. */
async function handedOver(): Promise<LoggedEvent[]> {
  const world = new World([bidderOf("a/one")], () => says("Paris."));
  world.accept(requestOf());
  await world.settle();
  return world.log.filter((event) => event.type !== "settlement-sent");
}

describe("an ended job in a shard", () => {
  it("is owed until its tenant and the market have taken it, and numbers what follows on from its log", async () => {
    const log = await handedOver();
    const disk: { lines: string; owed: boolean } = { lines: log.map(lineOf).join(""), owed: true };
    let down = true;
    const timers: (() => void)[] = [];
    const told: string[][] = [];
    const run = new EndedRun(
      log,
      {
        nowMs: () => 5,
        after: (_ms, then) => {
          timers.push(then);
          return () => {};
        },
        settle: async (job, settlements) => {
          if (down) throw new Error("down");
          told.push([job.id, ...settlements.map((settlement) => settlement.key)]);
        },
      },
      (events, owed) => {
        disk.lines += events.map(lineOf).join("");
        disk.owed = owed;
      },
    );
    expect(run.owed).toBe(true);
    run.turn();
    await flush();
    expect([run.owed, disk.owed, told]).toEqual([true, true, []]);
    down = false;
    timers.shift()?.();
    await flush();
    expect([run.owed, disk.owed, told]).toEqual([false, false, [["job_test", "job_test/answer"]]]);

    expect(giveFeedback(run, { good: true }, 6)).toBeNull();
    expect([run.owed, disk.owed]).toEqual([true, true]);
    run.turn();
    await flush();
    expect([run.owed, disk.owed]).toEqual([false, false]);
    expect(told[1]).toEqual(["job_test", "job_test/answer/feedback/1"]);
    expect(giveFeedback(run, { good: true }, 7)).toMatchObject({ code: "conflict" });

    // A provider's record changes what the tenant owes, and nothing that the market has to learn.
    const usage = { input: 9, output: 9, source: "provider" } as const;
    run.record({ type: "cost-reconciled", microtask: "answer", attempt: "answer.1", usage, wasNano: 1, costNano: 2 });
    expect([run.owed, disk.owed]).toEqual([true, true]);
    run.turn();
    await flush();
    expect([run.owed, disk.owed, told[2]]).toEqual([false, false, ["job_test"]]);
    const events = disk.lines.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as LoggedEvent]));
    expect(events.map((event) => event.seq)).toEqual(events.map((_, i) => i + 1));
  });

  it("is none that still runs", async () => {
    const log = await handedOver();
    expect(
      () => new EndedRun(log.slice(0, 3), { nowMs: () => 0, after: () => () => {}, settle: async () => {} }, () => {}),
    ).toThrow("not an ended job's");
  });
});
