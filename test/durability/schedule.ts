import type { Bidder } from "../../src/market/bidder.ts";
import type { JobRequest } from "../../src/plan/job-request.ts";
import { randomBidders, randomRequest } from "./random-job.ts";
import { seeded } from "./seeded.ts";

/** before, after: the process dies at that write. full: the write fails in its middle. zombie: another takes over. */
export type WriteFault = "before" | "after" | "full" | "zombie";
export type Fault =
  | { when: "write"; write: number; how: WriteFault }
  | { when: "time"; atMs: number; how: "kill" | "zombie" };

/** One run of chaos: all of it follows from the seed. */
export interface Schedule {
  seed: number;
  job: { job: string; tenant: string; request: JobRequest; seed: number; via: "http" };
  bidders: Bidder[];
  faults: Fault[];
  cancelAtMs: number | null;
  clients: number;
}

/** A job and its bidders without any fault. */
export function calmSchedule(seed: number): Schedule {
  const random = seeded(seed);
  const bidders = randomBidders(random);
  const request = randomRequest(random);
  return {
    seed,
    job: { job: "job_chaos", tenant: "tenant", request, seed, via: "http" },
    bidders,
    faults: [],
    cancelAtMs: random.chance(0.15) ? random.int(0, 8000) : null,
    clients: 2,
  };
}

/** The same with 1 to 5 crashes, at writes or in between. */
export function randomSchedule(seed: number): Schedule {
  const schedule = calmSchedule(seed);
  const random = seeded(seed ^ 0x2545f491);
  const faults = Array.from({ length: random.int(1, 5) }, (): Fault => {
    if (random.chance(0.35))
      return { when: "time", atMs: random.int(0, 60_000), how: random.chance(0.7) ? "kill" : "zombie" };
    return {
      when: "write",
      write: random.chance(0.6) ? random.int(1, 12) : random.int(1, 80),
      how: random.pick(["before", "after", "after", "full", "zombie"]),
    };
  });
  return { ...schedule, faults };
}
