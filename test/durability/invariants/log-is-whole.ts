import type { Invariant } from "../evidence.ts";

/** Events are numbered from 1 without a gap, epochs only rise, and every commit is there whole or not at all. */
export const logIsWhole: Invariant = ({ log, commits }) => {
  const breaches: string[] = [];
  let epoch = 1;
  for (const [i, event] of log.entries()) {
    if (event.seq !== i + 1) breaches.push(`event ${i + 1} has number ${event.seq}`);
    if (event.type === "epoch-started") {
      if (event.epoch <= epoch) breaches.push(`epoch ${event.epoch} came after ${epoch}`);
      epoch = event.epoch;
    }
    if (event.type === "attempt-started" && event.epoch !== epoch)
      breaches.push(`${event.attempt} started under epoch ${event.epoch} in epoch ${epoch}`);
  }
  if (commits === null) return breaches;
  let next = 1;
  for (const [first, last] of commits) {
    if (first !== next) breaches.push(`events ${next} to ${first - 1} belong to no commit`);
    next = last + 1;
  }
  if (next !== log.length + 1) breaches.push(`the log has ${log.length} events and its commits ${next - 1}`);
  return breaches;
};
