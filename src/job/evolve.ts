import type { Usage } from "../money/price.ts";
import { savedBy } from "../race/accounting.ts";
import type { RaceEvent } from "../race/race-event.ts";
import type { DeliveryEvent } from "./delivery-event.ts";
import type { Attempt, Job, MicrotaskState } from "./job.ts";
import type { LoggedEvent } from "./job-event.ts";
import { acceptedJob, pendingMicrotask } from "./new-state.ts";

/**
 * Folds one event into a job; `null` is the job before its first event. The job is changed in place and returned, so
 * the caller must own it. Total: an event of an unknown microtask or attempt is ignored, never thrown over.
 */
export function evolve(job: Job | null, event: LoggedEvent): Job | null {
  if (event.type === "job-accepted") return acceptedJob(event);
  if (job === null) return null;
  job.seq = event.seq;
  switch (event.type) {
    case "epoch-started":
      if (event.epoch > job.epoch) startEpoch(job, event.epoch, event.atMs);
      break;
    case "cancel-requested":
      job.cancelRequested = true;
      break;
    case "microtasks-planned":
      job.planSource = event.plan.source;
      job.planStage = event.stage;
      job.assembly = event.plan.assembly;
      job.microtasks.push(...event.plan.microtasks.map(pendingMicrotask));
      break;
    case "settlement-prepared":
      job.settlements = [...job.settlements, ...event.settlements];
      // Code of before told of feedback on its own, also when it came before the end was made up.
      if (event.settlements.length === 0 || event.settlements.some((s) => s.again !== true)) job.madeUp = true;
      break;
    case "settlement-sent":
      for (const key of event.keys) job.sent.add(key);
      break;
    case "feedback-given":
      job.feedback.push({
        microtask: event.microtask,
        label: event.label,
        good: event.good,
        ...(event.byOperator === true ? { byOperator: true } : {}),
      });
      break;
    case "microtask-waiting": {
      const microtask = microtaskOf(job, event.microtask);
      if (microtask === undefined) break;
      microtask.status = "waiting";
      microtask.waitingSinceMs = event.atMs;
      break;
    }
    case "approval-given": {
      const microtask = microtaskOf(job, event.microtask);
      if (microtask !== undefined)
        microtask.approval ??= { approved: event.approved, note: event.note, atMs: event.atMs };
      break;
    }
    case "webhook-due": {
      const { id, about, atMs } = event;
      job.outbox.push({ id, about, state: "due", attempts: 0, nextAtMs: atMs, atMs });
      break;
    }
    case "webhook-delivered":
    case "webhook-failed":
      deliver(job, event);
      break;
    case "budget-leased":
      job.leasedNano = event.totalNano;
      job.shortage =
        event.shortage === null
          ? null
          : { why: event.shortage, atMs: event.atMs, mostNano: event.mostNano ?? event.totalNano };
      break;
    case "start-refused": {
      const { round, place, role, about, bidder, needNano, shortage } = event;
      microtaskOf(job, event.microtask)?.refused.push({ round, place, role, about, bidder, needNano, shortage });
      break;
    }
    case "microtask-charged": {
      const microtask = microtaskOf(job, event.microtask);
      // The microtask is the key: a second charge is none.
      if (microtask !== undefined) microtask.charge ??= { nano: event.chargeNano, atMs: event.atMs };
      break;
    }
    case "cost-reconciled":
      reconcile(job, event.attempt, event.usage, event.costNano);
      break;
    case "job-ended":
      job.status = event.status;
      job.endedAtMs = event.atMs;
      if (event.status === "succeeded") job.answer = event.answer;
      else if (event.status !== "cancelled") job.error = event.error;
      break;
    case "award-made": {
      const microtask = microtaskOf(job, event.microtask);
      if (microtask === undefined) break;
      microtask.status = "open";
      microtask.decisions.push(event.decision);
      microtask.awardedAtMs = event.atMs;
      microtask.committed = null;
      break;
    }
    default:
      race(job, event);
  }
  return job;
}

/** Folds a whole log, oldest first. */
export function fold(events: Iterable<LoggedEvent>): Job | null {
  let job: Job | null = null;
  for (const event of events) job = evolve(job, event);
  return job;
}

export const microtaskOf = (job: Job, id: string): MicrotaskState | undefined =>
  job.microtasks.find((m) => m.task.id === id);

export function attemptOf(job: Job, id: string): Attempt | undefined {
  for (const m of job.microtasks) {
    const attempt = m.attempts.find((a) => a.id === id);
    if (attempt !== undefined) return attempt;
  }
  return undefined;
}

