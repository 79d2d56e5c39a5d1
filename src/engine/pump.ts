import { microtaskOf } from "../job/evolve.ts";
import type { Attempt } from "../job/job.ts";
import type { Verdict } from "../judge/verdict.ts";
import type { Usage } from "../money/price.ts";
import type { Redaction } from "../output/redact.ts";
import { type ModelCall, ModelFailure, type Repeats } from "../race/model-port.ts";
import type { SeamResult } from "../race/seam.ts";
import { attemptEnd, type StreamEnd } from "./attempt-end.ts";
import { deliverText, flushText } from "./deliver-text.ts";
import type { LiveAttempt } from "./live-attempt.ts";
import { noteForetold } from "./prediction.ts";
import { noteStanding, verdictReached } from "./prefix-bet.ts";
import { mattersToLog, nothingToJudge, withLogged } from "./prefix-verdict.ts";
import { streamCall } from "./redacted-call.ts";
import type { Run } from "./run.ts";
import { callEnd, type Place, takeTurn } from "./take-turn.ts";
import { heardFirst, tellFleet } from "./tell-fleet.ts";
import { endedByDeadline, timeoutsFor } from "./timeouts.ts";

/** A racer beside others is weighed again after so many tokens. */
const weighTokens = 32;

/** Runs one attempt's stream, redacted or not, to its end and records what became of it. Never rejects. */
export async function pump(run: Run, attempt: Attempt, call: ModelCall, redaction: Redaction | null): Promise<void> {
  const { ports } = run;
  const live = run.live.get(attempt.id);
  if (live === undefined) return;
  let usage: Usage | null = null;
  let end: Pick<StreamEnd, "finish" | "said"> = { finish: "unknown" };
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
    if (redaction?.replaced) live.redacted = redaction.counts;
    for await (const part of streamCall(ports.models, timed, redaction, live.abort.signal)) {
      if (run.live.get(attempt.id) !== live) return;
      if (part.type !== "usage") release();
      if (part.type === "repeat") noteRepeat(live, part.how);
      if (part.type === "open") live.openedAtMs = ports.nowMs();
      else if (part.type === "text" || part.type === "reasoning")
        receive(run, attempt, live, part.type === "text" ? part.text : "", part.text);
      else if (part.type === "call-text") receive(run, attempt, live, "", part.text);
      else if (part.type === "call" && live.asked === null) live.calls.push(part.call);
      else if (part.type === "usage") usage = part.usage;
      else if (part.type === "end") end = part;
    }
    if (live.seam !== null && live.asked === null) add(run, attempt, live, sewn(live.seam.end()));
  } catch (error) {
    failure = error instanceof ModelFailure ? error : new ModelFailure("internal", "The attempt failed inside Atomic.");
    if (endedByDeadline(run, attempt, live, failure)) {
      failure = null;
      live.asked ??= { why: "deadline", atMs: ports.nowMs() };
    }
  } finally {
    release();
    const crashed = run.live.get(attempt.id) !== live;
    place?.leave(crashed ? { how: "unknown" } : callEnd(failure, live));
  }
  if (run.live.get(attempt.id) !== live) return;
  flushText(run, attempt, live);
  run.live.delete(attempt.id);
  tellFleet(run, attempt, live, failure);
  run.record(...attemptEnd(run, attempt, live, { ...end, usage, failure }));
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
  const microtask = microtaskOf(run.job, attempt.microtask);
  // Where a call may still come in place of a text, nothing that the text lacks is decided before its end.
  const judge = microtask?.task.tools === undefined ? live.judge : null;
  const pushed = text === "" ? null : (judge?.push(text) ?? null);
  const verdict = pushed === null ? null : withLogged(attempt.prefixVerdict, pushed);
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
  if (text !== "") deliverText(run, attempt, live);
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

function noteRepeat(live: LiveAttempt, how: keyof Repeats): void {
  live.repeats ??= { dropped: 0, alike: 0 };
  live.repeats[how] += 1;
}
