import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SettleWindow } from "../../durable-objects/settle-window.ts";
import type { SettlementMessage } from "../../src/job/job-summary.ts";

const bill = (job: string) => ({ job, slice: null, costNano: 1, chargeNano: 1, answered: true, tookMs: null });
const message = (id: string, chars = 10): SettlementMessage =>
  ({ summary: { id, error: "x".repeat(chars) }, settlements: [], examples: [] }) as unknown as SettlementMessage;

function desk(fails: (ids: string[]) => boolean = () => false) {
  const taken: string[][] = [];
  const sent: string[][] = [];
  const window = new SettleWindow({
    take: (bills) => {
      taken.push(bills.map((one) => one.job));
      return bills.map(() => null);
    },
    send: async (messages) => {
      const ids = messages.map((one) => one.summary.id);
      if (fails(ids)) throw new Error("The queue is down.");
      sent.push(ids);
    },
  });
  return { taken, sent, window };
}

describe("jobs that settle close together", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("are one commit and one call of the queue, and each hears of it", async () => {
    const { taken, sent, window } = desk();
    const all = Promise.all(["a", "b", "c"].map((id) => window.settle(bill(id), [message(id)])));
    expect(taken).toEqual([]);
    await vi.advanceTimersByTimeAsync(150);
    await all;
    expect([taken, sent]).toEqual([[["a", "b", "c"]], [["a", "b", "c"]]]);
    const late = window.settle(bill("d"), [message("d")]);
    window.flush();
    await late;
    expect(taken).toEqual([["a", "b", "c"], ["d"]]);
  });

  it("tell the market which month each was booked in, as the tenant's books have it", async () => {
    const sent: SettlementMessage[] = [];
    const window = new SettleWindow({
      take: (bills) => bills.map(() => null),
      month: (job) => (job === "a" ? "2026-10" : null),
      send: async (messages) => void sent.push(...messages),
    });
    const all = Promise.all(["a", "b"].map((id) => window.settle(bill(id), [message(id), message(id)])));
    window.flush();
    await all;
    expect(sent.map((one) => one.month)).toEqual(["2026-10", "2026-10", undefined, undefined]);
  });

  it("go to the queue in as many calls as it takes: 100 messages, 240 KB", async () => {
    const { sent, window } = desk();
    const many = Array.from({ length: 130 }, (_, n) => window.settle(bill(`${n}`), [message(`${n}`)]));
    const large = ["x", "y", "z"].map((id) => window.settle(bill(id), [message(id, 90_000)]));
    const huge = window.settle(bill("h"), [message("h1", 90_000), message("h2", 90_000), message("h3", 90_000)]);
    window.flush();
    await Promise.all([...many, ...large, huge]);
    expect(sent.map((ids) => ids.length).sort((a, b) => a - b)).toEqual([1, 1, 1, 1, 32, 100]);
    expect(sent.flat()).toHaveLength(136);
  });

  it("come again when the queue did not take them, and only those", async () => {
    const { taken, window } = desk((ids) => ids.includes("x"));
    const settled = [
      window.settle(bill("x"), [message("x", 90_000)]),
      window.settle(bill("y"), [message("y", 90_000)]),
      window.settle(bill("z"), [message("z", 90_000)]),
    ];
    const outcome = Promise.allSettled(settled);
    window.flush();
    expect((await outcome).map((one) => one.status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
    expect(taken).toEqual([["x", "y", "z"]]);
  });

  it("do not suffer from one among them whose message the queue refuses", async () => {
    const tried: string[][] = [];
    const { sent, window } = desk((ids) => {
      tried.push(ids);
      return ids.includes("bad");
    });
    const ids = ["a", "bad", "b", "c"];
    const outcome = Promise.allSettled(ids.map((id) => window.settle(bill(id), [message(id)])));
    window.flush();
    expect((await outcome).map((one) => one.status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
    expect(tried).toEqual([ids, ["a"], ["bad"], ["b"], ["c"]]);
    expect(sent).toEqual([["a"], ["b"], ["c"]]);
  });

  it("are not all tried one by one when the queue is down", async () => {
    let calls = 0;
    const { window } = desk(() => {
      calls++;
      return true;
    });
    const outcome = Promise.allSettled(
      Array.from({ length: 50 }, (_, n) => window.settle(bill(`${n}`), [message("m")])),
    );
    window.flush();
    expect((await outcome).every((one) => one.status === "rejected")).toBe(true);
    expect(calls).toBe(4);
  });

  it("carry where their seals stand in the chain to the queue, each message its own job's; who has no seal carries none", async () => {
    const sent: SettlementMessage[] = [];
    const place = { n: 1, previous: "", previousEndedAtMs: 0 };
    const window = new SettleWindow({
      take: (bills) =>
        bills.map(
          ({ job, seal }) => seal && { ...seal, events: 2, place: { ...place, link: `${job}/${seal.sha256}` } },
        ),
      send: async (messages) => void sent.push(...messages),
    });
    const sealed = (id: string): SettlementMessage => {
      const one = message(id);
      return { ...one, summary: { ...one.summary, seal: { events: 3, sha256: "s" } } };
    };
    const all = [
      window.settle(bill("a"), [sealed("a"), sealed("a")]),
      window.settle(bill("later"), [message("later")]),
      window.settle(bill("bb"), [sealed("bb")]),
    ];
    window.flush();
    await Promise.all(all);
    expect(sent.map(({ summary }) => [summary.id, summary.seal?.place?.link, summary.seal?.events])).toEqual([
      ["a", "a/s", 2],
      ["a", "a/s", 2],
      ["later", undefined, undefined],
      ["bb", "bb/s", 2],
    ]);
  });

  it("resolve only when the queue has taken what is theirs", async () => {
    let take = () => {};
    const window = new SettleWindow({
      take: (bills) => bills.map(() => null),
      send: () => new Promise((done) => (take = done)),
    });
    let done = 0;
    const all = ["a", "b"].map((id) => window.settle(bill(id), [message(id)]).then(() => done++));
    window.flush();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(done).toBe(0);
    take();
    await Promise.all(all);
    expect(done).toBe(2);
  });
});
