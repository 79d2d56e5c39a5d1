import { isDeepStrictEqual } from "node:util";
import { fold } from "../../../src/job/evolve.ts";
import type { Invariant } from "../evidence.ts";

/** Every microtask that had attempts is settled under one key, repeats say the same, and what the log calls sent was. */
export const settledOnce: Invariant = ({ log, sink }) => {
  const breaches: string[] = [];
  const job = fold(log);
  if (job === null) return ["there is no job"];
  const byKey = new Map<string, unknown>();
  for (const { key, settlement } of sink) {
    const before = byKey.get(key);
    if (before !== undefined && settlement !== null && !isDeepStrictEqual(before, settlement))
      breaches.push(`settlement ${key} was sent in two versions`);
    byKey.set(key, settlement);
  }
  for (const m of job.microtasks) {
    const raced = m.attempts.some((a) => a.role !== "judge");
    const own = `${job.id}/${m.task.id}`;
    const keys = [...byKey.keys()].filter((key) => key === own || key.startsWith(`${own}/`));
    if (keys.length > 1) breaches.push(`microtask ${m.task.id} was settled under ${keys.length} keys`);
    if (raced && job.status !== "running" && keys.length === 0)
      breaches.push(`microtask ${m.task.id} had attempts and was never settled`);
  }
  for (const event of log)
    if (event.type === "settlement-sent")
      for (const key of event.keys)
        if (key !== job.id && !byKey.has(key)) breaches.push(`the log says ${key} was sent, and nobody got it`);
  return breaches;
};
