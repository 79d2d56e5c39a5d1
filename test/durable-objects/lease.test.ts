import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Lease, leaseMs } from "../../durable-objects/lease.ts";

describe("the lease of a job's object", () => {
  beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
  afterEach(() => void vi.useRealTimers());

  const storage = () => {
    const alarms: number[] = [];
    return { alarms, setAlarm: async (atMs: number) => void alarms.push(atMs) };
  };

  it("is always ahead of the clock while work is live, for one row a renewal", () => {
    const at = storage();
    const lease = new Lease(at);
    lease.hold();
    lease.hold();
    expect(at.alarms).toEqual([1_000_000 + leaseMs]);
    for (let s = 1; s <= 65; s++) {
      vi.advanceTimersByTime(1000);
      expect((at.alarms.at(-1) ?? 0) - Date.now()).toBeGreaterThan(leaseMs / 2);
    }
    expect(at.alarms.length).toBe(7);
  });

  it("rests where there is next something to do, set once, and is not renewed any more", () => {
    const at = storage();
    const lease = new Lease(at);
    lease.hold();
    lease.rest(5_000_000);
    lease.rest(5_000_000);
    vi.advanceTimersByTime(100_000);
    expect(at.alarms).toEqual([1_000_000 + leaseMs, 5_000_000]);
    lease.hold();
    expect(at.alarms.at(-1)).toBe(Date.now() + leaseMs);
  });

  it("is set again after the alarm fired, also to the same time", () => {
    const at = storage();
    const lease = new Lease(at);
    lease.rest(5_000_000);
    lease.fired();
    lease.rest(5_000_000);
    expect(at.alarms).toEqual([5_000_000, 5_000_000]);
  });
});
