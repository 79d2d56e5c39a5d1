import { beforeEach, describe, expect, it } from "vitest";
import { ReuseClaims } from "../../durable-objects/reuse-claims.ts";
import { SqliteStorage } from "../durability/sqlite-storage.ts";

const nowMs = 1_800_000_000_000;
const dayMs = 86_400_000;
const ask = (hash: string, place: string, more: object = {}) => ({ hash, place, reuseMs: 60_000, not: null, ...more });

let storage: SqliteStorage;
let claims: ReuseClaims;
beforeEach(() => {
  storage = new SqliteStorage();
  claims = new ReuseClaims(storage.sql);
});

const count = (where = "1"): number =>
  [...storage.sql.exec<{ n: number }>(`SELECT count(*) AS n FROM reuse WHERE ${where}`)][0]?.n ?? -1;
const writes = (): number => [...storage.sql.exec<{ n: number }>("SELECT total_changes() AS n")][0]?.n ?? -1;

describe("a claim", () => {
  it("is the first one's until it is too old for who asks, and is written once", () => {
    expect(claims.claim(ask("h", "first"), nowMs)).toEqual({ place: "first", ageMs: 0 });
    const written = writes();
    expect(claims.claim(ask("h", "second"), nowMs + 59_999)).toEqual({ place: "first", ageMs: 59_999 });
    expect(claims.claim(ask("h", "second", { reuseMs: dayMs }), nowMs + 100_000).place).toBe("first");
    expect(writes()).toBe(written);
    expect(claims.claim(ask("h", "second"), nowMs + 60_000)).toEqual({ place: "second", ageMs: 0 });
    expect(claims.claim(ask("other", "third"), nowMs).place).toBe("third");
    expect(writes()).toBe(written + 2);
  });

  it("is replaced where its answer will not do, by the first who says so of it", () => {
    claims.claim(ask("h", "failed"), nowMs);
    expect(claims.claim(ask("h", "anew", { not: "failed" }), nowMs).place).toBe("anew");
    expect(claims.claim(ask("h", "late", { not: "failed" }), nowMs).place).toBe("anew");
  });

  it("is forgotten with its tenant's rules, or when it is over; a tenant that has none has no table", () => {
    claims.forgetAll();
    claims.forgetExpired(nowMs);
    expect([...storage.sql.exec("SELECT 1 FROM sqlite_master")]).toEqual([]);
    claims.claim(ask("short", "a"), nowMs);
    claims.claim(ask("long", "b", { reuseMs: dayMs }), nowMs);
    claims.forgetExpired(nowMs + 60_000);
    expect(claims.claim(ask("long", "c"), nowMs).place).toBe("b");
    expect(count()).toBe(1);
    claims.forgetAll();
    expect(claims.claim(ask("long", "c"), nowMs).place).toBe("c");
  });

  it("of an object that starts anew is there", () => {
    claims.claim(ask("h", "first"), nowMs);
    expect(new ReuseClaims(storage.sql).claim(ask("h", "second"), nowMs + 1).place).toBe("first");
    const again = new ReuseClaims(storage.sql);
    again.forgetAll();
    expect(again.claim(ask("h", "third"), nowMs + 2).place).toBe("third");
  });

  it("is one of 10,000 at most: expired ones go first, then the oldest", () => {
    for (let i = 0; i < 500; i++) claims.claim(ask(`old ${i}`, "p", { reuseMs: dayMs }), nowMs - 1_000_000 + i);
    for (let i = 0; i < 9_500; i++) claims.claim(ask(`short ${i}`, "p", { reuseMs: 1_000 }), nowMs - 2_000 + i / 100);
    for (let i = 0; i < 9_000; i++) claims.claim(ask(`new ${i}`, "p", { reuseMs: dayMs }), nowMs);
    expect(count()).toBeLessThanOrEqual(10_000);
    expect(count("hash LIKE 'old %'")).toBe(500);
    expect(count("hash LIKE 'new %'")).toBe(9_000);
    // An object that starts anew counts what is there.
    claims = new ReuseClaims(storage.sql);
    for (let i = 0; i < 2_000; i++) claims.claim(ask(`newest ${i}`, "p", { reuseMs: dayMs }), nowMs + i);
    expect(count()).toBeLessThanOrEqual(10_000);
    expect(count("hash LIKE 'old %'")).toBe(0);
    expect(count("hash LIKE 'newest %'")).toBe(2_000);
  });
});
