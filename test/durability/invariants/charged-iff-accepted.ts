import { evolve } from "../../../src/job/evolve.ts";
import type { Job } from "../../../src/job/job.ts";
import type { Invariant } from "../evidence.ts";

/** One charge a microtask if and only if it was accepted: after its acceptance, of what its attempts cost, audits apart. */
export const chargedIffAccepted: Invariant = ({ log }) => {
  const breaches: string[] = [];
  const charged = new Set<string>();
  let job: Job | null = null;
  let settled = false;
  for (const event of log) {
    if (event.type === "settlement-prepared") settled = true;
    if (event.type === "microtask-charged") {
      const { microtask: id } = event;
      if (charged.has(id)) breaches.push(`microtask ${id} was charged twice`);
      charged.add(id);
      const microtask = job?.microtasks.find((m) => m.task.id === id);
      if (microtask?.status !== "joined") breaches.push(`microtask ${id} was charged and not accepted`);
      if (job?.status === "running") breaches.push(`microtask ${id} was charged before its job had ended`);
      const attempts = microtask?.attempts ?? [];
      if (attempts.some((a) => a.status === "running")) breaches.push(`microtask ${id} was charged while it ran`);
      const costNano = attempts.reduce((sum, a) => sum + a.costNano, 0);
      const auditsNano = attempts.reduce((sum, a) => sum + (a.audits === null ? 0 : a.costNano), 0);
      if (event.costNano !== costNano || event.chargeNano !== costNano - auditsNano)
        breaches.push(`microtask ${id} cost ${costNano}, audits ${auditsNano}, and was charged ${event.chargeNano}`);
    }
    job = evolve(job, event);
  }
  if (job === null || job.status === "running") return breaches;
  if (!settled) breaches.push("the job ended and was never made up");
  for (const m of job.microtasks)
    if (settled && m.status === "joined" && !charged.has(m.task.id))
      breaches.push(`microtask ${m.task.id} was accepted and never charged`);
  return breaches;
};
