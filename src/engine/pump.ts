import { microtaskOf } from "../job/evolve.ts";
import type { Attempt, MicrotaskState } from "../job/job.ts";
import type { JobEvent } from "../job/job-event.ts";
import type { Verdict } from "../judge/verdict.ts";
import type { FailureReason } from "../market/settlement.ts";
import { costOf, type PriceSheet, type Usage } from "../money/price.ts";
import { type CutAccount, cutAccount } from "../race/accounting.ts";
import { type Finish, type ModelCall, ModelFailure, type Repeats } from "../race/model-port.ts";
import type { SeamResult } from "../race/seam.ts";
import { isAnswerPart } from "./answer-part.ts";
import { timeoutsFor } from "./attempts.ts";
import { judgementLost, judgementReached } from "./judging.ts";
import { readAs } from "./label.ts";
import { leaderChange } from "./leader.ts";
import { cutShort } from "./own-cap.ts";
import { noteForetold } from "./prediction.ts";
import { noteStanding, verdictReached } from "./prefix-bet.ts";
import { mattersToLog, nothingToJudge, withLogged } from "./prefix-verdict.ts";
import type { LiveAttempt } from "./race-view.ts";
import type { Run } from "./run.ts";
import { uncutEvidence } from "./savings.ts";
import { bidderNamed } from "./scene.ts";
import { callEnd, type Place, takeTurn } from "./take-turn.ts";
import { heardFirst, tellFleet } from "./tell-fleet.ts";

/** Delivered text is written in batches: at the first token, then this often, ms. Each batch is a row. */
const flushMs = { watched: 100, alone: 500 };

/** A racer beside others is weighed again after so many tokens. */
const weighTokens = 32;

/** What a provider says of an answer's end. */
interface End {
  finish: Finish;
  said?: string;
}

/** Runs one attempt's stream to its end and records what became of it. Never rejects. */
export async function pump(run: Run, attempt: Attempt, call: ModelCall): Promise<void> {
  const { ports } = run;
  const live = run.live.get(attempt.id);
  if (live === undefined) return;
  let usage: Usage | null = null;
  let end: End = { finish: "unknown" };
  let failure: ModelFailure | null = null;
  let release = () => {};
  let place: Place | null = null;
  try {
    place = await takeTurn(run, attempt, live);
    const slot = await ports.slots.acquire(attempt.microtask, attempt.role === "judge", live.abort.signal);
    release = slot.release;
    live.calledAtMs = ports.nowMs();
    live.queuedMs = (place?.waitedMs ?? 0) + slot.queuedMs;
    // The timers of the call start here, the race's too: it holds its place and its slot.
    run.turn();
    const timed = { ...call, timeouts: timeoutsFor(run, attempt) };
    for await (const part of ports.models.stream(timed, live.abort.signal)) {
      if (run.live.get(attempt.id) !== live) return;
      if (part.type !== "usage") release();
      if (part.type === "repeat") noteRepeat(live, part.how);
      if (part.type === "open") live.openedAtMs = ports.nowMs();
      else if (part.type === "text" || part.type === "reasoning")
        receive(run, attempt, live, part.type === "text" ? part.text : "", part.text);
      else if (part.type === "usage") usage = part.usage;
      else if (part.type === "end") end = part;
    }
    if (live.seam !== null && live.asked === null) add(run, attempt, live, sewn(live.seam.end()));
  } catch (error) {
    failure = error instanceof ModelFailure ? error : new ModelFailure("internal", "The attempt failed inside Atomic.");
  } finally {
    release();
    const crashed = run.live.get(attempt.id) !== live;
    place?.leave(crashed ? { how: "unknown" } : callEnd(failure, live));
  }
  if (run.live.get(attempt.id) !== live) return;
  flushText(run, attempt, live);
  run.live.delete(attempt.id);
  tellFleet(run, attempt, live, failure);
  const { finish } = end;
  if (finish === "content-filter")
    failure ??= new ModelFailure("content-filter", "The provider's filter stopped the answer.");
  if (live.text.slice(attempt.continues?.chars ?? 0).trim() === "")
    failure ??= new ModelFailure("empty-answer", "The stream ended without text.");
  if (finish === "length" && failure === null) {
    const microtask = microtaskOf(run.job, attempt.microtask);
    if (microtask !== undefined) failure = cutShort(microtask, attempt, bidderNamed(run.ports, attempt.bidder));
  }
  if (live.asked !== null)
    run.record(cancelled(run, attempt, live, usage), ...judgementLost(run, attempt, "the judge was cut"));
  else if (failure !== null)
    run.record(
      failed(run, attempt, live, usage, failure),
      ...judgementLost(run, attempt, `the judge failed: ${failure.reason}`),
    );
  else run.record(...finished(run, attempt, live, usage, end));
  run.turn();
}

