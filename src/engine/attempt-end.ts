import { microtaskOf } from "../job/evolve.ts";
import type { Attempt } from "../job/job.ts";
import type { JobEvent } from "../job/job-event.ts";
import { judgeCalls } from "../judge/judge-calls.ts";
import type { PrefixJudge } from "../judge/prefix-judge.ts";
import type { Verdict } from "../judge/verdict.ts";
import type { FailureReason } from "../market/settlement.ts";
import { cannotBe } from "../money/disputed.ts";
import { costOf, type PriceSheet, type Usage } from "../money/price.ts";
import { boundImageTokens } from "../money/token-bound.ts";
import type { Microtask } from "../plan/microtask.ts";
import { type CutAccount, cutAccount } from "../race/accounting.ts";
import { type Finish, ModelFailure } from "../race/model-port.ts";
import { judgementLost, judgementReached } from "./judgement-end.ts";
import { readAs } from "./label.ts";
import type { LiveAttempt } from "./live-attempt.ts";
import { usualImageTokens } from "./messages.ts";
import { cutShort } from "./own-cap.ts";
import type { Run } from "./run.ts";
import { uncutEvidence } from "./savings.ts";
import { bidderNamed } from "./scene.ts";

/** How a stream ended: what the provider said of it, and why it broke off; null: it did not. */
export interface StreamEnd {
  finish: Finish;
  said?: string;
  usage: Usage | null;
  failure: ModelFailure | null;
}

/** The events that the end of an attempt is: it was cut, it failed, or it is complete, with what its judge's call says. */
export function attemptEnd(run: Run, attempt: Attempt, live: LiveAttempt, told: StreamEnd): JobEvent[] {
  const { disputed, ...believed } = believe(run, attempt, live, told.usage);
  const events = endEvents(run, attempt, live, { ...told, ...believed });
  if (disputed === undefined || believed.usage === null) return events;
  const cost = { disputed, usage: believed.usage, costNano: attempt.reservedNano };
  return events.map((event) => {
    if (event.type === "attempt-cancelled") return { ...event, ...cost, savedTokens: 0, savedNano: 0 };
    return event.type === "attempt-finished" || event.type === "attempt-failed" ? { ...event, ...cost } : event;
  });
}

/** The record of a call as it counts: one that breaks the reservation and cannot be is none. */
function believe(
  run: Run,
  attempt: Attempt,
  live: LiveAttempt,
  usage: Usage | null,
): { usage: Usage | null; disputed?: Usage } {
  const price = priceOf(run, attempt);
  if (usage === null || costOf(price, usage) <= attempt.reservedNano) return { usage };
  const outputTokens = attempt.maxOutputTokens + thinkingOf(run, attempt);
  const imageTokens = bidderNamed(run.ports, attempt.bidder)?.imageTokens;
  const wrong = cannotBe(usage, { price, outputTokens, texts: live.sent, images: live.images, imageTokens });
  if (!wrong.input && !wrong.output && !wrong.bill) return { usage };
  const possible: Usage = {
    input: wrong.input ? attempt.inputTokens : usage.input,
    output: wrong.output ? outputTokens : usage.output,
    source: usage.source === "counted" ? "counted" : "bounded",
  };
  return usage.source === "counted" ? { usage: possible } : { usage: possible, disputed: usage };
}

function endEvents(run: Run, attempt: Attempt, live: LiveAttempt, end: StreamEnd): JobEvent[] {
  if (live.asked !== null)
    return [cancelled(run, attempt, live, end.usage), ...judgementLost(run, attempt, "the judge was cut")];
  const failure = end.failure === null ? unusable(run, attempt, live, end.finish) : ofCap(run, attempt, end.failure);
  if (failure === null) return finished(run, attempt, live, end);
  const lost = judgementLost(run, attempt, `the judge failed: ${failure.reason}`);
  return [failed(run, attempt, live, end.usage, failure), ...lost];
}

