import type { Refusal } from "../error.ts";
import type { WebhookTopic } from "../job/delivery-event.ts";
import type { Job, MicrotaskState } from "../job/job.ts";
import type { Wait } from "../plan/microtask.ts";
import type { RaceStep } from "../race/race.ts";
import { raceSteps } from "../race/race-steps.ts";
import { longestApprovalMs } from "./approval.ts";
import { roundsLeft } from "./auction.ts";
import { besideTheText, notGiven } from "./continuation.ts";
import { auditsDue, shareOf } from "./judge-audit.ts";
import type { LiveAttempts } from "./live-attempt.ts";
import { dueMessages, owedTopic } from "./outbox.ts";
import { raceView } from "./race-view.ts";
import { owedReask } from "./reask.ts";
import type { Scene } from "./scene.ts";

export type ActiveRaceStep = Exclude<RaceStep, { step: "wait" }>;

/** Restarts in a row that found a model running before a job is parked. */
const maxOrphanings = 3;

/** What the engine does next. A step that was done shows in the job, so that it is never said twice. */
export type Step =
  | { do: "plan" }
  | { do: "adopt-plan"; text: string; value: unknown }
  | { do: "auction"; microtask: string }
  /** What a race says at one time belongs together: a commit and the cancels of those who lost by it. */
  | { do: "race"; microtask: string; steps: ActiveRaceStep[] }
  | { do: "reask"; microtask: string; attempt: string }
  | { do: "cut"; attempt: string; why: string }
  | {
      do: "fail-microtask";
      microtask: string;
      code: "dependency-failed" | "not-approved" | "deadline-exceeded";
      message: string;
    }
  | { do: "begin-wait"; microtask: string; wait: Wait }
  | { do: "owe-webhook"; about: WebhookTopic }
  | { do: "deliver"; message: string }
  | { do: "finish" }
  | { do: "end-failed"; refusal: Refusal }
  | { do: "end-cancelled" }
  | { do: "audit-judge"; microtask: string; attempt: string }
  | { do: "prepare-settlement" }
  | { do: "send-settlement" }
  | { do: "wait"; untilMs: number };

/**
 * The engine's whole policy: what follows from a job's state at a time, and from the `scene` it plays in. Pure. Ends with at most one `wait`; an empty
 * list means that nothing happens before a running call reports.
 */
export function nextSteps(job: Job, live: LiveAttempts, nowMs: number, scene?: Scene): Step[] {
  if (job.status !== "running") return afterEnd(job, live, nowMs, scene);
  if (job.cancelRequested) return [{ do: "end-cancelled" }];
  if (job.orphanings >= maxOrphanings)
    return [
      end(
        "parked",
        `The job was interrupted ${job.orphanings} times in a row while a model was running and is parked; its log is intact.`,
      ),
    ];
  const deadlineAtMs = job.request.deadlineMs === null ? null : job.acceptedAtMs + job.request.deadlineMs;
  if (deadlineAtMs !== null && nowMs >= deadlineAtMs) return atDeadline(job, live, nowMs, scene);
  if (job.planStage === "none") return [{ do: "plan" }];

  const planner = job.planStage === "planning" ? job.microtasks[0] : undefined;
  if (planner?.status === "joined")
    return [{ do: "adopt-plan", text: planner.joined?.text ?? "", value: planner.joined?.value }];
  if (planner?.status === "failed") return [{ do: "adopt-plan", text: "", value: undefined }];

  const steps: Step[] = [];
  let wakeMs = deadlineAtMs ?? Number.POSITIVE_INFINITY;
  let open = false;
  for (const microtask of job.microtasks) {
    if (microtask.status === "failed" && microtask.task.required) return [failedJob(microtask)];
    if (microtask.status === "joined" || microtask.status === "failed") {
      const rest = cutRest(job, microtask, live, nowMs);
      steps.push(...rest.steps);
      wakeMs = Math.min(wakeMs, rest.wakeMs);
      continue;
    }
    open = true;
    if (microtask.status === "pending") {
      const step = whenReady(job, microtask);
      if (step !== null) steps.push(step);
      continue;
    }
    if (microtask.status === "waiting") {
      const wait = whenWaited(microtask, nowMs);
      if (typeof wait === "number") wakeMs = Math.min(wakeMs, wait);
      else steps.push(wait);
      continue;
    }
    steps.push(...lateLooks(microtask, live));
    if (scene !== undefined)
      for (const id of besideTheText(job, microtask, live, scene, roundsLeft(microtask))) steps.push(cut(id, notGiven));
    const race = raceOf(job, microtask, live, nowMs, scene);
    steps.push(...race.steps);
    wakeMs = Math.min(wakeMs, race.wakeMs);
    // After the race's steps: where another answer has passed, nobody is asked again.
    const reask = owedReask(microtask, scene);
    if (reask !== null && reask.status !== "running")
      steps.push({ do: "reask", microtask: microtask.task.id, attempt: reask.id });
  }
  if (!open) return [...steps, { do: "finish" }];
  const post = outbox(job, nowMs);
  steps.push(...post.steps);
  wakeMs = Math.min(wakeMs, post.wakeMs);
  if (Number.isFinite(wakeMs)) steps.push({ do: "wait", untilMs: wakeMs });
  return steps;
}

