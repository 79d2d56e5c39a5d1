import { beforeEach, describe, expect, it } from "vitest";
import { emptyMarket } from "../../src/market/market.ts";
import { type SnapshotSource, Snapshots, snapshotLimits } from "../../src/store/snapshot.ts";

/** A clock that only this test moves, and the timers that are due on it. */
class Clock {
  #nowMs = 1_000_000;
  #timers: { atMs: number; ring: () => void }[] = [];
  nowMs = () => this.#nowMs;
  wait = (ms: number) =>
    new Promise<void>((ring) => {
      this.#timers.push({ atMs: this.#nowMs + ms, ring });
    });
  pass(ms: number): void {
    this.#nowMs += ms;
    for (const timer of this.#timers) if (timer.atMs <= this.#nowMs) timer.ring();
    this.#timers = this.#timers.filter((t) => t.atMs > this.#nowMs);
  }
}

const quiet = () => new Promise<void>((resolve) => setImmediate(resolve));

let clock: Clock;
let snapshots: Snapshots;
let reads: { market: number; bidders: number; examples: string[] };
let failing: boolean;
let background: Promise<unknown>[];

const source: SnapshotSource = {
  market: async () => {
    reads.market += 1;
    if (failing) throw new Error("D1 is down");
    return { ...emptyMarket(), shared: { ...emptyMarket().shared, landmarkMs: reads.market } };
  },
  bidders: async () => {
    reads.bidders += 1;
    return [];
  },
  examples: async (tenant) => {
    reads.examples.push(tenant);
    return { answer: [{ input: tenant, output: "", only: { bidders: null, region: null } }] };
  },
};
const read = (tenant: string | null = "a", from = source) =>
  snapshots.read(tenant, from, (work) => {
    background.push(work);
  });
const version = async () => (await read()).state.shared.landmarkMs;

beforeEach(() => {
  clock = new Clock();
  snapshots = new Snapshots(clock);
  reads = { market: 0, bidders: 0, examples: [] };
  failing = false;
  background = [];
});

describe("a snapshot", () => {
  it("reads once for many at a time, and not again while young", async () => {
    await Promise.all([read(), read(), read("b")]);
    clock.pass(snapshotLimits.refreshMs - 1);
    await read();
    expect(reads).toEqual({ market: 1, bidders: 1, examples: ["a", "b"] });
  });

  it("serves what it has while it reloads, and never anything older than the bound", async () => {
    expect(await version()).toBe(1);
    clock.pass(snapshotLimits.refreshMs);
    expect(await version()).toBe(1);
    await Promise.all(background);
    expect(await version()).toBe(2);
    clock.pass(snapshotLimits.maxAgeMs);
    expect(await version()).toBe(3);
    expect(reads.market).toBe(3);
  });

  it("counts its age from the start of the read", async () => {
    let answer = (): void => {};
    const slow = {
      ...source,
      market: () => new Promise<never>((resolve) => (answer = () => resolve(emptyMarket() as never))),
    };
    const first = read("a", slow);
    clock.pass(2_000);
    answer();
    await first;
    clock.pass(snapshotLimits.maxAgeMs - 2_000);
    await read();
    expect(reads.market).toBe(1);
    expect(background).toHaveLength(0);
  });

  it("keeps tenants' examples apart", async () => {
    const [a, b, none] = await Promise.all([read("a"), read("b"), read(null)]);
    expect(a.examples.answer?.[0]?.input).toBe("a");
    expect(b.examples.answer?.[0]?.input).toBe("b");
    expect(none.examples).toEqual({});
  });

  it("holds the examples of a bounded number of tenants", async () => {
    for (let n = 0; n <= snapshotLimits.tenants; n++) await read(`t${n}`);
    await read(`t${snapshotLimits.tenants}`);
    expect(reads.examples).toHaveLength(snapshotLimits.tenants + 1);
    await read("t0");
    expect(reads.examples.at(-1)).toBe("t0");
    expect(reads.examples).toHaveLength(snapshotLimits.tenants + 2);
  });

  it("serves old numbers while D1 fails, for a while", async () => {
    expect(await version()).toBe(1);
    failing = true;
    clock.pass(snapshotLimits.maxAgeOnErrorMs - 1);
    expect(await version()).toBe(1);
    clock.pass(1);
    await expect(version()).rejects.toThrow("D1 is down");
    failing = false;
    expect(await version()).toBe(4);
  });

  it("does not wait for ever on a load whose request has gone", async () => {
    const dead = { ...source, market: () => new Promise<never>(() => {}) };
    const leader = read("a", dead);
    await quiet();
    const follower = read();
    await quiet();
    clock.pass(snapshotLimits.flightMs);
    expect((await follower).state.shared.landmarkMs).toBe(1);
    expect(await Promise.race([leader, quiet().then(() => "gone")])).toBe("gone");
  });

  it("reads bidders anew after a change, and drops a load begun before it", async () => {
    let answer = (_: never[]): void => {};
    const slow = { ...source, bidders: () => new Promise<never[]>((resolve) => (answer = resolve)) };
    const before = read("a", slow);
    await quiet();
    snapshots.forget();
    answer([]);
    await before;
    await read();
    expect(reads.bidders).toBe(1);
  });
});
