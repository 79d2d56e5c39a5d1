import { ChaosWorld } from "./chaos-world.ts";
import { check } from "./check.ts";
import type { Evidence } from "./evidence.ts";
import type { Schedule } from "./schedule.ts";

export interface Outcome {
  breaches: string[];
  /** One a job that there was. */
  evidence: Evidence[];
  /** Jobs that their tenant's spent cap refused at the door. */
  refused: number;
  writes: number;
}

/** Runs one schedule and lets the checker look at each of its jobs. */
export async function runSchedule(schedule: Schedule): Promise<Outcome> {
  const world = new ChaosWorld(schedule);
  const evidence = await world.run();
  const breaches = evidence.flatMap((one) => check(one).map((breach) => `${one.job}: ${breach}`));
  return { breaches, evidence, refused: schedule.jobs.length - evidence.length, writes: world.writes };
}