const end = (code: "parked" | "deadline-exceeded", message: string): Step => ({
  do: "end-failed",
  refusal: { code, message },
});

/**
 * The deadline has come: what was paid for and stands is taken before the job ends, since races that wait for a better
 * answer, or for another vote, hold answers until now. Parts that are not required are given up for those that are.
 */
function atDeadline(job: Job, live: LiveAttempts, nowMs: number, scene?: Scene): Step[] {
  const planned = job.planStage === "work";
  const lastTurns = job.microtasks.flatMap((microtask) => {
    const steps = planned && microtask.status === "open" ? raceOf(job, microtask, live, nowMs, scene).steps : [];
    return steps.filter((one) => one.do === "race" && one.steps.some((step) => step.step === "accept"));
  });
  if (lastTurns.length > 0) return lastTurns;
  const joined = job.microtasks.filter((m) => m.status === "joined");
  if (!planned || joined.length === 0 || job.microtasks.some((m) => m.task.required && m.status !== "joined"))
    return [
      end(
        "deadline-exceeded",
        `The deadline of ${job.request.deadlineMs} ms passed before an answer was accepted. Raise deadlineMs or choose policy "fast".`,
      ),
    ];
  const undone = job.microtasks.filter((m) => m.status !== "joined" && m.status !== "failed");
  if (undone.length === 0) return [{ do: "finish" }];
  return undone.map(
    (m): Step => ({
      do: "fail-microtask",
      microtask: m.task.id,
      code: "deadline-exceeded",
      message: "The deadline passed before it had an answer.",
    }),
  );
}

function afterEnd(job: Job, live: LiveAttempts, nowMs: number, scene?: Scene): Step[] {
  const steps: Step[] = [];
  let wakeMs = Number.POSITIVE_INFINITY;
  for (const microtask of job.microtasks) {
    if (job.status === "succeeded") {
      const rest = cutRest(job, microtask, live, nowMs);
      steps.push(...rest.steps);
      wakeMs = Math.min(wakeMs, rest.wakeMs);
      continue;
    }
    for (const a of microtask.attempts)
      if (a.status === "running" && a.audits === null && !live.get(a.id)?.asked)
        steps.push(cut(a.id, `job ${job.status}`));
  }
  // A webhook says nothing of costs: it waits neither for an audit nor for a queue that is down.
  const post = outbox(job, nowMs);
  steps.push(...post.steps, ...settling(job, scene));
  wakeMs = Math.min(wakeMs, post.wakeMs);
  return Number.isFinite(wakeMs) ? [...steps, { do: "wait", untilMs: wakeMs }] : steps;
}

/** What an ended job still owes to the market. */
function settling(job: Job, scene?: Scene): Step[] {
  // It settles when its last attempt has reported what it cost.
  if (job.microtasks.some((m) => m.attempts.some((a) => a.status === "running"))) return [];
  if (!job.madeUp) {
    // A job of the fast lane is written down when it has settled, and its Worker may not live as long as an audit.
    const audited = scene !== undefined && job.request.lane !== "fast";
    const due = audited ? auditsDue(job, shareOf({ ports: scene })) : [];
    if (due.length > 0) return due.map((one): Step => ({ do: "audit-judge", ...one }));
    return [{ do: "prepare-settlement" }];
  }
  // Also without settlements, once: the market's queue carries the job's summary.
  return isSettled(job) ? [] : [{ do: "send-settlement" }];
}

/** The queue has taken all that the job says of its end: its summary, and what its microtasks taught. */
export const isSettled = (job: Job): boolean =>
  job.sent.has(job.id) && job.settlements.every((s) => job.sent.has(s.key));

/** What is owed to the request's webhook, and when the next attempt is due. */
function outbox(job: Job, nowMs: number): { steps: Step[]; wakeMs: number } {
  const owed = owedTopic(job);
  const { due, nextAtMs } = dueMessages(job, nowMs);
  const steps = due.map((message): Step => ({ do: "deliver", message }));
  return { steps: owed === null ? steps : [{ do: "owe-webhook", about: owed }, ...steps], wakeMs: nextAtMs };
}

