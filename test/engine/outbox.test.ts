import { describe, expect, it } from "vitest";
import { retryAfterMs } from "../../src/engine/outbox.ts";
import { bidderOf, flush, Killed, requestOf, says, World } from "./world.ts";

const webhook = { url: "https://hooks.example.com/atomic" };
const world = () => new World([bidderOf("a/one")], () => says("Paris."));
const [first = 0] = retryAfterMs;
const hour = 3_600_000;
const day = 24 * hour;
const week = 7 * day;

describe("a webhook's outbox", () => {
  it("tells of the job's end once, and the log says so", async () => {
    const w = world();
    w.accept(requestOf({ webhook, metadata: { order: "7" } }));
    const job = await w.settle();
    expect(w.posts).toHaveLength(1);
    expect(JSON.parse(w.posts[0]?.body ?? "")).toMatchObject({
      type: "job.succeeded",
      data: { id: "job_test", status: "succeeded", answer: { text: "Paris." }, metadata: { order: "7" } },
    });
    expect(job.outbox).toMatchObject([{ state: "delivered", attempts: 1 }]);
  });

  it("tries again with the same id and bytes, further and further apart, and then gives up", async () => {
    const w = world();
    w.receiver = () => ({ ok: false, status: 500, reason: "the receiver answered 500", gone: false });
    w.accept(requestOf({ webhook }));
    const job = await w.settle(week);
    expect(w.posts).toHaveLength(retryAfterMs.length + 1);
    expect(new Set(w.posts.map((p) => `${p.id} ${p.body}`)).size).toBe(1);
    for (const [n, after] of retryAfterMs.entries()) {
      const gap = (w.posts[n + 1]?.atMs ?? 0) - (w.posts[n]?.atMs ?? 0);
      expect(gap).toBeGreaterThanOrEqual(0.95 * after);
      expect(gap).toBeLessThanOrEqual(1.05 * after);
    }
    expect(job.outbox).toMatchObject([{ state: "dead", attempts: retryAfterMs.length + 1 }]);
    expect(w.log.at(-1)).toMatchObject({ type: "webhook-failed", nextAtMs: null });
  });

  it.each([
    [2 * hour, 2 * hour, 1.1 * 2 * hour],
    [1_000, 0.95 * first, 1.05 * first],
    [40 * day, day, day],
    [Number.POSITIVE_INFINITY, day, day],
  ])("leaves a receiver alone that asks for %d ms, a day at most, over a restart too", async (asked, least, most) => {
    const w = world();
    const busy = { ok: false, status: 503, reason: "the receiver answered 503", gone: false } as const;
    w.receiver = (n) => (n === 1 ? { ...busy, retryAfterMs: asked } : { ok: true, status: 200 });
    w.accept(requestOf({ webhook }));
    while (w.run?.job.outbox[0]?.attempts !== 1 && w.step()) await flush();
    const failed = w.log.find((event) => event.type === "webhook-failed");
    expect(failed).toMatchObject({ attempt: 1, retryAfterMs: Math.min(asked, day) });
    w.boot();
    const job = await w.settle(week);
    expect(job.outbox).toMatchObject([{ state: "delivered", attempts: 2 }]);
    const gap = (w.posts[1]?.atMs ?? 0) - (w.posts[0]?.atMs ?? 0);
    expect(gap).toBeGreaterThanOrEqual(least);
    expect(gap).toBeLessThanOrEqual(most + 1);
  });

  it("gives up after as many attempts, and at once where nobody wants more, whatever time was asked for", async () => {
    for (const [gone, attempts] of [
      [false, retryAfterMs.length + 1],
      [true, 1],
    ] as const) {
      const w = world();
      w.receiver = () => ({ ok: false, status: 503, reason: "busy", gone, retryAfterMs: 60_000 });
      w.accept(requestOf({ webhook }));
      expect((await w.settle(week)).outbox).toMatchObject([{ state: "dead", attempts }]);
    }
  });

  it("is over for its readers while deliveries go on, and holds no timer between them", async () => {
    const w = world();
    w.receiver = (n) => (n < 4 ? { ok: false, status: null, reason: "down", gone: false } : { ok: true, status: 200 });
    w.accept(requestOf({ webhook }));
    while (w.posts.length < 3 && w.step()) await flush();
    await flush();
    expect(w.run?.over).toBe(true);
    expect(w.run?.finished).toBe(false);
    expect(w.run?.idleUntilMs).toBeGreaterThan(w.nowMs + 60_000);
    const job = await w.settle(week);
    expect(job.outbox[0]?.state).toBe("delivered");
  });

  it("keeps nobody from deleting the job once its receiver has failed to take a message", async () => {
    const w = world();
    w.receiver = () => ({ ok: false, status: null, reason: "down", gone: false });
    w.accept(requestOf({ webhook }));
    const first: (boolean | undefined)[] = [];
    while (w.posts.length < 1) {
      first.push(w.run?.onlyRepeats);
      if (w.step()) await flush();
    }
    while (w.posts.length < 2 && w.step()) await flush();
    await flush();
    expect(new Set(first)).toEqual(new Set([false]));
    expect(w.run?.finished).toBe(false);
    expect(w.run?.onlyRepeats).toBe(true);
    const posts = w.posts.length;
    w.run?.stop();
    while (w.step()) await flush();
    expect(w.posts).toHaveLength(posts);
  });

  it("does not wait for an audit of the job's judge, and neither do the log's readers", async () => {
    const price = (x: number) => ({ inputPerMtok: x * 1_000_000, outputPerMtok: 4 * x * 1_000_000 });
    const judges = [bidderOf("c/judge", { contextTokens: 100, price: price(10) })];
    judges.push(bidderOf("d/strong", { contextTokens: 100, price: price(40) }));
    const accepts = says('{"results":[{"criterion":0,"result":"accept","evidence":"it says so"}]}');
    const w = new World([bidderOf("a/one", { price: price(1) }), ...judges], (call) => {
      if (call.kind !== "judge") return says("Paris.");
      return call.bidder === "d/strong" ? [{ afterMs: 50_000 }, ...accepts] : accepts;
    });
    w.auditShare = 1;
    w.accept(requestOf({ webhook, contract: { criteria: [], judged: ["It names the capital."] } }));
    while (w.posts.length === 0 && w.step()) await flush();
    const endedAtMs = w.log.find((e) => e.type === "job-ended")?.atMs ?? Number.NaN;
    expect(w.posts[0]?.atMs).toBe(endedAtMs);
    expect(w.run?.job.microtasks[0]?.attempts.some((a) => a.audits !== null && a.status === "running")).toBe(true);
    expect(w.run?.over).toBe(true);
    const job = await w.settle();
    expect(w.log.find((e) => e.type === "judge-audited")?.atMs).toBeGreaterThan(endedAtMs + 40_000);
    expect(job.outbox).toMatchObject([{ state: "delivered", attempts: 1 }]);
    expect(w.posts).toHaveLength(1);
  });

  it("does not wait for a queue that is down; the settlement comes again, spread over its wait", async () => {
    const waits = new Set<number>();
    for (const seed of [1, 2, 3, 4]) {
      let upAtMs = Number.POSITIVE_INFINITY;
      const tries: number[] = [];
      const w = new (class extends World {
        override ports() {
          const ports = super.ports();
          return {
            ...ports,
            settle: async (...given: Parameters<typeof ports.settle>) => {
              tries.push(this.nowMs);
              if (this.nowMs < upAtMs) throw new Error("the queue is down");
              return ports.settle(...given);
            },
          };
        }
      })([bidderOf("a/one")], () => says("Paris."));
      w.accept(requestOf({ webhook }), seed);
      while (tries.length < 4 && w.step()) await flush();
      expect(w.posts).toHaveLength(1);
      expect(w.run?.job.outbox).toMatchObject([{ state: "delivered" }]);
      expect(w.run?.over).toBe(true);
      expect(w.run?.finished).toBe(false);
      const gaps = tries.slice(1).map((atMs, n) => (atMs - (tries[n] ?? 0)) / (2_000 * 2 ** n));
      for (const gap of gaps) {
        expect(gap).toBeGreaterThanOrEqual(0.5);
        expect(gap).toBeLessThanOrEqual(1);
        waits.add(gap);
      }
      upAtMs = w.nowMs;
      expect((await w.settle()).sent.has("job_test")).toBe(true);
      expect(w.posts).toHaveLength(1);
    }
    expect(waits.size).toBe(12);
  });

  it("stops at once where the receiver is gone", async () => {
    const w = world();
    w.receiver = () => ({ ok: false, status: 410, reason: "gone", gone: true });
    w.accept(requestOf({ webhook }));
    expect((await w.settle(week)).outbox[0]).toMatchObject({ state: "dead", attempts: 1 });
  });

  it("loses no message to a kill before any write", async () => {
    for (let commits = 1; commits < 60; commits++) {
      const w = world();
      w.commitsLeft = commits;
      try {
        w.accept(requestOf({ webhook }));
        await w.settle(week);
      } catch (error) {
        if (!(error instanceof Killed) && !w.killed) throw error;
      }
      const died = w.killed;
      w.commitsLeft = null;
      if (died) {
        if (w.log.length === 0) continue;
        w.boot();
        await w.settle(week);
      }
      expect(w.run?.job.outbox, `after ${commits} commits`).toMatchObject([{ state: "delivered" }]);
      expect(new Set(w.posts.map((p) => `${p.id} ${p.body}`)).size).toBe(1);
      if (!died) return;
    }
    throw new Error("the job never ran to its end");
  });
});
