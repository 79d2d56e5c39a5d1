import { ChaosWorld } from "./chaos-world.ts";
import { check } from "./check.ts";
import type { Evidence } from "./evidence.ts";
import type { Schedule } from "./schedule.ts";

export interface Outcome {
  breaches: string[];
  evidence: Evidence;
  writes: number;
}

/** Runs one schedule and lets the checker look at it. */
export async function runSchedule(schedule: Schedule): Promise<Outcome> {
  const world = new ChaosWorld(schedule);
  const evidence = await world.run();
  return { breaches: check(evidence), evidence, writes: world.writes };
}
