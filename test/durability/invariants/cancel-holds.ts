import type { Invariant } from "../evidence.ts";

/** A cancel that came before the end is the end: nothing is started, awarded or accepted after it. */
export const cancelHolds: Invariant = ({ log }) => {
  const asked = log.find((event) => event.type === "cancel-requested");
  if (asked === undefined) return [];
  const breaches: string[] = [];
  for (const event of log.slice(asked.seq)) {
    if (event.type === "attempt-started" || event.type === "award-made" || event.type === "microtask-joined")
      breaches.push(`${event.type} came after the cancel`);
    if (event.type === "job-ended" && event.status !== "cancelled")
      breaches.push(`a cancelled job ended as ${event.status}`);
  }
  if (log.slice(0, asked.seq).some((event) => event.type === "job-ended")) breaches.push("an ended job took a cancel");
  return breaches;
};
