import type { Plan, Wait } from "./microtask.ts";

export type PlanEvent =
  /** `stage` planning: the only microtask is the planner's own; work: the plan that makes the answer. */
  | { type: "microtasks-planned"; plan: Plan; stage: "planning" | "work"; why: string }
  /** Its dependencies are joined, and it waits for what its plan says. */
  | { type: "microtask-waiting"; microtask: string; wait: Wait }
  /** A person's word on a microtask that waits for it: once. */
  | { type: "approval-given"; microtask: string; approved: boolean; note: string };
