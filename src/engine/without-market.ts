import type { Step } from "./next-steps.ts";

/**
 * Of these steps, those that can be done while nobody knows the market, as after a restart with its stores away. What
 * asks bidders, and what the market is to learn, waits; what ends, cuts or delivers does not. `deadlineAtMs`: of a job
 * that runs, epoch ms; where all waits, that comes all the same.
 */
export function withoutMarket(steps: readonly Step[], deadlineAtMs: number | null): Step[] {
  const kept = steps.flatMap((step): Step[] => {
    switch (step.do) {
      case "plan":
      case "auction":
      case "reask":
      case "audit-judge":
      case "prepare-settlement":
        return [];
      case "race": {
        // An answer that is there needs no market to be taken.
        const accepts = step.steps.filter((one) => one.step === "accept");
        return accepts.length === 0 ? [] : [{ ...step, steps: accepts }];
      }
      default:
        return [step];
    }
  });
  return kept.length > 0 || deadlineAtMs === null ? kept : [{ do: "wait", untilMs: deadlineAtMs }];
}