/** Why a stream that came to its end is no answer; null: it is one. */
function unusable(run: Run, attempt: Attempt, live: LiveAttempt, finish: Finish): ModelFailure | null {
  if (finish === "content-filter")
    return new ModelFailure("content-filter", "The provider's filter stopped the answer.");
  if (live.text.slice(attempt.continues?.chars ?? 0).trim() === "" && live.calls.length === 0)
    return (finish === "length" ? shortOf(run, attempt) : null) ?? new ModelFailure("empty-answer", noText(finish));
  return finish === "length" ? shortOf(run, attempt) : null;
}

const noText = (finish: Finish): string =>
  finish === "length"
    ? "Its output cap was used up before any text: raise max_tokens (maxOutputTokens)."
    : "The stream ended without text.";

/** A cap of Atomic's own that was used up before any text is no fault of the caller's, or the bidder's. */
const ofCap = (run: Run, attempt: Attempt, failure: ModelFailure): ModelFailure =>
  (failure.capped ? shortOf(run, attempt) : null) ?? failure;

function shortOf(run: Run, attempt: Attempt): ModelFailure | null {
  const microtask = microtaskOf(run.job, attempt.microtask);
  return microtask === undefined ? null : cutShort(microtask, attempt, bidderNamed(run.ports, attempt.bidder));
}

const counted = (run: Run, attempt: Attempt, live: LiveAttempt): Usage => ({
  input: attempt.inputTokens,
  output: seen(run, attempt, live),
  source: "counted",
});

/** A count is an estimate; more than was asked for cannot have come. */
const seen = (run: Run, attempt: Attempt, live: LiveAttempt): number =>
  Math.min(live.tokens, attempt.maxOutputTokens + thinkingOf(run, attempt));

const thinkingOf = (run: Run, attempt: Attempt): number => bidderNamed(run.ports, attempt.bidder)?.reasoningTokens ?? 0;

const priceOf = (run: Run, attempt: Attempt): PriceSheet =>
  attempt.price ?? bidderNamed(run.ports, attempt.bidder)?.price ?? { inputPerMtok: 0, outputPerMtok: 0 };

/** Durations without the queue; a call that never left it only queued. A host's clock may step back meanwhile. */
const times = (run: Run, attempt: Attempt, live: LiveAttempt) => {
  const calledAtMs = live.calledAtMs ?? run.ports.nowMs();
  const sinceCallMs = (atMs: number) => Math.max(0, atMs - calledAtMs);
  return {
    firstTokenMs: live.firstTokenAtMs === null ? null : sinceCallMs(live.firstTokenAtMs),
    totalMs: sinceCallMs(run.ports.nowMs()),
    queuedMs: Math.max(0, live.calledAtMs === null ? calledAtMs - attempt.startedAtMs : live.queuedMs),
  };
};

function finished(
  run: Run,
  attempt: Attempt,
  live: LiveAttempt,
  { usage: reported, finish, said }: StreamEnd,
): JobEvent[] {
  const usage = reported ?? counted(run, attempt, live);
  const { microtask: id, id: attemptId } = attempt;
  const event: JobEvent = {
    type: "attempt-finished",
    microtask: id,
    attempt: attemptId,
    text: live.text,
    ...(live.calls.length === 0 ? {} : { calls: live.calls }),
    finish,
    ...(said === undefined ? {} : { finishSaid: said }),
    usage,
    costNano: costOf(priceOf(run, attempt), usage),
    ...times(run, attempt, live),
    ...notes(live),
  };
  const microtask = microtaskOf(run.job, id);
  if (attempt.role === "judge") return [event, ...judgementReached(run, attempt, live.text)];
  if (microtask === undefined || live.judge === null) return [event];
  const { judged } = microtask.task.contract;
  const verdict = verdictOf(microtask.task, live, live.judge, finish);
  // Criteria in words are still open: the race asks for a judge. A criterion that cannot tell does not refute.
  const open = {
    ...verdict,
    result:
      verdict.result === "reject" ? verdict.result : judged.length > 0 ? ("undecided" as const) : ("accept" as const),
  };
  return [event, { type: "verdict-reached", microtask: id, attempt: attemptId, verdict: open, judge: null }];
}

