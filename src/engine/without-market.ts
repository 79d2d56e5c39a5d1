import type { ActiveRaceStep, Step } from "./next-steps.ts";

/**
 * Of these steps, those that can be done while nobody knows the market, as after a restart with its stores away. What
 * asks bidders, and what the market is to learn, waits; what ends, cuts or delivers does not.
 */
export function withoutMarket(steps: readonly Step[]): Step[] {
  return steps.flatMap((step): Step[] => {
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
}

/** What of these steps asks nobody anything: all that may be done by a market of long ago. */
export const askingNobody = (steps: readonly Step[]): Step[] =>
  steps.flatMap((step): Step[] => {
    switch (step.do) {
      case "plan":
      case "auction":
      case "reask":
      case "audit-judge":
        return [];
      case "race": {
        const rest = step.steps.filter((one) => !asks.has(one.step));
        return rest.length === step.steps.length ? [step] : rest.length === 0 ? [] : [{ ...step, steps: rest }];
      }
      default:
        return [step];
    }
  });

/** Who gives a line-up up holds another auction. */
const asks: ReadonlySet<ActiveRaceStep["step"]> = new Set<ActiveRaceStep["step"]>([
  "start",
  "judge",
  "fuse",
  "give-up",
]);

/** Where all else waits for the market, the deadline of a job that runs comes all the same. Epoch ms; null: it has none. */
export const orDeadline = (steps: Step[], deadlineAtMs: number | null): Step[] =>
  steps.length > 0 || deadlineAtMs === null ? steps : [{ do: "wait", untilMs: deadlineAtMs }];
