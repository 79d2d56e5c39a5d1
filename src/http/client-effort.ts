import { z } from "zod";
import type { Effort } from "../plan/effort.ts";

/** How other makers' APIs say how long to think. Words of others ("default", "auto") leave it to who is asked. */
export const clientEffort = z.enum(["none", "minimal", "low", "medium", "high", "xhigh", "max"]).nullish().catch(null);

/** The same in a job's words; "none", as silence, leaves it to who is asked. Nobody is asked for more than "high". */
export function effortOf(word: z.infer<typeof clientEffort>): Effort | undefined {
  if (word == null || word === "none") return undefined;
  return word === "xhigh" || word === "max" ? "high" : word;
}

/** Anthropic's budget of thinking; "adaptive" leaves it to the model. */
export const clientThinking = z
  .discriminatedUnion("type", [
    z.object({ type: z.literal("enabled"), budget_tokens: z.int().min(1) }),
    z.object({ type: z.literal("adaptive") }),
    z.object({ type: z.literal("disabled") }),
    z.object({ type: z.literal("between_tools") }),
  ])
  .nullish()
  .catch(null);

const low = 4096;
const medium = 10_000;

/** A word says more than a budget; who is not to think is not told how much. */
export function effortOfThinking(
  thinking: z.infer<typeof clientThinking>,
  word: z.infer<typeof clientEffort>,
): Effort | undefined {
  if (thinking?.type === "disabled" || thinking?.type === "between_tools") return undefined;
  if (word != null || thinking?.type !== "enabled") return effortOf(word);
  const { budget_tokens: budget } = thinking;
  return budget <= low ? "low" : budget <= medium ? "medium" : "high";
}
