import type { Invariant } from "../evidence.ts";

/** A microtask that waits is put to nobody before its approval or its time; a word is taken once, and what was taken stands. */
export const waitsHold: Invariant = ({ log, words }) => {
  const breaches: string[] = [];
  const untilMs = new Map<string, number | "approval">();
  const waits = new Set<string>();
  const said = new Map<string, boolean>();
  for (const event of log) {
    if (event.type === "microtasks-planned")
      for (const { id, wait } of event.plan.microtasks)
        if (wait !== undefined) untilMs.set(id, "untilMs" in wait ? wait.untilMs : "approval");
    if (event.type === "microtask-waiting") {
      if (waits.has(event.microtask)) breaches.push(`microtask ${event.microtask} began to wait twice`);
      waits.add(event.microtask);
    }
    if (event.type === "approval-given") {
      const { microtask, approved } = event;
      if (said.has(microtask)) breaches.push(`microtask ${microtask} was decided on twice`);
      if (untilMs.get(microtask) !== "approval" || !waits.has(microtask))
        breaches.push(`microtask ${microtask} was decided on and did not wait for it`);
      said.set(microtask, approved);
    }
    if (event.type !== "award-made" && event.type !== "attempt-started") continue;
    const until = untilMs.get(event.microtask);
    if (until === "approval" && said.get(event.microtask) !== true)
      breaches.push(`${event.type} of ${event.microtask} came without its approval`);
    if (typeof until === "number" && event.atMs < until)
      breaches.push(`${event.type} of ${event.microtask} came ${until - event.atMs} ms before its time`);
  }
  const taken = new Map<string, boolean>();
  for (const word of words) {
    if (!word.taken) continue;
    if (taken.has(word.microtask)) breaches.push(`two words on ${word.microtask} were taken`);
    taken.set(word.microtask, word.approved);
    if (said.get(word.microtask) !== word.approved)
      breaches.push(`a word on ${word.microtask} was taken, and the log has another or none`);
  }
  return breaches;
};
