import { estimateTokens } from "../adapt/prompt.ts";
import { isRejected, microtaskOf } from "../job/evolve.ts";
import { inputOf } from "../job/input-of.ts";
import type { Attempt, Job, MicrotaskState } from "../job/job.ts";
import type { JobEvent } from "../job/job-event.ts";
import type { Strategy } from "../market/bid.ts";
import { type JudgeProfile, type JudgeReport, judgeProfileOf, ratesOf } from "../market/judge-profile.ts";
import { agreementOutcomes, answeredClaim, type Features, reliabilityOf } from "../market/market.ts";
import type { AttemptReport, Outcome, Settlement } from "../market/settlement.ts";
import { isClosed } from "../plan/kind.ts";
import { drawsFor } from "./draws.ts";
import { inputFeatures } from "./input-features.ts";
import { judgeFeedback, judgeLessons, toldBefore } from "./judge-lessons.ts";
import { labelIn, readLabel } from "./label.ts";
import type { MarketView } from "./ports.ts";
import { signalReports } from "./prediction.ts";
import { prefixReports } from "./prefix-bet.ts";
import type { Run } from "./run.ts";

/** Between two tries to hand settlements over, ms: twice as long each time. An object that is awake costs money. */
const retryMs = { first: 2_000, longest: 300_000 };

/**
 * The job has ended and every attempt has reported: what it is charged and what the market will be told is written down
 * once, and then what people have said of it already.
 */
export function prepareSettlement(run: Run): void {
  const { job } = run;
  const nowMs = run.ports.nowMs();
  const settlements = settlementsOf(job, run.ports.market(), nowMs);
  const madeUp = { ...job, settlements: [...job.settlements, ...settlements] };
  const said = job.feedback.flatMap(({ microtask: id, label, good, byOperator }, i): Settlement[] => {
    const microtask = microtaskOf(job, id);
    const told = job.settlements.some((s) => s.key === feedbackKey(job, id, i + 1));
    if (microtask === undefined || told) return [];
    const given = {
      ...(label === null ? {} : { label }),
      ...(good === null ? {} : { good }),
      ...(byOperator ? { byOperator } : {}),
    };
    const settlement = feedbackSettlement(madeUp, microtask, given, i + 1, nowMs);
    return settlement === null ? [] : [settlement];
  });
  run.record(...chargesOf(job), { type: "settlement-prepared", settlements: [...settlements, ...said] });
}

const feedbackKey = (job: Job, microtask: string, number: number): string =>
  `${job.id}/${microtask}/feedback/${number}`;

/**
 * A tenant pays for what was accepted: all that its attempts cost, losers and judges too; audits of judges are the
 * operator's. Once a microtask.
 */
export function chargesOf(job: Job): JobEvent[] {
  return job.microtasks.flatMap((m): JobEvent[] => {
    if (m.joined === null || m.charge !== null) return [];
    const costNano = m.attempts.reduce((sum, a) => sum + a.costNano, 0);
    const auditsNano = m.attempts.reduce((sum, a) => sum + (a.audits === null ? 0 : a.costNano), 0);
    return [{ type: "microtask-charged", microtask: m.task.id, costNano, chargeNano: costNano - auditsNano }];
  });
}

const sending = new WeakSet<Run>();
const refused = new WeakMap<Run, number>();

/** The queue did not take it, and has not since. */
export const isRefused = (run: Run): boolean => refused.has(run);

