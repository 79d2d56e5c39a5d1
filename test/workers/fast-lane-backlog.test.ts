import { expect, it, vi } from "vitest";
import { fastPlace, readFastPlace, timeOfKey, writeFastPlace } from "../../src/access/fast-place.ts";
import { isBehind, keepLog } from "../../src/entry/fast-lane.ts";
import type { AtomicEnv } from "../../src/env.ts";

const place = (ms: number) => {
  const read = readFastPlace(writeFastPlace(fastPlace(3, ms, new Uint8Array(10).fill(7))));
  if (read === null) throw new Error("not a place");
  return read;
};

/** Shards that take what they are given, or not. */
const envOf = (take: () => Promise<void>) =>
  ({ LOG_SHARD: { idFromName: (name: string) => name, get: () => ({ take }) } }) as unknown as AtomicEnv;

it("falls behind when a log is not taken for more than five seconds, until it is", async () => {
  const told = vi.spyOn(console, "error").mockImplementation(() => {});
  const now = Date.now();
  const one = place(now);
  await expect(
    keepLog(
      envOf(() => Promise.reject(new RangeError("secret"))),
      one,
      "t",
      [],
    ),
  ).rejects.toThrow();
  expect(told.mock.calls.flat().join()).toBe('{"event":"log-not-kept","shard":3,"error":"RangeError"}');
  expect(isBehind(now)).toBe(false);
  expect(isBehind(now + 6_000)).toBe(true);
  await keepLog(
    envOf(async () => {}),
    one,
    "t",
    [],
  );
  expect(isBehind(now + 6_000)).toBe(false);
  told.mockRestore();
});

it("gives up what went with its request, and takes new jobs again", async () => {
  const told = vi.spyOn(console, "error").mockImplementation(() => {});
  const now = Date.now();
  await expect(
    keepLog(
      envOf(() => Promise.reject(new Error("down"))),
      place(now + 1),
      "t",
      [],
    ),
  ).rejects.toThrow();
  expect(isBehind(now + 30_000)).toBe(true);
  expect(isBehind(now + 61_000)).toBe(false);
  expect(isBehind(now + 30_000)).toBe(false);
  told.mockRestore();
});

it("has keys in the order of time, with the time in them", () => {
  const times = [0, 1, 999, 1_795_000_000_000, 1_795_000_000_001, 2 ** 47];
  const keys = times.map((ms) => place(ms).key);
  expect(keys.toSorted()).toEqual(keys);
  expect(keys.map(timeOfKey)).toEqual(times);
  expect(readFastPlace("a".repeat(64))).toBeNull();
});
