import { fold } from "../../../src/job/evolve.ts";
import type { Invariant } from "../evidence.ts";

/** Delivered text, with leader changes obeyed, is the accepted text: each batch follows the one before, none is missing. */
export const shownTextIsAccepted: Invariant = ({ log }) => {
  const breaches: string[] = [];
  const shown = new Map<string, { attempt: string; text: string }>();
  for (const event of log) {
    if (event.type === "leader-changed") {
      const now = shown.get(event.microtask);
      if (now?.attempt !== event.from) breaches.push(`the leader changed from ${event.from}, which was not shown`);
      const kept = event.policy === "continue" ? (now?.text ?? "") : "";
      if (event.policy === "continue" && kept.length !== event.offset)
        breaches.push(`${event.to} goes on at ${event.offset} after ${kept.length} characters`);
      shown.set(event.microtask, { attempt: event.to, text: kept });
    } else if (event.type === "text-streamed") {
      const now = shown.get(event.microtask) ?? { attempt: event.attempt, text: "" };
      if (now.attempt !== event.attempt) breaches.push(`text of ${event.attempt} was spliced onto ${now.attempt}'s`);
      if (now.text.length !== event.offset)
        breaches.push(`text of ${event.attempt} came at ${event.offset} after ${now.text.length} characters`);
      shown.set(event.microtask, { attempt: event.attempt, text: now.text + event.text });
    }
  }
  const job = fold(log);
  if (job?.status !== "succeeded" || job.request.delivery !== "live" || job.assembly?.type !== "single")
    return breaches;
  const { of } = job.assembly;
  // A microtask that was not required may fail: its event retracts what was shown.
  if (job.microtasks.find((m) => m.task.id === of)?.joined === null) return breaches;
  const answer = shown.get(of);
  // An answer that only calls shows nothing.
  if ((answer?.text ?? "") !== job.answer?.text)
    breaches.push(`${answer?.text.length ?? 0} characters were shown of an answer of ${job.answer?.text.length}`);
  return breaches;
};