function receive(run: Run, attempt: Attempt, live: LiveAttempt, sent: string, counted: string): void {
  if (counted === "") return;
  const before = live.tokens;
  live.tokens = live.count.add(counted).tokens;
  // What was on its way when it was asked to stop is billed like the rest, and read by nobody.
  if (live.asked !== null) return;
  const now = run.ports.nowMs();
  const first = live.firstTokenAtMs === null;
  live.firstTokenAtMs ??= now;
  live.lastTokenAtMs = now;
  if (first) heardFirst(run, attempt, live);
  const text = live.seam === null ? sent : sewn(live.seam.push(sent));
  const verdict = add(run, attempt, live, text);
  // Who is dominated and what is worth a look changes with every token; it is weighed again every so many.
  const weigh = Math.floor(before / weighTokens) !== Math.floor(live.tokens / weighTokens);
  if (first || verdict !== null || (weigh && hasRivals(run, attempt))) run.turn();
}

/** Own text of an attempt, at its place. Throws ModelFailure when it is what it was given over again. */
function sewn(result: SeamResult): string {
  if (!result.repeats) return result.text;
  throw new ModelFailure("repeated-prefix", "It was to go on from delivered text and said it again.");
}

/** More of an answer: criteria hear of it, and clients. What the criteria say of the prefix now; null: nothing new. */
function add(run: Run, attempt: Attempt, live: LiveAttempt, text: string): Verdict | null {
  const opens = live.text.length === (attempt.continues?.chars ?? 0);
  live.text += text;
  const pushed = text === "" ? null : (live.judge?.push(text) ?? null);
  const verdict = pushed === null ? null : withLogged(attempt.prefixVerdict, pushed);
  const microtask = microtaskOf(run.job, attempt.microtask);
  if (microtask !== undefined) {
    noteStanding(microtask, attempt, live, verdict);
    if (pushed !== null) noteForetold(microtask, attempt, live, pushed);
  }
  if (opens && text !== "" && leadsByFirstText(run, attempt))
    run.record({
      type: "verdict-reached",
      microtask: attempt.microtask,
      attempt: attempt.id,
      verdict: firstText,
      judge: null,
    });
  if (verdict !== null) noteInLog(run, attempt, live, verdict);
  if (text !== "") deliver(run, attempt, live);
  return verdict;
}

function noteInLog(run: Run, attempt: Attempt, live: LiveAttempt, verdict: Verdict): void {
  const logged = attempt.prefixVerdict;
  const committed = microtaskOf(run.job, attempt.microtask)?.committed != null;
  const state = { rivals: hasRivals(run, attempt), committed, lost: live.lost === true };
  if (!mattersToLog(verdict, logged, state)) return;
  if (logged?.result === "accept") live.lost = true;
  run.record(verdictReached(run, attempt, verdict, null, live.tokens));
}

const firstText: Verdict = {
  on: "prefix",
  result: "accept",
  criteria: [
    { criterion: nothingToJudge, class: "monotone", result: "accept", evidence: "no criteria: the first text leads" },
  ],
};

/** Without anything to judge by, live delivery commits to whoever speaks first, and the others stop. */
function leadsByFirstText(run: Run, attempt: Attempt): boolean {
  const microtask = microtaskOf(run.job, attempt.microtask);
  if (microtask === undefined || run.job.request.delivery !== "live" || microtask.committed !== null) return false;
  const { schema, criteria, judged } = microtask.task.contract;
  if (schema !== undefined || criteria.length > 0 || judged.length > 0) return false;
  return hasRivals(run, attempt);
}

const hasRivals = (run: Run, attempt: Attempt): boolean =>
  microtaskOf(run.job, attempt.microtask)?.attempts.some(
    (a) => a.status === "running" && a.id !== attempt.id && a.role !== "audit" && a.role !== "judge",
  ) ?? false;