/** Hands over what was not taken yet; the log says when it was. Repeats are dropped by key on the other side. */
export function sendSettlement(run: Run): void {
  if (sending.has(run)) return;
  sending.add(run);
  const due = run.job.settlements.filter((s) => !run.job.sent.has(s.key));
  const keys = [run.job.id, ...due.map((s) => s.key)];
  const { costNano } = run.job;
  run.ports.settle(run.job, due).then(
    () => {
      sending.delete(run);
      refused.delete(run);
      // What was reconciled on the way is not in what was taken: the job's new cost is still owed.
      const told = run.job.costNano === costNano ? keys : keys.filter((key) => key !== run.job.id);
      run.record({ type: "settlement-sent", keys: told });
      run.turn();
    },
    () => {
      const times = refused.get(run) ?? 0;
      refused.set(run, times + 1);
      // Jobs that were refused together must not all meet again: each waits half to all of it.
      const spread = 0.5 + 0.5 * drawsFor(run.job.seed, run.job.seq + times)();
      run.ports.after(spread * Math.min(retryMs.longest, retryMs.first * 2 ** times), () => {
        sending.delete(run);
        run.turn();
      });
    },
  );
}

/** One settlement a microtask that had attempts. Pure, given the snapshot the agreement weights are read from. */
export function settlementsOf(job: Job, view: MarketView, nowMs: number): Settlement[] {
  return job.microtasks.flatMap((m) => {
    // A merged answer was no bid: it owes its worth to those it was made of.
    const racers = m.attempts.filter((a) => a.role !== "judge" && a.role !== "fusion");
    if (racers.length === 0) return [];
    const text = inputOf(job, m.task);
    const features = inputFeatures(job, m.task, text);
    const agreed = agreement(m, view, features);
    const trust = (judge: string) => judgeProfileOf(view.state.judges, judge);
    const audit = reliabilityOf(view.state, "audit");
    const attempts = racers.map((a) =>
      report(
        m,
        a,
        job.request.strategy,
        auditedOutcome(m, a, audit) ?? outcomeOf(m, a, trust) ?? agreed.get(a.id) ?? null,
      ),
    );
    const judges = judgeLessons(m);
    const key = `${job.id}/${m.task.id}`;
    const settlement = { key, tenant: job.tenant, kind: m.task.kind, features, atMs: nowMs, attempts };
    const prefixes = [...prefixReports(m), ...signalReports(m)];
    return [
      {
        ...settlement,
        ...(judges.length === 0 ? {} : { judges }),
        ...(prefixes.length === 0 ? {} : { prefixes }),
      },
    ];
  });
}

/** Strategies whose racers run to their end whatever becomes of the others. */
const waitingForAll: ReadonlySet<Strategy> = new Set(["best-of", "agreement", "fusion"]);

/**
 * Bidders without whose rejection nothing would be known of this attempt: rejected before it started or, where the first
 * that passes ends the race, before its own verdict. Audits and spared ones run on behind a winner.
 */
function rejectedBefore(m: MicrotaskState, a: Attempt, strategy: Strategy): string[] {
  const runsOn = waitingForAll.has(strategy) || a.role === "audit" || a.spared !== null;
  const untilSeq = runsOn ? a.startedSeq : (a.verdictSeq ?? a.startedSeq);
  const before = m.attempts.filter(
    (one) => isBid(one) && one.bidder !== a.bidder && isRejected(one) && (one.verdictSeq ?? untilSeq) < untilSeq,
  );
  return [...new Set(before.map((one) => one.bidder))];
}

/** It answers the microtask for its bidder, for the first time: a judge or a merger does not, and a re-ask does again. */
const isBid = ({ role }: Attempt): boolean => role !== "judge" && role !== "fusion" && role !== "reask";

