import type { D1Database } from "@cloudflare/workers-types";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { KeyRow } from "../../src/access/key.ts";
import { BidderStore, maxStoredBidders } from "../../src/store/bidder-store.ts";
import { type Database, openDatabase } from "../../src/store/database.ts";
import { forgetSettled, settledKeptMs } from "../../src/store/forget-settled.ts";
import { JobList, type JobPage } from "../../src/store/job-list.ts";
import { jsonChunks } from "../../src/store/json-chunks.ts";
import { StoredKeys } from "../../src/store/key-store.ts";
import { loadMarket } from "../../src/store/market-store.ts";
import { settleBatch } from "../../src/store/settle-batch.ts";
import { Snapshots } from "../../src/store/snapshot.ts";
import { snapshotSource } from "../../src/store/snapshot-source.ts";
import { localD1, wipe } from "./local-d1.ts";
import { bidderNamed, bidders, message, nowMs } from "./messages.ts";

let d1: D1Database;
let db: Database;
let stop: () => Promise<void>;

beforeAll(async () => {
  ({ d1, stop } = await localD1());
  db = openDatabase(d1);
}, 30_000);
afterAll(() => stop());
beforeEach(() => wipe(d1));

describe("the tables", () => {
  it("bill one row for a row: those that grow have no second copy of their key", async () => {
    const written = async (statement: string) => (await d1.prepare(statement).run()).meta.rows_written;
    expect(await written("insert into settled values ('k', 1)")).toBe(1);
    expect(await written("insert into usage_months values ('a', '2026-11', 1, 1, 1, 1)")).toBe(1);
    expect(await written("insert into examples values ('a', 'answer', 'k', 'j', 'i', 'o', 1, null)")).toBe(1);
    expect(
      await written(
        "insert into jobs values ('a', 1, 'j', 'succeeded', 'answer', 'single', 'http', 2, 1, 1, 0, 0, 0, null, null, 0, null, null, null, null, null, null)",
      ),
    ).toBe(1);
  });
});

describe("the job list", () => {
  it("pages through a tenant's jobs, newest first, none twice, none left out, none of another tenant", async () => {
    // Three jobs a millisecond, so that pages break inside one.
    const mine = Array.from({ length: 20 }, (_, n) =>
      message(n, { tenant: "mine", createdAtMs: nowMs + Math.floor(n / 3), endedAtMs: nowMs + 100 }),
    );
    const others = Array.from({ length: 5 }, (_, n) => message(100 + n, { tenant: "other", createdAtMs: nowMs }));
    await settleBatch(db, [...mine, ...others], bidders, nowMs);
    const list = new JobList(db);
    const seen: string[] = [];
    let after: JobPage["after"] = null;
    for (;;) {
      const { jobs: page } = await list.list("mine", { limit: 4, after });
      const last = page.at(-1);
      if (last === undefined) break;
      seen.push(...page.map((j) => j.id));
      after = last;
    }
    const expected = mine
      .map((m) => m.summary)
      .sort((a, b) => b.createdAtMs - a.createdAtMs || (a.id < b.id ? 1 : -1))
      .map((s) => s.id);
    expect(seen).toEqual(expected);
    const oldest = await list.list("mine", { limit: 100, after: { createdAtMs: nowMs + 1, id: "" } });
    expect(oldest.jobs).toHaveLength(3);
    expect((await list.list("nobody", { limit: 10, after: null })).jobs).toEqual([]);
    expect(await list.usage("other")).toMatchObject([{ month: "2026-11", jobs: 5 }]);
  });
});

describe("bidders", () => {
  it("are put, replaced, listed and deleted", async () => {
    const store = new BidderStore(db);
    const endpoint = {
      type: "openai-compatible",
      model: "m",
      baseUrl: "http://localhost:1/v1",
      apiKeySecretName: "KEY",
    };
    expect(await store.put(bidderNamed("test/b"), endpoint, 1)).toBeNull();
    expect(await store.put(bidderNamed("test/a"), endpoint, 1)).toBeNull();
    expect(await store.put({ ...bidderNamed("test/b"), tools: false, enabled: false }, endpoint, 2)).toBeNull();
    expect((await store.list()).bidders).toEqual([
      { bidder: bidderNamed("test/a"), endpoint, updatedAtMs: 1 },
      { bidder: { ...bidderNamed("test/b"), tools: false, enabled: false }, endpoint, updatedAtMs: 2 },
    ]);
    expect(await store.delete("test/a")).toBe(true);
    expect(await store.delete("test/a")).toBe(false);
  });

  it("that are not stored have a switch, which no deletion takes away and no adding counts", async () => {
    const store = new BidderStore(db);
    await store.switch("embedded/vader", false, 1);
    await store.put(bidderNamed("test/a"), {}, 1);
    await store.switch("test/a", false, 2);
    expect(await store.delete("embedded/vader")).toBe(false);
    const { bidders: stored, switches, unreadable } = await store.list();
    expect(stored.map(({ bidder }) => [bidder.id, bidder.enabled])).toEqual([["test/a", false]]);
    expect([switches, unreadable]).toEqual([[{ id: "embedded/vader", enabled: false }], []]);
    await store.switch("embedded/vader", true, 3);
    expect((await store.list()).switches).toEqual([{ id: "embedded/vader", enabled: true }]);
    const rest = Array.from({ length: maxStoredBidders - 1 }, (_, n) => store.put(bidderNamed(`test/b${n}`), {}, 1));
    expect((await Promise.all(rest)).every((refusal) => refusal === null)).toBe(true);
    expect(await store.put(bidderNamed("test/more"), {}, 1)).toMatchObject({ code: "invalid-bidder" });
    expect(await store.put(bidderNamed("embedded/vader"), {}, 1)).toMatchObject({ code: "invalid-bidder" });
  });

  it("are refused when they are none, and past the most there may be, with the field", async () => {
    const store = new BidderStore(db);
    expect(
      await store.put({ ...bidderNamed("test/a"), price: { inputPerMtok: -1, outputPerMtok: 0 } }, {}, 1),
    ).toMatchObject({
      code: "invalid-bidder",
      field: "price.inputPerMtok",
    });
    expect(await store.put({ ...bidderNamed("test/a"), id: "no slash" }, {}, 1)).toMatchObject({ field: "id" });
    const all = Array.from({ length: maxStoredBidders }, (_, n) => store.put(bidderNamed(`test/b${n}`), {}, 1));
    expect((await Promise.all(all)).every((refusal) => refusal === null)).toBe(true);
    expect(await store.put(bidderNamed("test/more"), {}, 1)).toMatchObject({ code: "invalid-bidder", field: "id" });
    expect(await store.put(bidderNamed("test/b0"), {}, 2)).toBeNull();
  });

  it("that cannot be read any more are named, and the others still serve", async () => {
    const store = new BidderStore(db);
    await store.put(bidderNamed("test/a"), {}, 1);
    await d1
      .prepare("insert into bidders values ('test/old', '{\"id\":1}', '{}', 1, 1), ('test/torn', '{', '{}', 1, 1)")
      .run();
    const { bidders: readable, unreadable } = await store.list();
    expect(readable.map((b) => b.bidder.id)).toEqual(["test/a"]);
    expect(unreadable).toEqual(["test/old", "test/torn"]);
  });
});

