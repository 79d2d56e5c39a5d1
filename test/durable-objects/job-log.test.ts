import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { JobLog } from "../../durable-objects/job-log.ts";
import { longBody } from "../../durable-objects/long-bodies.ts";
import { Tombstone } from "../../durable-objects/tombstone.ts";
import type { LoggedEvent } from "../../src/job/job-event.ts";
import type { JobSummary } from "../../src/job/job-summary.ts";
import { logVersion, UnreadableLog } from "../../src/job/log-version.ts";
import { SqliteStorage } from "../durability/sqlite-storage.ts";
import { requestOf } from "../engine/world.ts";

const streamed = (seq: number, text: string): LoggedEvent => ({
  type: "text-streamed",
  microtask: "m",
  attempt: "m.1",
  offset: 0,
  text,
  seq,
  atMs: 100 + seq,
});
const longText = "long ".repeat(longBody);
const rows = (disk: SqliteStorage, table: string): number =>
  Number(disk.db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n);

describe("the job log", () => {
  it("is replaced by its tombstone whole or not at all, wherever the disk or the process fails", () => {
    const summary = { id: "job_1", tenant: "t" } as JobSummary;
    for (let left = 0; left < 20; left++) {
      const disk = new SqliteStorage();
      const log = new JobLog(disk);
      const tombstone = new Tombstone(disk.sql);
      log.append([streamed(1, "a"), streamed(2, longText)], 1);
      expect(rows(disk, "chunk")).toBeGreaterThan(0);
      let statements = 0;
      disk.fault = () => {
        if (statements++ >= left) throw new Error("killed");
      };
      let done = true;
      try {
        log.replaceBy(() => tombstone.write(summary));
      } catch {
        done = false;
      }
      disk.fault = null;
      const next = new JobLog(disk);
      expect([next.isEmpty, tombstone.read()]).toEqual(done ? [true, summary] : [false, null]);
      if (!done) {
        expect(next.read()).toHaveLength(2);
        continue;
      }
      const tables = disk.db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
      expect(tables.map(({ name }) => name)).toEqual(["tombstone"]);
      expect(left).toBeGreaterThan(2);
      return;
    }
    throw new Error("It was never replaced.");
  });

  it("leaves nothing of its texts in the file when it is replaced, short or long", () => {
    const folder = mkdtempSync(join(tmpdir(), "atomic-log-"));
    for (const times of [1, 30, 300, 3_000, 120_000, 500_000]) {
      const file = join(folder, `${times}.sqlite`);
      const disk = new SqliteStorage(file);
      const log = new JobLog(disk);
      for (let seq = 1; seq <= 12; seq++) log.append([streamed(seq, `secret ${seq} `.repeat(times))], 1);
      log.replaceBy(() => new Tombstone(disk.sql).write({ id: "job_1", tenant: "t" } as JobSummary));
      disk.close();
      const left = readFileSync(file, "latin1");
      expect([times, left.includes("secret"), left.includes("job_1")]).toEqual([times, false, true]);
    }
    rmSync(folder, { recursive: true });
  });

  it("is not there until it is written to: a look leaves no table behind", () => {
    const disk = new SqliteStorage();
    const log = new JobLog(disk);
    expect(log.isEmpty).toBe(true);
    expect(log.read()).toEqual([]);
    expect(log.page(0, 100)).toEqual({ text: "", last: 0 });
    expect(disk.db.prepare("SELECT count(*) AS n FROM sqlite_master").get()?.n).toBe(0);
    log.append([streamed(1, "a")], 1);
    expect(log.isEmpty).toBe(false);
    expect(log.end).toEqual({ seq: 1, epoch: 1 });
  });

  it("is sealed as its readers get it, long texts and all, and a change of what was sealed shows", () => {
    const disk = new SqliteStorage();
    const log = new JobLog(disk);
    expect(log.seal()).toBeNull();
    log.append([streamed(1, "ä"), streamed(2, "b".repeat(8 * longBody)), streamed(3, "c")], 1);
    const { text } = log.page(0, Number.MAX_SAFE_INTEGER);
    const seal = { events: 3, sha256: createHash("sha256").update(text).digest("hex") };
    expect(log.seal()).toEqual(seal);
    expect(new JobLog(disk).seal()).toEqual(seal);
    disk.db.exec("UPDATE log SET body = replace(body, 'c', 'd') WHERE seq = 3");
    expect(new JobLog(disk).seal()?.sha256).not.toBe(seal.sha256);
  });

  it.each([2, 40])("takes all of a batch of %i or nothing", (events) => {
    const disk = new SqliteStorage();
    const log = new JobLog(disk);
    log.append([streamed(1, "a")], 1);
    const batch = Array.from({ length: events }, (_, i) => streamed(i + 2, "b"));
    let written = 0;
    disk.fault = (query) => {
      if (!query.startsWith("INSERT INTO log ")) return;
      written += query.split("(?").length - 1;
      if (written >= 2) throw new Error("disk full");
    };
    expect(() => log.append(batch, 1)).toThrow("disk full");
    disk.fault = null;
    expect(log.read().map((e) => e.seq)).toEqual([1]);
    log.append(batch, 1);
    expect(log.end).toEqual({ seq: events + 1, epoch: 1 });
  });

  it("refuses a writer of an older epoch, whatever object it holds", () => {
    const disk = new SqliteStorage();
    const [old, young] = [new JobLog(disk), new JobLog(disk)];
    old.append([streamed(1, "a")], 1);
    young.append([streamed(2, "b")], 2);
    for (const seq of [2, 3]) expect(() => old.append([streamed(seq, "c")], 1)).toThrow("epoch 1 is over");
    expect(() => old.append([streamed(2, "c"), streamed(3, "d")], 1)).toThrow("epoch 1 is over");
    expect(young.read()).toEqual([streamed(1, "a"), streamed(2, "b")]);
  });

  it("refuses what another process of the same epoch has written meanwhile, and goes on from there", () => {
    const disk = new SqliteStorage();
    const [one, other] = [new JobLog(disk), new JobLog(disk)];
    one.append([streamed(1, "a")], 1);
    other.append([streamed(2, "b")], 1);
    expect(() => one.append([streamed(2, "c")], 1)).toThrow("event 2 does not follow");
    one.append([streamed(3, "c")], 1);
    expect(() => other.append([streamed(5, "d")], 1)).toThrow("event 5 does not follow: the log goes on at 4");
    expect(other.read().map((e) => e.seq)).toEqual([1, 2, 3]);
  });

  it("keeps long texts once, by hash, and gives them back to the last code unit", () => {
    const disk = new SqliteStorage();
    const log = new JobLog(disk);
    const long = `${"😀é\u0000".repeat(longBody / 3)}\ud83d`;
    const joined: LoggedEvent = {
      type: "microtask-joined",
      microtask: "m",
      attempt: "m.1",
      how: "first-pass",
      text: long,
      value: { deep: [long, "short"] },
      repairs: [],
      criteria: [],
      seq: 2,
      atMs: 1,
    };
    log.append([streamed(1, long), joined], 1);
    const once = rows(disk, "chunk");
    log.append([streamed(3, long)], 1);
    expect(rows(disk, "chunk")).toBe(once);
    expect(log.read()).toEqual([streamed(1, long), joined, streamed(3, long)]);
    const widest = disk.db.prepare("SELECT max(length(CAST(text AS BLOB))) AS n FROM chunk").get()?.n;
    expect(Number(widest)).toBeLessThan(1_000_000);
    disk.db.exec("UPDATE chunk SET text = 'x' || substr(text, 2) WHERE part = 1");
    expect(() => log.read()).toThrow("damaged");
  });

  it("hands out pages that follow one another", () => {
    const log = new JobLog(new SqliteStorage());
    log.append(
      Array.from({ length: 50 }, (_, i) => streamed(i + 1, "x".repeat(100))),
      1,
    );
    let after = 0;
    let text = "";
    for (let page = log.page(0, 1000); page.text !== ""; page = log.page(after, 1000)) {
      expect(page.text.length).toBeLessThan(1300);
      after = page.last;
      text += page.text;
    }
    const events = text
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    expect(events).toEqual(log.read());
  });

  it("brings a log of the form before up to date, and goes on with it", () => {
    const disk = new SqliteStorage();
    disk.db.exec(
      "CREATE TABLE log (seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, body TEXT NOT NULL); CREATE TABLE log_more (seq INTEGER NOT NULL, part INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (seq, part)) WITHOUT ROWID",
    );
    const { seq, atMs, ...event } = streamed(1, "y".repeat(600_000));
    const body = JSON.stringify(event);
    disk.db.prepare("INSERT INTO log VALUES (1, 101, ?)").run(body.slice(0, 500_000));
    disk.db.prepare("INSERT INTO log_more VALUES (1, 1, ?)").run(body.slice(500_000));
    const log = new JobLog(disk);
    expect(log.read()).toEqual([streamed(1, "y".repeat(600_000))]);
    log.append([streamed(2, "z")], 2);
    expect(new JobLog(disk).read().map((e) => e.seq)).toEqual([1, 2]);
  });

  it("tells older code which jobs it would run wrongly", () => {
    const disk = new SqliteStorage();
    const log = new JobLog(disk);
    const accepted: LoggedEvent = {
      type: "job-accepted",
      job: "j",
      tenant: "t",
      request: requestOf({ stop: ["."] }),
      seed: 1,
      via: "http",
      seq: 1,
      atMs: 1,
    };
    log.append([accepted], 1);
    log.append([streamed(2, "a")], 1);
    expect(disk.db.prepare("SELECT v FROM log ORDER BY seq").all()).toEqual([{ v: 3 }, { v: 2 }]);
    expect(new JobLog(disk).read()).toEqual([accepted, streamed(2, "a")]);
    const { text } = log.page(0, 10_000);
    expect(
      text
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    ).toEqual(log.read());
  });

  it("leaves a log alone that newer code wrote", () => {
    const disk = new SqliteStorage();
    const log = new JobLog(disk);
    log.append([streamed(1, "a")], 1);
    disk.db.exec(`UPDATE log SET v = ${logVersion + 1}`);
    expect(() => log.read()).toThrow(UnreadableLog);
    expect(() => log.page(0, 100)).toThrow(UnreadableLog);
    expect(log.end).toEqual({ seq: 1, epoch: 1 });
  });
});
