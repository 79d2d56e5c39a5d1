import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ModelFailure } from "../../src/race/model-port.ts";
import { type Slot, Slots } from "../../src/race/slots.ts";

const never = () => new AbortController().signal;

/** Lets promise reactions run. */
const settle = async () => {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
};

describe("slots", () => {
  it("lets five calls wait for headers and keeps the sixth for a judge", async () => {
    const slots = new Slots(() => 0);
    for (let call = 0; call < 5; call++) await slots.acquire("a", false, never());
    let sixth = false;
    void slots.acquire("a", false, never()).then(() => {
      sixth = true;
    });
    const judge = await slots.acquire("a", true, never());
    await settle();
    expect([sixth, slots.held, slots.waiting]).toEqual([false, 6, 1]);
    judge.release();
    await settle();
    expect([sixth, slots.held]).toEqual([false, 5]);
  });

  it("takes turns between microtasks, in order within each", async () => {
    const slots = new Slots(() => 0);
    const held: Slot[] = [];
    for (let call = 0; call < 5; call++) held.push(await slots.acquire("first", false, never()));
    const order: string[] = [];
    const ask = (lane: string, name: string) =>
      void slots.acquire(lane, false, never()).then((slot) => {
        order.push(name);
        held.push(slot);
      });
    for (const name of ["a1", "a2", "a3"]) ask("a", name);
    for (const name of ["b1", "b2"]) ask("b", name);
    ask("c", "c1");
    for (let turn = 0; turn < 6; turn++) {
      held.shift()?.release();
      await settle();
    }
    expect(order).toEqual(["a1", "b1", "c1", "a2", "b2", "a3"]);
  });

  it("measures the queue, releases once, and forgets a call that was withdrawn", async () => {
    let now = 0;
    const slots = new Slots(() => now);
    const held = await Promise.all(Array.from({ length: 5 }, () => slots.acquire("a", false, never())));
    const gone = new AbortController();
    const withdrawn = slots.acquire("a", false, gone.signal);
    const waiting = slots.acquire("b", false, never());
    gone.abort();
    await expect(withdrawn).rejects.toBeInstanceOf(ModelFailure);
    now = 250;
    held[0]?.release();
    held[0]?.release();
    expect((await waiting).queuedMs).toBe(250);
    expect([slots.held, slots.waiting, slots.times.maxMs]).toEqual([5, 0, 250]);
  });

  it("refuses what its queue cannot hold", async () => {
    const slots = new Slots(() => 0, { capacity: 2, keptForJudge: 1, maxQueued: 1 });
    await slots.acquire("a", false, never());
    void slots.acquire("a", false, never());
    expect(slots.room).toBe(0);
    await expect(slots.acquire("a", false, never())).rejects.toBeInstanceOf(ModelFailure);
  });

  it("never exceeds its capacity and serves everyone, whatever the order of releases", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ lane: fc.constantFrom("a", "b", "c"), judge: fc.boolean() }), { maxLength: 40 }),
        fc.infiniteStream(fc.nat(1000)),
        async (calls, picks) => {
          const slots = new Slots(() => 0);
          const held: Slot[] = [];
          let served = 0;
          for (const { lane, judge } of calls) {
            void slots.acquire(lane, judge, never()).then((slot) => {
              served++;
              held.push(slot);
            });
          }
          await settle();
          while (held.length > 0) {
            expect(slots.held).toBe(held.length);
            expect(held.length).toBeLessThanOrEqual(6);
            held.splice(picks.next().value % held.length, 1)[0]?.release();
            await settle();
          }
          expect([served, slots.waiting, slots.held]).toEqual([calls.length, 0, 0]);
        },
      ),
      { numRuns: 100 },
    );
  });
});