/** In live delivery the leader's text goes to the log, and so to clients, in batches. */
function deliver(run: Run, attempt: Attempt, live: LiveAttempt): void {
  const microtask = microtaskOf(run.job, attempt.microtask);
  if (microtask === undefined || !isDelivered(run, microtask, attempt)) return;
  const { leader, committed } = microtask;
  if (leader === null && committed !== null && committed !== attempt.id) return;
  if (leader !== null && leader !== attempt.id) {
    const shown = microtask.attempts.find((a) => a.id === leader);
    const stands = shown?.status === "running" && run.live.get(shown.id)?.asked === null;
    if (committed !== attempt.id && stands) return;
    const { policy, events } = leaderChange(run, microtask, attempt.id);
    if (policy === "fail") return run.record(...events);
    // What it was given is void with the rest: its text is delivered from the start.
    if (policy === "restart") live.logged = 0;
    run.record(...events, ...textDue(attempt, live));
    return;
  }
  if (live.logged === (attempt.continues?.chars ?? 0)) flushText(run, attempt, live);
  else
    live.flush ??= run.ports.after(run.ports.watched() ? flushMs.watched : flushMs.alone, () => {
      live.flush = null;
      flushText(run, attempt, live);
    });
}

function flushText(run: Run, attempt: Attempt, live: LiveAttempt): void {
  live.flush?.();
  live.flush = null;
  const microtask = microtaskOf(run.job, attempt.microtask);
  if (microtask === undefined || live.text.length === live.logged || !isDelivered(run, microtask, attempt)) return;
  if ((microtask.leader ?? attempt.id) !== attempt.id) return;
  run.record(...textDue(attempt, live));
}

/** Text of an attempt that is not in the log yet. */
function textDue(attempt: Attempt, live: LiveAttempt): JobEvent[] {
  const offset = live.logged;
  const text = live.text.slice(offset);
  live.logged = live.text.length;
  return [{ type: "text-streamed", microtask: attempt.microtask, attempt: attempt.id, offset, text }];
}

const isDelivered = (run: Run, microtask: MicrotaskState, attempt: Attempt): boolean =>
  run.job.status === "running" &&
  run.job.request.delivery === "live" &&
  attempt.role !== "judge" &&
  attempt.role !== "audit" &&
  isAnswerPart(run.job, microtask);

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

/** Durations without the queue; a call that never left it only queued. */
const times = (run: Run, attempt: Attempt, live: LiveAttempt) => {
  const calledAtMs = live.calledAtMs ?? run.ports.nowMs();
  return {
    firstTokenMs: live.firstTokenAtMs === null ? null : live.firstTokenAtMs - calledAtMs,
    totalMs: run.ports.nowMs() - calledAtMs,
    queuedMs: live.calledAtMs === null ? calledAtMs - attempt.startedAtMs : live.queuedMs,
  };
};

function finished(
  run: Run,
  attempt: Attempt,
  live: LiveAttempt,
  reported: Usage | null,
  { finish, said }: End,
): JobEvent[] {
  const usage = reported ?? counted(run, attempt, live);
  const { microtask: id, id: attemptId } = attempt;
  const event: JobEvent = {
    type: "attempt-finished",
    microtask: id,
    attempt: attemptId,
    text: live.text,
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
  const { schema, judged } = microtask.task.contract;
  const verdict = live.judge.whole(live.text, schema === undefined ? null : readAs(live.text, microtask.task, schema));
  // Criteria in words are still open: the race asks for a judge. A criterion that cannot tell does not refute.
  const open = {
    ...verdict,
    result:
      verdict.result === "reject" ? verdict.result : judged.length > 0 ? ("undecided" as const) : ("accept" as const),
  };
  return [event, { type: "verdict-reached", microtask: id, attempt: attemptId, verdict: open, judge: null }];
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
  "too-large",
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
    inputTokens: live.calledAtMs !== null ? attempt.inputTokens : 0,
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

const failedNotes = (live: LiveAttempt): Pick<LiveAttempt, "foretold" | "repeats"> => {
  const { stood: _, ...rest } = notes(live);
  return rest;
};

function noteRepeat(live: LiveAttempt, how: keyof Repeats): void {
  live.repeats ??= { dropped: 0, alike: 0 };
  live.repeats[how] += 1;
}

/** What was noted of its stream and its prefixes. */
const notes = ({ stood, foretold, repeats }: LiveAttempt): Pick<LiveAttempt, "stood" | "foretold" | "repeats"> => ({
  ...(repeats === undefined ? {} : { repeats }),
  ...(stood === undefined ? {} : { stood }),
  ...(foretold === undefined ? {} : { foretold }),
});