function report(m: MicrotaskState, a: Attempt, strategy: Strategy, outcome: Outcome | null): AttemptReport {
  const decision = m.decisions[a.round - 1];
  const bid = decision?.bids.find((b) => b.bidder === a.bidder);
  const cachedTokens = bid?.reasons.cachedTokens;
  const answered = decision === undefined ? null : answeredClaim(decision, a.bidder);
  return {
    attempt: a.id,
    bidder: a.bidder,
    role: a.role,
    round: a.round,
    after: rejectedBefore(m, a, strategy),
    claimed: {
      accept: bid?.accept.mean ?? 0,
      ...(answered === null ? {} : { answered }),
      costNano: bid?.costNano ?? 0,
      totalMs: bid?.totalMs.p50 ?? 0,
    },
    confidence:
      isClosed(m.task.kind) && a.status === "complete" ? (readLabel(a.text, m.task)?.confidence ?? null) : null,
    // A text that two wrote says little of either.
    outcome: a.continues === null ? outcome : null,
    failure: a.failure,
    ...(isUnreadable(m, a) ? { unreadable: true as const } : {}),
    costNano: a.costNano,
    firstTokenMs: a.firstTokenMs,
    totalMs: a.totalMs ?? 0,
    // A rest of an answer is shorter than an answer.
    censored: a.status === "cancelled" || a.status === "orphaned" || a.continues !== null,
    timed: !a.bidder.startsWith("embedded/"),
    inputTokens: a.usage?.input ?? a.inputTokens,
    estimatedInputTokens: a.inputTokens,
    ...(typeof cachedTokens === "number" ? { cachedTokens } : {}),
    // A specialist in this process bills no tokens; the market learns how long answers are all the same.
    outputTokens: a.usage?.output || (a.text === "" ? 0 : estimateTokens(a.text)),
  };
}

/** Criteria that say an answer has the form that was asked for, and nothing of what it says. */
const formOnly: ReadonlySet<string> = new Set(["schema", "calls"]);

/** An outcome by form alone, where a contract asks for no more. What a person says of it later weighs four times that. */
const formWeight = 0.25;
const certain = { trueAccept: 1, trueReject: 1 };

/** Does its contract ask for a form, and for nothing that an answer of that form could still miss? */
const asksForForm = ({ task: { contract, tools } }: MicrotaskState): boolean =>
  contract.criteria.length === 0 &&
  contract.judged.length === 0 &&
  (contract.schema !== undefined || tools !== undefined);

/** The verdict on all that an attempt wrote, or that a prefix of it is rejected; null: there is neither. */
const verdictOn = (a: Attempt) => a.wholeVerdict ?? (a.prefixVerdict?.result === "reject" ? a.prefixVerdict : null);

/** A closed question's answer that is none of its labels: nothing was said, right or wrong. */
const isUnreadable = (m: MicrotaskState, a: Attempt): boolean =>
  isClosed(m.task.kind) && asksForForm(m) && a.failure === null && verdictOn(a)?.result === "reject";

/**
 * What criteria or the judge say an attempt was worth; null where nothing is known. Where only a form was asked for,
 * answers that have it and answers that have not count alike, a quarter each: were only the latter counted, everybody
 * would look worse with each job. To name one of its labels says nothing of a closed answer. A judge is believed as far
 * as its own profile goes.
 */
export function outcomeOf(m: MicrotaskState, a: Attempt, trust: (judge: string) => JudgeProfile): Outcome | null {
  const verdict = verdictOn(a);
  if (verdict === null || verdict.result === "undecided") return null;
  if (asksForForm(m))
    return isClosed(m.task.kind)
      ? null
      : { worth: verdict.result === "accept" ? 1 : 0, source: "criteria", reliability: certain, weight: formWeight };
  const judged = verdict.criteria.some((c) => c.class === "judged" && c.result !== "undecided");
  const decided = verdict.criteria.some((c) => !formOnly.has(c.criterion) && c.result !== "undecided");
  if (verdict.result === "accept" && !decided) return null;
  const worth = verdict.result === "accept" ? 1 : 0;
  // What code rejects is rejected, whoever else spoke of it.
  const byCode = verdict.criteria.some((c) => c.class !== "judged" && c.result === "reject");
  if (!judged || byCode) return { worth, source: "criteria", reliability: certain };
  const look = m.attempts.findLast(
    (one) =>
      one.role === "judge" &&
      one.audits === null &&
      one.about.length === 1 &&
      one.about[0] === a.id &&
      one.status === "complete",
  );
  return { worth, source: "judge", reliability: ratesOf(trust(look?.bidder ?? "")) };
}

