import fc from "fast-check";
import { expect, it } from "vitest";
import type { RaceStep } from "../../src/race/race.ts";
import { raceSteps } from "../../src/race/race-steps.ts";
import { committedRacer } from "../../src/race/standing.ts";
import { type Script, tellRace } from "./scripted-race.ts";

const scripts: fc.Arbitrary<Script> = fc.record({
  firstTokenMs: fc.integer({ min: 0, max: 3000 }),
  endMs: fc.integer({ min: 0, max: 6000 }),
  end: fc.constantFrom("accept", "accept", "reject", "undecided", "server-error", "stall-timeout", "truncated"),
  prefix: fc.constantFrom("accept", "reject", "undecided", "undecided"),
  normalised: fc.constantFrom(null, "a", "b", "c"),
  judgeSays: fc.constantFrom("accept", "reject", "undecided"),
});

const places = fc.array(
  fc.record({
    role: fc.constantFrom("parallel" as const, "hedge" as const, "fallback" as const, "audit" as const),
    after: fc.integer({ min: 0, max: 2000 }),
    script: scripts,
  }),
  { minLength: 0, maxLength: 6 },
);

it("drives every schedule to one end, within its bounds", () => {
  fc.assert(
    fc.property(
      places,
      scripts,
      fc.constantFrom("first-pass" as const, "best-of" as const, "agreement" as const, "fusion" as const),
      fc.integer({ min: 1, max: 4 }),
      fc.option(fc.integer({ min: 1, max: 9000 })),
      fc.boolean(),
      (rest, leader, strategy, maxOpen, deadlineAtMs, oneAtATime) => {
        const lineUp = [
          { bidder: "sim/leader", role: "leader" as const, startAfterMs: 0 },
          ...rest.map((one, index) => ({
            bidder: `sim/${index}`,
            role: one.role,
            startAfterMs: one.role === "fallback" ? null : one.role === "hedge" ? one.after : 0,
          })),
        ];
        const told = tellRace(
          { microtask: "m", lineUp, strategy, closed: false, openedAtMs: 0, deadlineAtMs, maxOpen },
          [leader, ...rest.map((one) => one.script)],
          {
            oneAtATime,
            check(state, steps) {
              expect(state.racers.filter((racer) => racer.status === "running").length).toBeLessThanOrEqual(maxOpen);
              ordered(steps);
              for (const step of steps) {
                if (step.step !== "accept") continue;
                const winner = state.racers.find((racer) => racer.attempt === step.attempt);
                expect(winner?.status).toBe("complete");
                expect(winner?.wholeVerdict?.result).not.toBe("reject");
              }
              if (state.accepted)
                expect(steps.every((step) => step.step === "cancel" || step.step === "wait")).toBe(true);
              if (committedRacer(state) !== null) expect(steps.some((step) => step.step === "start")).toBe(false);
            },
          },
        );
        expect(told.ended).not.toBeNull();
        expect(told.state.racers.filter((racer) => racer.status === "running")).toEqual([]);
        expect(told.steps.filter(({ step }) => step.step === "accept").length).toBeLessThanOrEqual(1);
        const started = told.steps.flatMap(({ step }) => (step.step === "start" ? [step.place] : []));
        expect(new Set(started).size).toBe(started.length);
        if (deadlineAtMs !== null) expect(told.endedAtMs).toBeLessThanOrEqual(deadlineAtMs);
        // Nothing passing is thrown away: a give-up means that no complete answer that may win was accepted.
        if (told.ended === "give-up") {
          expect(
            told.state.racers.some((racer) => racer.status === "complete" && racer.wholeVerdict?.result === "accept"),
          ).toBe(false);
        }
      },
    ),
    { numRuns: 1500 },
  );
});

it("is idempotent and pure for every state that a race goes through", () => {
  fc.assert(
    fc.property(places, scripts, fc.integer({ min: 0, max: 5000 }), (rest, leader, nowMs) => {
      const lineUp = [
        { bidder: "sim/leader", role: "leader" as const, startAfterMs: 0 },
        ...rest.map((one, index) => ({
          bidder: `sim/${index}`,
          role: one.role,
          startAfterMs: one.role === "fallback" ? null : one.after,
        })),
      ];
      tellRace(
        { microtask: "m", lineUp, strategy: "first-pass", closed: false, openedAtMs: 0, maxOpen: 4 },
        [leader, ...rest.map((one) => one.script)],
        { check: (state) => expect(raceSteps(state, nowMs)).toEqual(raceSteps(structuredClone(state), nowMs)) },
      );
    }),
    { numRuns: 200 },
  );
});

it("falls back after every late failure of a committed leader while a place is left", () => {
  fc.assert(
    fc.property(fc.array(scripts, { minLength: 2, maxLength: 5 }), (all) => {
      const broken: Script[] = all.map((one, index) =>
        index === 0
          ? { ...one, firstTokenMs: 0, endMs: 1000, prefix: "accept", end: "connection-lost" }
          : { ...one, firstTokenMs: 900, endMs: 2000 },
      );
      const lineUp = broken.map((_, index) => ({
        bidder: `sim/${index}`,
        role: index === 0 ? ("leader" as const) : ("fallback" as const),
        startAfterMs: index === 0 ? 0 : null,
      }));
      const told = tellRace({ microtask: "m", lineUp, strategy: "first-pass", closed: false, openedAtMs: 0 }, broken);
      expect(told.steps.some(({ atMs, step }) => step.step === "start" && step.place === 1 && atMs === 1000)).toBe(
        true,
      );
    }),
    { numRuns: 300 },
  );
});

/** accept and commit stand before cancels; wait stands alone. */
function ordered(steps: RaceStep[]): void {
  const names = steps.map((step) => step.step);
  const accept = Math.max(names.indexOf("accept"), names.indexOf("commit"));
  if (accept >= 0) expect(accept).toBe(0);
  if (names.includes("wait")) expect(names).toEqual(["wait"]);
}
