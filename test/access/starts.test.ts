import fc from "fast-check";
import { expect, it } from "vitest";
import {
  type Loan,
  lendStarts,
  putBack,
  type StartsInHand,
  startCountsMs,
  takeStart,
  wantedStarts,
} from "../../src/access/starts.ts";

/** Workers that share one tenant: each takes from its own hand, and asks the tenant's object when that is told to. */
function town(workers: number) {
  const loans: Loan[] = [];
  const hands: (StartsInHand | null)[] = Array.from({ length: workers }, () => null);
  const started: number[] = [];
  const refusedUntil: number[] = [];
  return {
    started,
    refusedUntil,
    request(worker: number, perMinute: number, nowMs: number): "started" | "refused" {
      const hand = hands[worker] ?? null;
      const said = hand === null ? "ask" : takeStart(hand, nowMs);
      if (said === "refused") return "refused";
      if (said === "ask") {
        const lent = lendStarts(loans, perMinute, wantedStarts(hand, nowMs), nowMs);
        if (lent.jobs > 0) loans.push({ jobs: lent.jobs, untilMs: nowMs + lent.forMs });
        hands[worker] = { jobs: lent.jobs, left: Math.max(0, lent.jobs - 1), untilMs: nowMs + lent.forMs };
        if (lent.jobs === 0) {
          refusedUntil.push(nowMs + lent.forMs);
          return "refused";
        }
      }
      started.push(nowMs);
      return "started";
    },
  };
}

it("whatever Workers do, no more jobs than the rate begin in any 60 s, and one is let in when it was told to come", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 400 }),
      fc.integer({ min: 1, max: 6 }),
      fc.array(fc.record({ worker: fc.nat(5), waitMs: fc.oneof(fc.nat(20), fc.nat(3_000), fc.nat(40_000)) }), {
        minLength: 20,
        maxLength: 300,
      }),
      (perMinute, workers, requests) => {
        const all = town(workers);
        let nowMs = 1_000_000;
        for (const { worker, waitMs } of requests) {
          nowMs += waitMs;
          const told = all.refusedUntil.at(-1);
          const quiet = told !== undefined && nowMs >= told && (all.started.at(-1) ?? 0) < told;
          const said = all.request(worker % workers, perMinute, nowMs);
          if (quiet) expect(said).toBe("started");
        }
        all.started.forEach((at, i) => {
          const within = all.started.slice(i).filter((other) => other < at + startCountsMs);
          expect(within.length).toBeLessThanOrEqual(perMinute);
        });
      },
    ),
  );
});

it("a Worker under steady load asks for more at a time, up to what two seconds of the rate are", () => {
  const loans: Loan[] = [];
  let hand: StartsInHand | null = null;
  const asked: number[] = [];
  for (let nowMs = 0; nowMs < 1_000; nowMs += 10) {
    if (hand !== null && takeStart(hand, nowMs) !== "ask") continue;
    const lent = lendStarts(loans, 1_200, wantedStarts(hand, nowMs), nowMs);
    loans.push({ jobs: lent.jobs, untilMs: nowMs + lent.forMs });
    hand = { jobs: lent.jobs, left: lent.jobs - 1, untilMs: nowMs + lent.forMs };
    asked.push(lent.jobs);
  }
  expect(asked).toEqual([1, 2, 4, 8, 16, 32, 40]);
});

it("a limit that was lowered holds until enough of what began before counts no more", () => {
  const loans = [
    { jobs: 5, untilMs: 10_000 },
    { jobs: 5, untilMs: 20_000 },
  ];
  expect(lendStarts(loans, 6, 1, 30_000)).toEqual({ jobs: 0, forMs: 40_000 });
  expect(lendStarts(loans, 4, 1, 30_000)).toEqual({ jobs: 0, forMs: 50_000 });
  expect(lendStarts(loans, 6, 1, 70_000)).toMatchObject({ jobs: 1 });
});

it("a start that comes back can be used as long as it could before, and keeps none in hand any longer", () => {
  const back = (hand: StartsInHand, untilMs: number) => {
    putBack(hand, untilMs, 1_000);
    return hand;
  };
  expect(back({ jobs: 4, left: 2, untilMs: 3_000 }, 2_000)).toEqual({ jobs: 4, left: 3, untilMs: 2_000 });
  expect(back({ jobs: 4, left: 2, untilMs: 2_000 }, 3_000)).toEqual({ jobs: 4, left: 3, untilMs: 2_000 });
  // Of these none is left: refused for a minute, and of a loan that is over.
  expect(back({ jobs: 0, left: 0, untilMs: 60_000 }, 2_000)).toEqual({ jobs: 1, left: 1, untilMs: 2_000 });
  expect(back({ jobs: 4, left: 2, untilMs: 900 }, 2_000)).toEqual({ jobs: 4, left: 1, untilMs: 2_000 });
  expect(back({ jobs: 4, left: 0, untilMs: 3_000 }, 1_000)).toEqual({ jobs: 4, left: 0, untilMs: 3_000 });
});
