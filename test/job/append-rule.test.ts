import { describe, expect, it } from "vitest";
import { refuseAppend } from "../../src/job/append-rule.ts";
import { evolve, fold } from "../../src/job/evolve.ts";
import type { JobEvent, LoggedEvent } from "../../src/job/job-event.ts";
import { isStoredAsRead, logVersion, readEvent, UnreadableLog, versionOf } from "../../src/job/log-version.ts";
import type { JobRequest } from "../../src/plan/job-request.ts";
import type { Message } from "../../src/plan/microtask.ts";
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
  it("reads this one and those before, and leaves others alone", () => {
    const { seq, atMs, ...stored } = event(1);
    for (let version = 1; version <= logVersion; version++) expect(readEvent(stored, version)).toEqual(stored);
    for (const version of [logVersion + 1, 0, -1]) expect(() => readEvent(stored, version)).toThrow(UnreadableLog);
    expect([1, 2, 3, 4, 5, 6].map(isStoredAsRead)).toEqual([false, true, true, true, true, false]);
  });

  const accepted = (request: Partial<JobRequest>): JobEvent => ({
    type: "job-accepted",
    job: "j",
    tenant: "t",
    request: requestOf(request),
    seed: 1,
    via: "http",
  });
  const turns = (last: Message): Partial<JobRequest> => ({
    input: { type: "messages", messages: [{ role: "user", content: "Hi." }, last] },
  });
  it.each<[string, JobEvent, number]>([
    ["what every version does alike", accepted({}), 2],
    ["an answer of before", accepted(turns({ role: "assistant", content: "Hi." })), 2],
    ["anything but the job itself", { type: "cancel-requested", by: "client" }, 2],
    ["tools", accepted({ tools: { offered: [], choice: "auto", parallel: true } }), 3],
    ["stop sequences", accepted({ stop: ["\n"] }), 3],
    ["what is to be redacted", accepted({ redact: { identifiers: [], terms: [] } }), 4],
    ["pictures", accepted(turns({ role: "user", content: "", images: [{ at: 0, url: "https://x.test/a" }] })), 5],
    ["the fast lane", accepted({ lane: "fast" }), 3],
    ["calls of before", accepted(turns({ role: "assistant", content: "", calls: [] })), 3],
    ["their results", accepted(turns({ role: "tool", content: "1", call: "c1" })), 3],
  ])("are the oldest that does it justice: %s", (_, written, version) => expect(versionOf(written)).toBe(version));
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
