import { describe, expect, it } from "vitest";
import type { Turn } from "../../src/race/bidder-room.ts";
import { turnLeaseMs } from "../../src/race/bidder-room.ts";
import { Fleet } from "../../src/race/fleet.ts";
import { bidderOf } from "../engine/world.ts";

const clocked = () => {
  const clock = { nowMs: 1_000_000 };
  return { clock, fleet: new Fleet(() => clock.nowMs) };
};
const enter = (fleet: Fleet, bidder = bidderOf("a/one", { concurrency: 2 }), owner = "job"): Turn => {
  const turn = fleet.enter(bidder, owner, 100);
  if (turn === null) throw new Error("the queue is full");
  return turn;
};
const server = { how: "failed", reason: "server-error", retryAfterMs: null } as const;

describe("a fleet", () => {
  it("holds a bidder's cap over all jobs, first come first served", () => {
    const { fleet } = clocked();
    const turns = [0, 1, 2, 3].map((i) => enter(fleet, undefined, `job ${i}`));
    expect(turns.map((turn) => fleet.admit(turn))).toEqual([true, true, false, false]);
    fleet.leave(turns[0] as Turn, { how: "well" });
    // The fourth asks first, the third was there first.
    expect(fleet.admit(turns[3] as Turn)).toBe(false);
    expect(fleet.admit(turns[2] as Turn)).toBe(true);
    expect(fleet.look(bidderOf("a/one", { concurrency: 2 }), 100)).toMatchObject({ unavailable: null, load: 3 });
  });

  it("says what queueing to expect", () => {
    const { fleet } = clocked();
    const bidder = bidderOf("a/one", { concurrency: 2 });
    expect(fleet.look(bidder, 100).queueMs).toBe(0);
    for (let i = 0; i < 6; i++) fleet.admit(enter(fleet, bidder));
    // Six are there, two leave every four seconds (nothing was measured yet): five are ahead of the next.
    expect(fleet.look(bidder, 100)).toEqual({ unavailable: null, queueMs: (5 / 2) * 4_000, load: 6 });
  });

  it("takes back the turns of a process that died, by lease or by its job's next start", () => {
    const { fleet, clock } = clocked();
    const [first, second, third] = [enter(fleet, undefined, "dead"), enter(fleet, undefined, "alive"), enter(fleet)];
    for (const turn of [first, second]) expect(fleet.admit(turn)).toBe(true);
    expect(fleet.admit(third)).toBe(false);
    fleet.forget("dead");
    expect(fleet.admit(third)).toBe(true);
    const fourth = enter(fleet);
    clock.nowMs += turnLeaseMs - 1;
    fleet.renew(third);
    expect(fleet.admit(fourth)).toBe(false);
    clock.nowMs += 2;
    expect(fleet.admit(fourth)).toBe(true);
  });

  it("refuses what its queue cannot hold", () => {
    const { fleet } = clocked();
    const bidder = bidderOf("a/one", { concurrency: 1 });
    let taken = 0;
    while (fleet.enter(bidder, "job", 1) !== null) taken++;
    expect(taken).toBe(256);
    expect(fleet.look(bidder, 1).unavailable).toContain("wait for it");
  });

  it("stays away as long as it is told, and as long as a circuit is open; then lets one probe through", () => {
    const { fleet, clock } = clocked();
    const bidder = bidderOf("a/one");
    const limited = enter(fleet, bidder);
    fleet.admit(limited);
    fleet.leave(limited, { how: "failed", reason: "rate-limited", retryAfterMs: 3_000 });
    expect(fleet.look(bidder, 1).unavailable).toBe("rate-limited for 3 s");
    const waiting = enter(fleet, bidder);
    expect([fleet.admit(waiting), fleet.waitMs(waiting)]).toEqual([false, 3_000]);
    clock.nowMs += 3_000;
    expect(fleet.admit(waiting)).toBe(true);
    fleet.leave(waiting, server);
    for (let i = 0; i < 4; i++) {
      const turn = enter(fleet, bidder);
      fleet.admit(turn);
      fleet.leave(turn, server);
    }
    expect(fleet.look(bidder, 1).unavailable).toMatch(/^failing; tried again in/);
    clock.nowMs += 15_000;
    expect(fleet.look(bidder, 1).unavailable).toBeNull();
    const probe = enter(fleet, bidder);
    fleet.admit(probe);
    expect(fleet.look(bidder, 1).unavailable).toBe("failing; one call is probing it");
    // A probe that was cut before it spoke tells nothing; another may try.
    fleet.leave(probe, { how: "unknown" });
    expect(fleet.look(bidder, 1).unavailable).toBeNull();
    for (let i = 0; i < 2; i++) {
      const turn = enter(fleet, bidder);
      fleet.admit(turn);
      fleet.leave(turn, { how: "well" });
    }
    clock.nowMs += 1;
    expect(fleet.look(bidder, 1).unavailable).toBeNull();
  });

  it("has one room for a bidder and its arms: calls, limits and outages are of one model", () => {
    const { fleet } = clocked();
    const own = bidderOf("a/one", { concurrency: 1 });
    const arm = bidderOf("a/one:high", { concurrency: 1, arm: { of: "a/one", effort: "high" } });
    const turn = enter(fleet, own, "job 1");
    expect(fleet.admit(turn)).toBe(true);
    const waiting = enter(fleet, arm, "job 2");
    expect(fleet.admit(waiting)).toBe(false);
    expect(fleet.look(arm, 1)).toEqual(fleet.look(own, 1));
    fleet.leave(turn, { how: "well" });
    expect(fleet.admit(waiting)).toBe(true);
    fleet.leave(waiting, { how: "well" });
    for (let i = 0; i < 20; i++) {
      const failing = enter(fleet, arm, `failing ${i}`);
      fleet.admit(failing);
      fleet.leave(failing, server);
    }
    expect(fleet.look(own, 1).unavailable).not.toBeNull();
  });

  it("learns the room from headers, and forgets idle bidders beyond its bound", () => {
    const { fleet, clock } = clocked();
    const bidder = bidderOf("a/one");
    fleet.admit(enter(fleet, bidder));
    const none = { limit: null, remaining: null, resetMs: null };
    fleet.stated("a/one", { limit: 10, remaining: 0, resetMs: 5_000 }, none);
    expect(fleet.look(bidder, 1).unavailable).toBe("no requests left for 5 s");
    clock.nowMs += 5_000;
    expect(fleet.look(bidder, 1).unavailable).toBeNull();
    for (let i = 0; i < 300; i++) {
      const other = bidderOf(`b/${i}`);
      const turn = enter(fleet, other);
      fleet.admit(turn);
      fleet.leave(turn, { how: "well" });
    }
    // The one with a call under way is kept, whoever else goes.
    expect(fleet.look(bidder, 1).load).toBe(1);
  });
});
