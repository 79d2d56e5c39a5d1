import { describe, expect, it } from "vitest";
import { runSchedule } from "./run-schedule.ts";
import { calmSchedule, randomSchedule } from "./schedule.ts";

/** A part of `npm run test:chaos`; a seed that fails here is replayed by `npm run test:chaos -- --seed N`. */
describe("a job survives", () => {
  it("a crash before, after and in the middle of every write, and a rival process at each", {
    timeout: 20_000,
  }, async () => {
    // A capped job with a webhook, and one that waits for an approval.
    for (const seed of [12, 88]) {
      const { writes } = await runSchedule(calmSchedule(seed));
      expect(writes).toBeGreaterThan(3);
      for (let write = 1; write <= writes; write++)
        for (const how of ["before", "after", "full", "zombie"] as const) {
          const schedule = { ...calmSchedule(seed), faults: [{ when: "write" as const, write, how }] };
          const { breaches } = await runSchedule(schedule);
          expect(breaches, `--seed ${seed} --write ${write} --how ${how}`).toEqual([]);
        }
    }
  });

  it("random crashes in random jobs", { timeout: 20_000 }, async () => {
    for (let seed = 1; seed <= 50; seed++) {
      const { breaches } = await runSchedule(randomSchedule(seed));
      expect(breaches, `--seed ${seed}`).toEqual([]);
    }
  });
});