/** A verdict on its whole answer or on a prefix speaks against it. */
export const isRejected = ({ wholeVerdict, prefixVerdict }: Pick<Attempt, "wholeVerdict" | "prefixVerdict">): boolean =>
  wholeVerdict?.result === "reject" || prefixVerdict?.result === "reject";

function deliver(job: Job, event: DeliveryEvent & { type: "webhook-delivered" | "webhook-failed" }): void {
  const message = job.outbox.find((m) => m.id === event.id);
  if (message === undefined) return;
  message.attempts = event.attempt;
  if (event.type === "webhook-delivered") message.state = "delivered";
  else if (event.nextAtMs === null) message.state = "dead";
  else message.nextAtMs = event.nextAtMs;
}

/** The tenant's budget hears of the job's new cost: what was sent has to be sent again. */
function reconcile(job: Job, attemptId: string, usage: Usage, costNano: number): void {
  const attempt = attemptOf(job, attemptId);
  if (attempt === undefined || attempt.reconciled || attempt.status === "running") return;
  job.costNano += costNano - attempt.costNano;
  attempt.costNano = costNano;
  attempt.usage = usage;
  attempt.reconciled = true;
  // What is on the bill after all was not saved.
  if (attempt.uncut !== null && attempt.price !== null)
    Object.assign(attempt, savedBy(attempt.uncut.tokens, attempt.price, usage));
  job.sent.delete(job.id);
}

/**
 * The attempts of a process that died are orphans, to be run again. There is none among them to salvage: what says that
 * an answer is whole (the provider's end) is in `attempt-finished`, in one commit with the whole text and what the
 * criteria say of it, and an attempt that has it is `complete` and is taken as it is. Text streamed before may happen to
 * be all of an answer, but nothing in the log tells it from a beginning; the policy "continue" goes on from it.
 */
function startEpoch(job: Job, epoch: number, atMs: number): void {
  job.epoch = epoch;
  let orphaned = false;
  for (const microtask of job.microtasks) {
    for (const attempt of microtask.attempts) {
      if (attempt.status !== "running" || attempt.epoch >= epoch) continue;
      // What the provider billed for it is unknown: the whole reservation counts as spent.
      end(job, attempt, "orphaned", atMs, attempt.reservedNano);
      attempt.failure = "orphaned";
      // Another host took it up, whose clock may be behind.
      attempt.totalMs = Math.max(0, atMs - attempt.startedAtMs);
      if (microtask.committed === attempt.id) microtask.committed = null;
      orphaned = true;
    }
  }
  // A boot that got no further than the one before is one too: it may be the job that kills its process.
  if (orphaned || job.bootSeq === job.seq - 1) job.orphanings += 1;
  job.bootSeq = job.seq;
}

function end(job: Job, attempt: Attempt, status: Attempt["status"], atMs: number, costNano: number): void {
  attempt.status = status;
  attempt.endedAtMs = atMs;
  attempt.costNano = costNano;
  job.costNano += costNano;
}

