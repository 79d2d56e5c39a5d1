import { messageSentences } from "./lead.ts";
import { closedAnswer, type SpecialistAnswer } from "./specialist.ts";

/** Sentences of a mail that are looked at for requests. */
export const requestSentences = (text: string): string[] => messageSentences(text).slice(0, 60);

/** Rules overlap, so their sum overstates what is known. */
const overlap = 1.6;

/**
 * One answer from the log-odds of each sentence: a text asks when any sentence does, so the strongest counts.
 * Labels are the kind's own ("action-request", "no-action") unless the call names two others, request first.
 */
export function requestAnswer(logOdds: readonly number[], labels: string[] | null): SpecialistAnswer {
  const [yes = "action-request", no = "no-action"] = labels ?? [];
  if (logOdds.length === 0) return closedAnswer(no, 0.5);
  const asks = 1 / (1 + Math.exp(-Math.max(...logOdds) / overlap));
  return closedAnswer(asks >= 0.5 ? yes : no, Math.max(asks, 1 - asks));
}