/** What criteria say of a whole answer. They are about its text: an answer that calls has none yet. */
function verdictOf(task: Microtask, { text, calls }: LiveAttempt, judge: PrefixJudge, finish: Finish): Verdict {
  const called = task.tools === undefined ? null : judgeCalls(calls, task.tools);
  if (called !== null && (calls.length > 0 || called.result === "reject"))
    return { on: "whole", result: called.result, criteria: [called] };
  const { schema } = task.contract;
  return judge.whole(text, schema === undefined ? null : readAs(text, task, schema, finish));
}

function failed(
  run: Run,
  attempt: Attempt,
  live: LiveAttempt,
  reported: Usage | null,
  failure: ModelFailure,
): JobEvent {
  const bill = walkedAway.includes(failure.reason) ? cutBill(run, attempt, live, reported) : null;
  const answered = live.openedAtMs !== null || live.tokens > 0;
  const usage =
    bill?.usage ??
    reported ??
    (answered ? counted(run, attempt, live) : { input: 0, output: 0, source: "counted" as const });
  return {
    type: "attempt-failed",
    microtask: attempt.microtask,
    attempt: attempt.id,
    reason: failure.reason,
    ...(failure.fault === null ? {} : { fault: failure.fault }),
    ...(failure.reason === "cut-short" ? { finish: "length" as const } : {}),
    message: failure.message.slice(0, 500),
    usage,
    costNano: bill?.costNano ?? costOf(priceOf(run, attempt), usage),
    ...times(run, attempt, live),
    ...failedNotes(live),
  };
}

/** Failures after which a provider may go on sending, and billing, to nobody: for money they are cuts. */
const walkedAway: FailureReason[] = [
  "connect-timeout",
  "first-token-timeout",
  "stall-timeout",
  "total-timeout",
  "connection-lost",
  "malformed-stream",
  "unmarked-thoughts",
  "too-large",
  "repeated-prefix",
];

function cutBill(
  run: Run,
  attempt: Attempt,
  live: LiveAttempt,
  reported: Usage | null,
): CutAccount & { boundTokens: number } {
  const microtask = microtaskOf(run.job, attempt.microtask);
  const bidder = bidderNamed(run.ports, attempt.bidder);
  const maxOutputTokens = attempt.maxOutputTokens + thinkingOf(run, attempt);
  const evidence = uncutEvidence(microtask, attempt, live, maxOutputTokens);
  const account = cutAccount({
    ...evidence,
    price: priceOf(run, attempt),
    // Nobody will say what its pictures were billed.
    inputTokens:
      live.calledAtMs === null
        ? 0
        : attempt.inputTokens + live.images * Math.max(0, boundImageTokens(bidder) - usualImageTokens),
    tokensSeen: seen(run, attempt, live),
    maxOutputTokens,
    cancelStopsBill: bidder?.cancelStopsBill ?? false,
    usage: reported,
  });
  return { ...account, boundTokens: evidence.boundTokens };
}

function cancelled(run: Run, attempt: Attempt, live: LiveAttempt, reported: Usage | null): JobEvent {
  const { tokensSeen, boundTokens, uncut, ...bill } = cutBill(run, attempt, live, reported);
  return {
    type: "attempt-cancelled",
    microtask: attempt.microtask,
    attempt: attempt.id,
    why: live.asked?.why ?? "cut",
    askedAtMs: live.asked?.atMs ?? run.ports.nowMs(),
    stoppedAtMs: run.ports.nowMs(),
    tokensSeen,
    ...bill,
    uncut: { ...uncut, boundTokens },
    ...times(run, attempt, live),
    ...notes(live),
  };
}

type Notes = Pick<LiveAttempt, "stood" | "foretold" | "repeats" | "redacted">;

const failedNotes = (live: LiveAttempt): Omit<Notes, "stood"> => {
  const { stood: _, ...rest } = notes(live);
  return rest;
};

/** What was noted of what it was sent, its stream and its prefixes. */
const notes = ({ stood, foretold, repeats, redacted }: LiveAttempt): Notes => ({
  ...(redacted === undefined ? {} : { redacted }),
  ...(repeats === undefined ? {} : { repeats }),
  ...(stood === undefined ? {} : { stood }),
  ...(foretold === undefined ? {} : { foretold }),
});
