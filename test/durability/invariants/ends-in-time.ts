import { fold } from "../../../src/job/evolve.ts";
import type { Invariant } from "../evidence.ts";

const graceMs = 5_000;

/** The job ends within its deadline, the lease of the last process that died, and 5 s; and the process has no defect. */
export const endsInTime: Invariant = ({ log, boots, leaseMs, defects }) => {
  const job = fold(log);
  if (job === null) return ["there is no job"];
  const breaches = defects.map((defect) => `a process stopped: ${defect}`);
  if (job.status === "running" || job.endedAtMs === null) return [...breaches, "the job did not end"];
  if (job.request.deadlineMs === null) return breaches;
  const deadlineAtMs = job.acceptedAtMs + job.request.deadlineMs;
  // A process that died over and over may be dead at the deadline for longer than one lease.
  const lateBoot = Math.max(0, ...boots.filter((atMs) => atMs > deadlineAtMs));
  const limitMs = Math.max(deadlineAtMs + leaseMs, lateBoot) + graceMs;
  if (job.endedAtMs > limitMs) breaches.push(`the job ended ${job.endedAtMs - deadlineAtMs} ms after its deadline`);
  return breaches;
};