/** A microtask that waits: what follows, or when to look again. */
function whenWaited(microtask: MicrotaskState, nowMs: number): Step | number {
  const { id, wait } = microtask.task;
  const go: Step = { do: "auction", microtask: id };
  if (wait === undefined) return go;
  if ("untilMs" in wait) return nowMs >= wait.untilMs ? go : wait.untilMs;
  const { approval, waitingSinceMs } = microtask;
  if (approval?.approved) return go;
  const fail = (message: string): Step => ({ do: "fail-microtask", microtask: id, code: "not-approved", message });
  if (approval !== null)
    return fail(approval.note === "" ? "It was not approved." : `It was not approved: ${approval.note}`);
  const untilMs = waitingSinceMs + longestApprovalMs;
  return nowMs >= untilMs ? fail("Nobody approved it in 30 days.") : untilMs;
}

function failedJob(microtask: MicrotaskState): Step {
  const failure: NonNullable<MicrotaskState["failure"]> = microtask.failure ?? {
    code: "bidders-failed",
    message: "It failed.",
  };
  const code = failure.code === "dependency-failed" ? "bidders-failed" : (failure.code as Refusal["code"]);
  const reason = failure.reason === undefined ? {} : { reason: failure.reason };
  const message = `Microtask "${microtask.task.id}": ${failure.message}`;
  return { do: "end-failed", refusal: { code, message, ...reason } };
}

function whenReady(job: Job, microtask: MicrotaskState): Step | null {
  for (const need of microtask.task.needs) {
    const other = job.microtasks.find((m) => m.task.id === need);
    if (other === undefined || other.status === "pending" || other.status === "waiting" || other.status === "open")
      return null;
    if (other.status === "failed" && microtask.task.input.some((p) => p.from === "microtask" && p.id === need))
      return {
        do: "fail-microtask",
        microtask: microtask.task.id,
        code: "dependency-failed",
        message: `It reads "${need}", which failed.`,
      };
  }
  const { id, wait } = microtask.task;
  return wait === undefined ? { do: "auction", microtask: id } : { do: "begin-wait", microtask: id, wait };
}

/** Attempts still running after the microtask was decided: losers and judges at once, audits after a grace. */
function cutRest(
  job: Job,
  microtask: MicrotaskState,
  live: LiveAttempts,
  nowMs: number,
): { steps: Step[]; wakeMs: number } {
  const running = microtask.attempts.filter((a) => a.status === "running" && !(live.get(a.id)?.asked ?? false));
  if (running.length === 0) return { steps: [], wakeMs: Number.POSITIVE_INFINITY };
  if (microtask.status === "failed")
    return { steps: running.map((a) => cut(a.id, "microtask-failed")), wakeMs: Number.POSITIVE_INFINITY };
  const steps: Step[] = running
    .filter((a) => a.role === "judge" && a.audits === null)
    .map((a) => cut(a.id, "decided without it"));
  const race = raceOf(job, microtask, live, nowMs);
  return { steps: [...steps, ...race.steps], wakeMs: race.wakeMs };
}

/** Looks at prefixes whose candidate has ended or was cut meanwhile: what they would say decides nothing any more. */
function lateLooks(microtask: MicrotaskState, live: LiveAttempts): Step[] {
  return microtask.attempts.flatMap((look) => {
    if (look.role !== "judge" || look.on !== "prefix" || look.status !== "running" || live.get(look.id)?.asked)
      return [];
    const candidate = microtask.attempts.find((a) => a.id === look.about[0]);
    const runs = candidate?.status === "running" && !live.get(candidate.id)?.asked;
    return runs ? [] : [cut(look.id, "its candidate is out")];
  });
}

/** What a microtask's race says now: its steps as one, or when to look again. */
function raceOf(
  job: Job,
  microtask: MicrotaskState,
  live: LiveAttempts,
  nowMs: number,
  scene?: Scene,
): { steps: Step[]; wakeMs: number } {
  let wakeMs = Number.POSITIVE_INFINITY;
  const steps: ActiveRaceStep[] = [];
  for (const step of raceSteps(raceView(job, microtask, live, scene), nowMs)) {
    if (step.step === "wait") wakeMs = Math.min(wakeMs, step.untilMs);
    else steps.push(step);
  }
  return { steps: steps.length === 0 ? [] : [{ do: "race", microtask: microtask.task.id, steps }], wakeMs };
}

const cut = (attempt: string, why: string): Step => ({ do: "cut", attempt, why });
