import { expect, it } from "vitest";
import { CallCancelled, CallClock } from "../../src/models/call-clock.ts";
import { ModelFailure } from "../../src/race/model-port.ts";
import { never } from "./call.ts";

const forever = new Promise<never>(() => {});
const long = { connectMs: 5000, firstTokenMs: 5000, betweenTokensMs: 5000, totalMs: 5000 };

it("lets go of a promise that never settles, on abort", async () => {
  const controller = new AbortController();
  const clock = new CallClock(long, controller.signal);
  setTimeout(() => controller.abort(), 10);
  await expect(clock.race(forever)).rejects.toBeInstanceOf(CallCancelled);
  await expect(clock.race(Promise.resolve(1))).rejects.toBeInstanceOf(CallCancelled);
  expect(clock.signal.aborted).toBe(true);
});

it("goes through its phases, each with its own reason", async () => {
  const reasonOf = async (prepare: (clock: CallClock) => void, times: object) => {
    const clock = new CallClock({ ...long, ...times }, never);
    prepare(clock);
    const error = await clock.race(forever).catch((e: unknown) => e);
    return error instanceof ModelFailure ? error.reason : error;
  };
  expect(await reasonOf(() => {}, { connectMs: 15 })).toBe("connect-timeout");
  expect(await reasonOf((clock) => clock.opened(), { connectMs: 15, firstTokenMs: 30 })).toBe("first-token-timeout");
  expect(await reasonOf((clock) => clock.progressed(), { connectMs: 15, betweenTokensMs: 30 })).toBe("stall-timeout");
  expect(await reasonOf(() => {}, { totalMs: 15 })).toBe("total-timeout");
});

it("holds no more than what is pending", async () => {
  const clock = new CallClock(long, never);
  for (let i = 0; i < 1000; i++) expect(await clock.race(Promise.resolve(i))).toBe(i);
  await expect(clock.race(Promise.reject(new Error("upstream")))).rejects.toThrow("upstream");
  const pending = clock.race(forever);
  clock.stop();
  await expect(pending).rejects.toBeInstanceOf(CallCancelled);
});
