import type { Bidder } from "../../src/market/bidder.ts";
import type { JobRequest } from "../../src/plan/job-request.ts";
import { randomBidders, randomRequest } from "./random-job.ts";
import { seeded } from "./seeded.ts";
import { startMs } from "./virtual-clock.ts";

/** before, after: the process dies at that write. full: the write fails in its middle. zombie: another takes over. */
export type WriteFault = "before" | "after" | "full" | "zombie";
/** tenant, worker: the tenant's object dies, or the Worker that holds its purse. */
export type TimeFault = "kill" | "zombie" | "tenant" | "worker";
export type Fault =
  | { when: "write"; write: number; how: WriteFault }
  | { when: "time"; atMs: number; how: TimeFault; job: number };

/** One job of a schedule. Times count from the schedule's start, ms. */
export interface JobPlan {
  id: string;
  request: JobRequest;
  seed: number;
  postedAtMs: number;
  cancelsAtMs: number[];
  clients: number;
}

/** One run of chaos: all of it follows from the seed. */
export interface Schedule {
  seed: number;
  /** Of one tenant. */
  jobs: JobPlan[];
  /** nano-USD; null: the tenant has none. */
  capNano: number | null;
  bidders: Bidder[];
  faults: Fault[];
}

/** Jobs of one tenant and their bidders without any fault: 1 to 20 microtasks in all. */
export function calmSchedule(seed: number): Schedule {
  const random = seeded(seed);
  const bidders = randomBidders(random);
  const count = random.chance(0.65) ? 1 : random.int(2, 4);
  const mostMicrotasks = Math.floor(20 / count);
  const jobs = Array.from({ length: count }, (_, i): JobPlan => {
    const request = randomRequest(random, startMs, mostMicrotasks);
    const cancels = random.chance(0.2) ? random.int(1, 3) : 0;
    const lateMs = random.chance(0.7) ? 8000 : 200_000;
    return {
      id: `job_chaos_${i}`,
      request,
      seed: seed + 7_368_787 * i,
      postedAtMs: i === 0 ? 0 : random.int(0, random.chance(0.5) ? 2_000 : 60_000),
      cancelsAtMs: Array.from({ length: cancels }, () => random.int(0, lateMs)),
      clients: count === 1 ? 2 : 1,
    };
  });
  const capped = random.chance(count === 1 ? 0.3 : 0.8);
  const capNano = capped ? random.int(1_000_000, random.chance(0.5) ? 60_000_000 : 400_000_000) : null;
  return { seed, jobs, capNano, bidders, faults: [] };
}

/** The same with 1 to 5 crashes, at writes or in between. */
export function randomSchedule(seed: number): Schedule {
  const schedule = calmSchedule(seed);
  const random = seeded(seed ^ 0x2545f491);
  const faults = Array.from({ length: random.int(1, 5) }, (): Fault => {
    if (random.chance(0.35))
      return {
        when: "time",
        atMs: random.int(0, random.chance(0.8) ? 60_000 : 900_000),
        how: random.pick(["kill", "kill", "kill", "zombie", "tenant", "worker"]),
        job: random.int(0, schedule.jobs.length - 1),
      };
    return {
      when: "write",
      write: random.chance(0.6) ? random.int(1, 12) : random.int(1, 80),
      how: random.pick(["before", "after", "after", "full", "zombie"]),
    };
  });
  return { ...schedule, faults };
}