function race(job: Job, event: RaceEvent & { seq: number; atMs: number }): void {
  const microtask = microtaskOf(job, event.microtask);
  if (microtask === undefined) return;
  if (event.type === "microtask-failed") {
    microtask.status = "failed";
    const reason = event.reason === undefined ? {} : { reason: event.reason };
    microtask.failure = { code: event.code, message: event.message, ...reason };
    return;
  }
  if (event.type === "microtask-joined") {
    microtask.status = "joined";
    microtask.joined = {
      attempt: event.attempt,
      how: event.how,
      text: event.text,
      value: event.value,
      calls: event.calls ?? [],
      atMs: event.atMs,
    };
    for (const { attempt: id, uncut, savedTokens, savedNano } of event.savings ?? []) {
      const cut = microtask.attempts.find((a) => a.id === id);
      if (cut?.uncut)
        Object.assign(cut, { uncut: { ...uncut, boundTokens: cut.uncut.boundTokens }, savedTokens, savedNano });
    }
    job.orphanings = 0;
    return;
  }
  if (event.type === "attempt-started") {
    const attempt = started(event);
    const before = microtask.attempts.find((a) => a.id === attempt.continues?.attempt);
    attempt.text = before?.text.slice(0, attempt.continues?.chars) ?? "";
    microtask.attempts.push(attempt);
    return;
  }
  if (event.type === "continuation-abandoned") {
    microtask.abandoned = { attempt: event.attempt, why: event.why };
    return;
  }
  if (event.type === "candidates-compared") {
    const { first, second, better, why } = event;
    microtask.comparisons.push({ first, second, better, why });
    return;
  }
  if (event.type === "judge-audited") {
    const { candidate, look, judge, said, auditor, call, found, share, why } = event;
    microtask.audits.push({ candidate, look, judge, said, auditor, call, found, share, why });
    return;
  }
  if (event.type === "leader-changed") {
    microtask.leader = event.to;
    return;
  }
  const attempt = microtask.attempts.find((a) => a.id === event.attempt);
  if (attempt === undefined) return;
  switch (event.type) {
    case "text-streamed":
      microtask.leader = attempt.id;
      // A complete answer that is delivered afterwards has its text already.
      if (attempt.status === "running") attempt.text = attempt.text.slice(0, event.offset) + event.text;
      return;
    case "attempt-committed":
      microtask.committed = attempt.id;
      if (event.bet !== undefined) attempt.bet = { risk: event.bet, taken: true };
      return;
    case "attempt-written-off":
      attempt.writtenOff = {
        criterion: event.criterion,
        evidence: event.evidence,
        pFalse: event.pFalse,
        valueNano: event.valueNano,
        remainingNano: event.remainingNano,
        risk: event.risk ?? null,
      };
      return;
    case "attempt-spared": {
      const { criterion, evidence, risk, share } = event;
      attempt.spared = { criterion, evidence, risk, share };
      return;
    }
    case "verdict-reached":
      if (!isRejected(attempt) && (event.verdict.on === "whole" || event.verdict.result === "reject"))
        attempt.verdictSeq = event.seq;
      if (event.verdict.on === "prefix") attempt.prefixVerdict = event.verdict;
      else attempt.wholeVerdict = event.verdict;
      if (event.bet !== undefined) attempt.bet = { risk: event.bet, taken: false };
      return;
    case "attempt-finished":
      end(job, attempt, "complete", event.atMs, event.costNano);
      attempt.text = event.text;
      attempt.calls = event.calls ?? [];
      attempt.finish = event.finish;
      attempt.finishSaid = event.finishSaid ?? null;
      attempt.stood = event.stood ?? [];
      break;
    case "attempt-failed":
      end(job, attempt, "failed", event.atMs, event.costNano);
      attempt.failure = event.reason;
      attempt.fault = event.fault ?? null;
      attempt.message = event.message;
      attempt.finish = event.finish ?? null;
      break;
    case "attempt-cancelled":
      end(job, attempt, "cancelled", event.atMs, event.costNano);
      attempt.savedNano = event.savedNano;
      attempt.savedTokens = event.savedTokens;
      attempt.uncut = event.uncut ?? null;
      attempt.message = event.why;
      attempt.stood = event.stood ?? [];
      attempt.cut = { askedAtMs: event.askedAtMs, stoppedAtMs: event.stoppedAtMs, tokensSeen: event.tokensSeen };
      break;
    default:
      // Of newer code: what it means is not known, and it is no end.
      return;
  }
  attempt.foretold = event.foretold ?? [];
  attempt.repeats = event.repeats ?? null;
  attempt.redacted = event.redacted ?? null;
  attempt.disputed = event.disputed ?? null;
  attempt.queuedMs = event.queuedMs;
  attempt.usage = event.usage;
  attempt.firstTokenMs = event.firstTokenMs;
  attempt.totalMs = event.totalMs;
}

const started = (event: LoggedEvent & { type: "attempt-started" }): Attempt => ({
  id: event.attempt,
  microtask: event.microtask,
  bidder: event.bidder,
  place: event.place,
  round: event.round,
  role: event.role,
  about: event.about,
  on: event.on,
  audits: event.audits ?? null,
  epoch: event.epoch,
  status: "running",
  startedAtMs: event.atMs,
  startedSeq: event.seq,
  verdictSeq: null,
  endedAtMs: null,
  inputTokens: event.inputTokens,
  maxOutputTokens: event.maxOutputTokens,
  reservedNano: event.reservedNano,
  price: event.price ?? null,
  reconciled: false,
  continues: event.continues ?? null,
  text: "",
  calls: [],
  usage: null,
  disputed: null,
  costNano: 0,
  savedNano: 0,
  savedTokens: 0,
  uncut: null,
  queuedMs: 0,
  cut: null,
  writtenOff: null,
  firstTokenMs: null,
  totalMs: null,
  failure: null,
  fault: null,
  message: "",
  finish: null,
  finishSaid: null,
  prefixVerdict: null,
  wholeVerdict: null,
  bet: null,
  stood: [],
  spared: null,
  foretold: [],
  repeats: null,
  redacted: null,
});
