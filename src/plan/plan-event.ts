import type { Plan } from "./microtask.ts";

export type PlanEvent =
  /** `stage` planning: the only microtask is the planner's own; work: the plan that makes the answer. */
  { type: "microtasks-planned"; plan: Plan; stage: "planning" | "work"; why: string };
