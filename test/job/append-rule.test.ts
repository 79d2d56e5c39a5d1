import { describe, expect, it } from "vitest";
import { refuseAppend } from "../../src/job/append-rule.ts";
import { evolve, fold } from "../../src/job/evolve.ts";
import type { LoggedEvent } from "../../src/job/job-event.ts";
import { logVersion, readEvent, UnreadableLog } from "../../src/job/log-version.ts";
import { requestOf } from "../engine/world.ts";

const event = (seq: number): LoggedEvent => ({ type: "cancel-requested", by: "client", seq, atMs: 1 });

describe("who may append", () => {
  it("is whoever booted last and has seen the whole log", () => {
    expect(refuseAppend(null, [event(1)], 1)).toBeNull();
    expect(refuseAppend({ seq: 4, epoch: 2 }, [event(5), event(6)], 2)).toBeNull();
    expect(refuseAppend({ seq: 4, epoch: 2 }, [event(5)], 3)).toBeNull();
  });

  it("is no process of an epoch that is over, also when its number fits", () => {
    expect(refuseAppend({ seq: 4, epoch: 3 }, [event(5)], 2)).toContain("epoch 2 is over");
  });

  it("is nobody who missed an event or repeats one", () => {
    expect(refuseAppend({ seq: 4, epoch: 2 }, [event(4)], 2)).toContain("does not follow");
    expect(refuseAppend({ seq: 4, epoch: 2 }, [event(6)], 2)).toContain("does not follow");
    expect(refuseAppend(null, [event(2)], 1)).toContain("does not follow");
  });
});

describe("versions", () => {
  it("reads this one and the one before, and leaves others alone", () => {
    const { seq, atMs, ...stored } = event(1);
    expect(readEvent(stored, logVersion)).toEqual(stored);
    expect(readEvent(stored, logVersion - 1)).toEqual(stored);
    for (const version of [logVersion + 1, logVersion - 2])
      expect(() => readEvent(stored, version)).toThrow(UnreadableLog);
  });
});

describe("an epoch", () => {
  const accepted: LoggedEvent = {
    type: "job-accepted",
    job: "j",
    tenant: "t",
    request: requestOf(),
    seed: 1,
    via: "http",
    seq: 1,
    atMs: 1,
  };

  it("only rises", () => {
    const job = fold([accepted, { type: "epoch-started", epoch: 3, seq: 2, atMs: 2 }]);
    expect(evolve(job, { type: "epoch-started", epoch: 2, seq: 3, atMs: 3 })?.epoch).toBe(3);
  });
});