describe("keys", () => {
  const times = { createdAtMs: 5, revokedAtMs: null, expiresAtMs: null };
  const row: KeyRow = { id: "0123456789abcdef", tenant: "a", secretHash: "00ff", scope: "all", ...times };

  it("are found, listed without their hash, and revoked once", async () => {
    const keys = new StoredKeys(db);
    await keys.put(row);
    expect(await keys.get(row.id)).toEqual(row);
    expect(await keys.get("nothing")).toBeNull();
    expect(JSON.stringify(await keys.list(10))).not.toContain(row.secretHash);
    expect(await keys.revoke(row.id, 9)).toBe(true);
    expect(await keys.revoke(row.id, 10)).toBe(false);
    expect(await keys.get(row.id)).toEqual({ ...row, revokedAtMs: 9 });
  });

  it("keep what they were made for; one of before there were terms works for all and for good", async () => {
    const keys = new StoredKeys(db);
    const terms = { expiresAtMs: 99, scope: "read" } as const;
    await keys.put({ ...row, ...terms });
    await d1
      .prepare("insert into api_keys (id, tenant, secret_sha256, created_at_ms) values ('old', 'a', 'ff', 1)")
      .run();
    expect(await keys.get(row.id)).toMatchObject(terms);
    expect(await keys.get("old")).toMatchObject({ expiresAtMs: null, scope: "all" });
    expect(await keys.list(10)).toMatchObject([
      { id: row.id, ...terms },
      { id: "old", expiresAtMs: null, scope: "all" },
    ]);
  });

  it("are never overwritten", async () => {
    const keys = new StoredKeys(db);
    await keys.put(row);
    await expect(keys.put({ ...row, tenant: "thief" })).rejects.toThrow();
    expect((await keys.get(row.id))?.tenant).toBe("a");
  });
});

describe("retention", () => {
  it("forgets keys of settlements that no queue can repeat any more", async () => {
    const longAgoMs = nowMs - settledKeptMs - 1;
    await settleBatch(db, [message(1, { createdAtMs: longAgoMs })], bidders, longAgoMs);
    await settleBatch(db, [message(2)], bidders, nowMs);
    expect(await forgetSettled(db, nowMs)).toBe(1);
    expect(await forgetSettled(db, nowMs)).toBe(0);
  });
});

describe("a snapshot of D1", () => {
  it("holds what was settled", async () => {
    await new BidderStore(db).put(bidderNamed("test/a"), {}, 1);
    await settleBatch(db, [message(0)], bidders, nowMs);
    const snapshots = new Snapshots({ nowMs: () => nowMs, wait: () => new Promise(() => {}) });
    const snapshot = await snapshots.read(
      "tenant-0",
      snapshotSource(
        () => db,
        () => {},
      ),
      () => {},
    );
    expect(snapshot.state).toEqual(await loadMarket(db));
    expect(snapshot.state.kinds.spam?.outcomes).toBe(2);
    expect(snapshot.bidders).toMatchObject([{ bidder: { id: "test/a" } }]);
    expect(snapshot.examples).toEqual({
      spam: [{ input: "input 0", output: "output 0", only: { bidders: null, region: null } }],
    });
  });
});

describe("JSON for one bound value", () => {
  it("is cut below D1's limit and loses nothing", () => {
    const rows = Array.from({ length: 50 }, (_, n) => ({ n, text: "\u20ac".repeat(40_000) }));
    const chunks = jsonChunks(rows);
    expect(chunks.length).toBeGreaterThan(1);
    expect(Math.max(...chunks.map((c) => Buffer.byteLength(c)))).toBeLessThan(2_000_000);
    expect(chunks.flatMap((c) => JSON.parse(c))).toEqual(rows);
    expect(jsonChunks([])).toEqual([]);
  });
});