/** What an auditor found of an attempt that a judge had spoken of: better evidence than that judge's; null: none did. */
function auditedOutcome(
  m: MicrotaskState,
  a: Attempt,
  { trueAccept, trueReject }: Outcome["reliability"],
): Outcome | null {
  const audit = m.audits.find((one) => one.candidate === a.id && one.found !== null);
  const byCode = a.wholeVerdict?.criteria.some((c) => c.class !== "judged" && c.result === "reject") ?? false;
  if (audit === undefined || byCode) return null;
  return {
    worth: audit.found === "accept" ? 1 : 0,
    source: "audit",
    reliability: { trueAccept, trueReject },
    against: { source: "judge", worth: audit.said === "accept" ? 1 : 0 },
  };
}

/** Closed answers of several bidders to one microtask say something about each other. */
function agreement(m: MicrotaskState, view: MarketView, features: Features): Map<string, Outcome> {
  const outcomes = new Map<string, Outcome>();
  if (!isClosed(m.task.kind)) return outcomes;
  const complete = m.attempts.filter((a) => a.status === "complete" && a.role !== "judge");
  const answers = complete.flatMap((a) => {
    const read = readLabel(a.text, m.task);
    const bidder = view.bidders.find((one) => one.id === a.bidder);
    const measured = bidder?.measuredConfidence === true;
    return read === null
      ? []
      : [{ attempt: a.id, bidder: a.bidder, model: bidder?.model ?? a.bidder, measured, ...read }];
  });
  if (new Set(answers.map((a) => a.bidder)).size < 2) return outcomes;
  const taken = agreementOutcomes(answers, view.state, m.task.kind, features);
  for (const [i, answer] of answers.entries()) {
    const outcome = taken[i];
    if (outcome !== undefined && outcome !== null) outcomes.set(answer.attempt, outcome);
  }
  return outcomes;
}

/** What a person's feedback says of each attempt of a microtask. Null: the feedback says nothing about any. */
export function feedbackSettlement(
  job: Job,
  m: MicrotaskState,
  feedback: { label?: string; good?: boolean; byOperator?: true },
  number: number,
  nowMs: number,
): Settlement | null {
  const text = inputOf(job, m.task);
  const reliability = { trueAccept: 0.99, trueReject: 0.99 };
  const judges: JudgeReport[] = [];
  const told = (a: Attempt, worth: 0 | 1): AttemptReport => {
    judges.push(...judgeFeedback(m, a, worth === 1, reliability.trueAccept));
    // A merged answer was no bid, so what is said of it is no news of its writer's.
    if (a.role === "fusion") return report(m, a, job.request.strategy, null);
    const before = toldBefore(job, a);
    return report(m, a, job.request.strategy, {
      worth,
      source: "feedback",
      reliability,
      // Of whether answers are right a form says nothing, so nothing is learned of forms; the word takes its place.
      ...(before === null
        ? {}
        : before.weight === undefined
          ? { against: { source: before.source, worth: before.worth } }
          : { instead: { worth: before.worth, weight: before.weight } }),
    });
  };
  const attempts = m.attempts
    .filter((a) => a.status === "complete" && a.role !== "judge")
    .flatMap((a) => {
      if (feedback.label !== undefined) {
        const right = labelIn(feedback.label, m.task) ?? feedback.label.toLowerCase();
        const worth = labelIn(a.text, m.task) === right ? 1 : 0;
        return [told(a, worth)];
      }
      return a.id === m.joined?.attempt && feedback.good !== undefined ? [told(a, feedback.good ? 1 : 0)] : [];
    });
  if (attempts.length === 0) return null;
  const features = inputFeatures(job, m.task, text);
  return {
    key: feedbackKey(job, m.task.id, number),
    tenant: job.tenant,
    kind: m.task.kind,
    features,
    atMs: nowMs,
    again: true,
    ...(feedback.byOperator === true ? { trusted: true as const } : {}),
    attempts,
    ...(judges.length === 0 ? {} : { judges }),
  };
}
