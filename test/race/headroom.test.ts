import { describe, expect, it } from "vitest";
import {
  allowanceWaitMs,
  headroomCallEnded,
  headroomCallStarted,
  headroomRefused,
  headroomStated,
  newHeadroom,
  viewHeadroom,
} from "../../src/race/headroom.ts";

const unknown = { limit: null, remaining: null, resetMs: null };

describe("headroom", () => {
  it("expects queueing above the cap and refuses above twice the cap", () => {
    const room = newHeadroom(4, 800);
    expect(viewHeadroom(room, 3, 100, 0)).toEqual({ unavailable: null, queueMs: 0 });
    expect(viewHeadroom(room, 4, 100, 0)).toEqual({ unavailable: null, queueMs: 200 });
    expect(viewHeadroom(room, 7, 100, 0)).toEqual({ unavailable: null, queueMs: 800 });
    expect(viewHeadroom(room, 8, 100, 0).unavailable).toContain("cap 4");
  });

  it("stays away as long as a 429 says, else 1 s doubling", () => {
    const room = newHeadroom(null, 800);
    headroomRefused(room, 1, 7_000, 0);
    expect(viewHeadroom(room, 0, 1, 6_999).unavailable).toBe("rate-limited for 1 s");
    expect(viewHeadroom(room, 0, 1, 7_000).unavailable).toBeNull();
    headroomRefused(room, 1, null, 10_000);
    expect(room.blockedUntilMs).toBe(12_000);
    headroomCallEnded(room, 500);
    headroomRefused(room, 1, null, 20_000);
    expect(room.blockedUntilMs).toBe(21_000);
  });

  it("reads rate headers and counts down from them until the window is full again", () => {
    const room = newHeadroom(null, 800);
    headroomStated(
      room,
      { limit: 60, remaining: 2, resetMs: 30_000 },
      { limit: 10_000, remaining: 900, resetMs: 5_000 },
      0,
    );
    headroomCallStarted(room, 400, 0);
    expect(viewHeadroom(room, 1, 600, 0).unavailable).toBe("no tokens left for 5 s");
    expect(viewHeadroom(room, 1, 400, 0).unavailable).toBeNull();
    headroomCallStarted(room, 400, 6_000);
    expect(viewHeadroom(room, 1, 1, 6_000).unavailable).toBe("no requests left for 24 s");
    expect(viewHeadroom(room, 1, 1, 30_000).unavailable).toBeNull();
  });

  it("halves its concurrency on a 429 without a reason, and grows back", () => {
    const room = newHeadroom(16, 800);
    headroomRefused(room, 12, null, 0);
    expect(room.concurrency).toBe(6);
    for (let call = 0; call < 200; call++) headroomCallEnded(room, 800);
    expect(room.concurrency).toBe(16);
  });

  const refusedAfter = (calls: number, retryAfterMs: number | null) => {
    const room = newHeadroom(null, 800);
    headroomStated(room, unknown, unknown, 0);
    for (let call = 0; call < calls; call++) headroomCallStarted(room, 10, 500 * call);
    headroomRefused(room, 1, retryAfterMs, 11_000);
    return room;
  };

  it("learns a rate from a 429 of single calls that does not say when to come back", () => {
    const room = refusedAfter(11, null);
    expect(viewHeadroom(room, 0, 10, 12_000).unavailable).toBe("no requests left for 48 s");
    expect(allowanceWaitMs(room, 10, 12_000)).toBe(48_000);
    expect(viewHeadroom(room, 0, 10, 60_000).unavailable).toBeNull();
  });

  it("guesses no rate of a few calls, nor where it is told when to come back", () => {
    for (const room of [refusedAfter(3, null), refusedAfter(10, null), refusedAfter(22, 1_000)]) {
      expect(viewHeadroom(room, 0, 10, 11_500).unavailable).toBe("rate-limited for 1 s");
      expect(allowanceWaitMs(room, 10, 11_500)).toBe(500);
      for (let call = 0; call < 200; call++) headroomCallStarted(room, 10, 12_000 + call);
      expect(viewHeadroom(room, 0, 10, 12_300).unavailable).toBeNull();
      expect(allowanceWaitMs(room, 10, 12_300)).toBe(0);
    }
  });

  it("tries more of a guessed rate in each minute that used it up", () => {
    const room = refusedAfter(11, null);
    const allowed = [1, 2, 3, 4].map((minute) => {
      let calls = 0;
      for (; calls < 1_000 && viewHeadroom(room, 0, 10, 60_000 * minute).unavailable === null; calls++)
        headroomCallStarted(room, 10, 60_000 * minute);
      return calls;
    });
    expect(allowed).toEqual([18, 28, 40, 55]);
  });

  it("is plain JSON", () => {
    const room = newHeadroom(4, 800);
    headroomCallStarted(room, 10, 5);
    expect(JSON.parse(JSON.stringify(room))).toEqual(room);
  });
});
