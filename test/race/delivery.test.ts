import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type DeliveryFact,
  type DeliveryStep,
  deliver,
  type LeaderChange,
  newDelivery,
} from "../../src/race/delivery.ts";

const play = (mode: "live" | "accepted", policy: LeaderChange, facts: DeliveryFact[]): DeliveryStep[] => {
  const delivery = newDelivery(mode, policy);
  return facts.flatMap((fact) => deliver(delivery, fact));
};
const complete = { end: "complete", why: "accepted" };

describe("live delivery", () => {
  it("shows the first racer that speaks, and only it", () => {
    const steps = play("live", "restart", [
      { fact: "text", attempt: "a", chars: 5 },
      { fact: "text", attempt: "b", chars: 9 },
      { fact: "text", attempt: "a", chars: 8 },
      { fact: "accepted", attempt: "a", chars: 8 },
    ]);
    expect(steps).toEqual([
      { show: { attempt: "a", from: 0, to: 5 } },
      { show: { attempt: "a", from: 5, to: 8 } },
      complete,
    ]);
  });

  it("hides a fail-over before the first character", () => {
    const steps = play("live", "fail", [
      { fact: "fell", attempt: "a" },
      { fact: "text", attempt: "b", chars: 4 },
      { fact: "accepted", attempt: "b", chars: 4 },
    ]);
    expect(steps).toEqual([{ show: { attempt: "b", from: 0, to: 4 } }, complete]);
  });

  const fallen: DeliveryFact[] = [
    { fact: "text", attempt: "a", chars: 5 },
    { fact: "fell", attempt: "a" },
  ];

  it("tells of a restart after it", () => {
    const steps = play("live", "restart", [...fallen, { fact: "text", attempt: "b", chars: 3 }]);
    expect(steps.slice(1)).toEqual([
      { leaderChanged: { from: "a", to: "b", policy: "restart", droppedChars: 5 } },
      { show: { attempt: "b", from: 0, to: 3 } },
    ]);
  });

  it("goes on only after the prefix that the new leader was given, else restarts", () => {
    const on = play("live", "continue", [...fallen, { fact: "text", attempt: "b", chars: 3, continues: "a" }]);
    expect(on[1]).toEqual({ leaderChanged: { from: "a", to: "b", policy: "continue", droppedChars: 0 } });
    const anew = play("live", "continue", [...fallen, { fact: "text", attempt: "b", chars: 3 }]);
    expect(anew[1]).toEqual({ leaderChanged: { from: "a", to: "b", policy: "restart", droppedChars: 5 } });
  });

  it("fails by policy, and never as complete", () => {
    const steps = play("live", "fail", [
      ...fallen,
      { fact: "text", attempt: "b", chars: 3 },
      { fact: "accepted", attempt: "b", chars: 3 },
    ]);
    expect(steps.at(-1)).toMatchObject({ end: "failed" });
    expect(steps).not.toContainEqual(complete);
  });
});

it("shows only accepted text in accepted delivery", () => {
  const steps = play("accepted", "restart", [
    { fact: "text", attempt: "a", chars: 5 },
    { fact: "committed", attempt: "a", chars: 5 },
    { fact: "fell", attempt: "a" },
    { fact: "text", attempt: "b", chars: 3 },
    { fact: "accepted", attempt: "b", chars: 7 },
  ]);
  expect(steps).toEqual([{ show: { attempt: "b", from: 0, to: 7 } }, complete]);
});

it("never splices: what a client holds at a clean end is exactly the accepted attempt's text", () => {
  const attempt = fc.constantFrom("a", "b", "c");
  const facts: fc.Arbitrary<DeliveryFact> = fc.oneof(
    fc.record({ fact: fc.constant("text" as const), attempt, chars: fc.nat(30) }),
    fc.record({ fact: fc.constant("fell" as const), attempt }),
    fc.record({ fact: fc.constant("committed" as const), attempt, chars: fc.nat(30) }),
    fc.record({ fact: fc.constant("accepted" as const), attempt, chars: fc.constant(40) }),
    fc.constant({ fact: "gave-up" as const }),
  );
  fc.assert(
    fc.property(fc.array(facts, { maxLength: 30 }), fc.constantFrom<LeaderChange>("restart", "fail"), (all, policy) => {
      let held: string[] = [];
      let ended: string | null = null;
      let accepted: string | null = null;
      const delivery = newDelivery("live", policy);
      for (const fact of all) {
        if (fact.fact === "accepted" && ended === null) accepted = fact.attempt;
        for (const step of deliver(delivery, fact)) {
          expect(ended).toBeNull();
          if ("leaderChanged" in step) held = [];
          else if ("end" in step) ended = step.end;
          else {
            expect(step.show.from).toBe(held.length);
            for (let at = step.show.from; at < step.show.to; at++) held.push(step.show.attempt);
          }
        }
      }
      if (ended === "complete") {
        expect(held).toHaveLength(40);
        expect(new Set(held)).toEqual(new Set([accepted]));
      }
    }),
  );
});
