import type { Attempt, Job, MicrotaskState } from "../job/job.ts";
import { callsForm } from "../judge/judge-calls.ts";
import { canonicalJson } from "../plan/canonical-json.ts";
import { isClosed } from "../plan/kind.ts";
import type { Racer, RaceState } from "../race/race.ts";
import { timedLineUp } from "../race/timed-line-up.ts";
import { comparisonOf } from "./comparison.ts";
import { unableToContinue } from "./continuation.ts";
import { labelIn, readAs } from "./label.ts";
import type { LiveAttempts } from "./live-attempt.ts";
import { awayNow, expectations } from "./outlook.ts";
import { predictionOf } from "./prediction.ts";
import { betOn } from "./prefix-bet.ts";
import { prefixVerdict } from "./prefix-verdict.ts";
import { owedReask } from "./reask.ts";
import { isSwitchedOff, type Scene } from "./scene.ts";

export const maxOpenRacers = 4;

/**
 * A microtask's newest award as the race sees it: log facts joined with what is live, and with `scene` what money,
 * health and the judge say of it.
 */
export function raceView(job: Job, microtask: MicrotaskState, live: LiveAttempts, scene?: Scene): RaceState {
  const round = microtask.decisions.length;
  const decision = microtask.decisions[round - 1];
  const strategy = job.request.strategy;
  const reaskOwed = owedReask(microtask, scene)?.id;
  const racers: Racer[] = [];
  for (const attempt of microtask.attempts) {
    // An orphaned attempt's place is free again; a judge is no racer; a re-ask stands in for the attempt it mends.
    if (attempt.round !== round || attempt.role === "judge" || attempt.status === "orphaned") continue;
    const reask = microtask.attempts.find(
      (a) => a.role === "reask" && a.about[0] === attempt.id && a.status !== "orphaned",
    );
    if (reask !== undefined) continue;
    const first = attempt.role === "reask" ? microtask.attempts.find((a) => a.id === attempt.about[0]) : undefined;
    const one = racer(attempt, first?.role ?? attempt.role, attempt.id === reaskOwed, microtask, live);
    const bet = scene === undefined ? null : betOn(scene, microtask, attempt, one.prefixVerdict, one.tokens);
    if (bet !== null) one.breakRisk = bet.chance;
    if (scene !== undefined) Object.assign(one, predictionOf(scene, microtask, one, live.get(attempt.id)));
    racers.push(one);
  }
  // Starts there was no money for.
  const refused = microtask.refused.flatMap((r) =>
    r.round === round && r.place >= 0 && r.role !== "reask" ? [r.place] : [],
  );
  const noFusion = microtask.refused.some((r) => r.round === round && r.role === "fusion");
  const open = microtask.status === "open" && scene !== undefined && decision !== undefined;
  const lineUp = decision?.award ?? [];
  const unable = open ? unableToContinue(job, microtask, scene) : [];
  // Whoever else is left, these are not asked.
  const cannot = [
    ...refused,
    ...lineUp.flatMap((p, at) => (unable.includes(p.bidder) || (open && isSwitchedOff(scene, p.bidder)) ? [at] : [])),
  ];
  return {
    ...(open ? expectations(job, microtask, decision, scene) : {}),
    microtask: microtask.task.id,
    lineUp: open
      ? timedLineUp(lineUp, (leader, hedge, awardedMs) => scene.fleet.hedgeAfterMs(leader, hedge, awardedMs))
      : lineUp,
    strategy:
      strategy === "best-of" || strategy === "agreement" || (strategy === "fusion" && !noFusion)
        ? strategy
        : "first-pass",
    closed: isClosed(microtask.task.kind),
    racers,
    committed: microtask.committed,
    openedAtMs: microtask.awardedAtMs,
    deadlineAtMs: job.request.deadlineMs === null ? null : job.acceptedAtMs + job.request.deadlineMs,
    maxOpen: maxOpenRacers,
    shown: microtask.leader,
    comparison: comparisonOf(microtask),
    unavailable: [...cannot, ...(open ? awayNow(lineUp, cannot, microtask, scene) : [])],
    accepted: microtask.joined === null ? null : { attempt: microtask.joined.attempt, atMs: microtask.joined.atMs },
  };
}

function racer(
  attempt: Attempt,
  role: Attempt["role"],
  reaskOwed: boolean,
  microtask: MicrotaskState,
  live: LiveAttempts,
): Racer {
  const now = live.get(attempt.id);
  // Once it is cut or complete, an attempt that will be asked again holds its place.
  const mending = reaskOwed && (attempt.status !== "running" || now?.asked != null);
  const status = attempt.status === "orphaned" ? "failed" : attempt.status;
  return {
    attempt: attempt.id,
    bidder: attempt.bidder,
    place: attempt.place,
    role: role === "reask" || role === "judge" || role === "fusion" ? "fallback" : role,
    ...(role === "fusion" ? { fuses: attempt.about } : {}),
    status: mending ? "running" : now?.asked ? "cancelled" : status,
    // A call that waits for its place has not begun: no hedge is due for it yet.
    startedAtMs:
      now === undefined ? attempt.startedAtMs + attempt.queuedMs : (now.calledAtMs ?? Number.POSITIVE_INFINITY),
    firstTokenAtMs:
      now?.firstTokenAtMs ??
      (attempt.firstTokenMs === null ? null : attempt.startedAtMs + attempt.queuedMs + attempt.firstTokenMs),
    lastTokenAtMs: now?.lastTokenAtMs ?? null,
    tokens: (attempt.continues?.tokens ?? 0) + (now?.tokens ?? attempt.usage?.output ?? 0),
    failure: attempt.failure,
    prefixVerdict: mending ? null : prefixVerdict(attempt, now),
    wholeVerdict: mending ? null : attempt.wholeVerdict,
    judging: microtask.attempts.some(
      (a) => a.role === "judge" && a.status === "running" && a.about.includes(attempt.id),
    ),
    ...(attempt.spared === null ? {} : { spared: true as const }),
    ...(mending || attempt.role === "reask" ? { mends: true as const } : {}),
    normalised: attempt.status === "complete" ? normalised(attempt, microtask) : null,
    ...(now?.judgedAtTokens === undefined ? {} : { judgedAtTokens: now.judgedAtTokens }),
  };
}

/**
 * Answers with labels compare by label, however it is dressed; data by what it says, however it is written; open ones by
 * their trimmed text, for a sign may matter; calls by what they call and with what, whatever is said beside them.
 */
function normalised(attempt: Attempt, { task }: MicrotaskState): string {
  const known = forms.get(attempt);
  if (known !== undefined) return known;
  const label = isClosed(task.kind) || task.labels !== undefined ? labelIn(attempt.text, task) : null;
  const form = attempt.calls.length > 0 ? callsForm(attempt.calls) : (label ?? dataOrText(attempt, task));
  forms.set(attempt, form);
  return form;
}

function dataOrText({ text, finish }: Attempt, task: MicrotaskState["task"]): string {
  const { schema } = task.contract;
  const reading = schema === undefined ? null : readAs(text, task, schema, finish ?? "stop");
  return (reading?.ok ? canonicalJson(reading.value) : text.trim()).toLowerCase();
}

/** A complete attempt's text is final, and every look at the race asks for its form. */
const forms = new WeakMap<Attempt, string>();
