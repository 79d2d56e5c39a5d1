import type { Attempt, Job, MicrotaskState } from "../job/job.ts";
import type { Bidder } from "../market/bidder.ts";
import type { FailureReason } from "../market/settlement.ts";
import { isAnswerPart } from "./answer-part.ts";
import type { LiveAttempts } from "./live-attempt.ts";
import { bidderNamed, type Scene } from "./scene.ts";

/** text: what was delivered of `from`, and another is to go on from it. not: why nobody may. */
export type Continuation = { from: Attempt; text: string } | { not: string };

/** Failures that speak against the text itself. */
const tainted: ReadonlySet<FailureReason> = new Set<FailureReason>(["content-filter", "refused", "unmarked-thoughts"]);

/**
 * What the policy "continue" asks for now. null: nothing was delivered, its author still stands, or the request has
 * another policy. Text that criteria, a judge or a filter spoke against is not to be gone on from.
 */
export function continuationOf(job: Job, microtask: MicrotaskState): Continuation | null {
  const { request } = job;
  if (request.leaderChange !== "continue" || request.delivery !== "live" || !isAnswerPart(job, microtask)) return null;
  const shown = microtask.attempts.find((a) => a.id === microtask.leader);
  if (shown === undefined || shown.status === "running" || shown.text === "") return null;
  if (microtask.abandoned?.attempt === shown.id) return { not: microtask.abandoned.why };
  if (microtask.task.tools !== undefined) return { not: "what follows a text may be a call" };
  if (shown.wholeVerdict?.result === "reject" || shown.prefixVerdict?.result === "reject")
    return { not: "the delivered text was rejected" };
  if (shown.status === "complete") return null;
  if (shown.status === "cancelled") return { not: `the delivered text's author was cut: ${shown.message}` };
  if (shown.failure !== null && tainted.has(shown.failure))
    return { not: `the delivered text's author ended with ${shown.failure}` };
  // Either the text is whole already or it was not understood as a beginning; who can tell?
  const silent = microtask.attempts.find((a) => a.continues?.attempt === shown.id && a.failure === "empty-answer");
  if (silent !== undefined) return { not: `${silent.bidder} had nothing to add to the delivered text` };
  return { from: shown, text: shown.text };
}

/** The text that a bidder is to go on from, should it start now. null: it answers from the start. */
export function givenTo(
  job: Job,
  microtask: MicrotaskState,
  bidder: Bidder | undefined,
): { from: Attempt; text: string } | null {
  const owed = continuationOf(job, microtask);
  return owed !== null && "text" in owed && bidder?.continuesPrefix === true ? owed : null;
}

/** Bidders that may not start now: text is to be gone on from, and they cannot. */
export function unableToContinue(job: Job, microtask: MicrotaskState, scene: Scene): string[] {
  const owed = continuationOf(job, microtask);
  if (owed === null || "not" in owed) return [];
  return scene.market().bidders.flatMap((bidder) => (bidder.continuesPrefix === true ? [] : [bidder.id]));
}

/** Why a racer is cut for one that goes on; its bidder does not count as tried. */
export const notGiven = "it was not given the delivered text";

/**
 * Racers that ran beside the fallen leader and were not given its text, where somebody can be: they are cut for it.
 * Otherwise one of them takes over from the start. `again`: the market may be asked once more.
 */
export function besideTheText(
  job: Job,
  microtask: MicrotaskState,
  live: LiveAttempts,
  scene: Scene,
  again: boolean,
): string[] {
  const owed = continuationOf(job, microtask);
  if (owed === null || "not" in owed || !isAnybodyAble(job, microtask, scene, again)) return [];
  return microtask.attempts.flatMap((a) =>
    a.status === "running" &&
    a.role !== "judge" &&
    a.role !== "audit" &&
    a.continues?.attempt !== owed.from.id &&
    live.get(a.id)?.asked === null
      ? [a.id]
      : [],
  );
}

function isAnybodyAble(job: Job, microtask: MicrotaskState, scene: Scene, again: boolean): boolean {
  const round = microtask.decisions.length;
  const used = new Set(microtask.attempts.flatMap((a) => (a.round === round && a.role !== "judge" ? [a.place] : [])));
  const places = microtask.decisions.at(-1)?.award ?? [];
  const free = places.some(
    ({ bidder, role }, place) =>
      role !== "audit" && !used.has(place) && bidderNamed(scene, bidder)?.continuesPrefix === true,
  );
  const { bidders } = job.request;
  return (
    free ||
    (again &&
      scene
        .market()
        .bidders.some((b) => b.continuesPrefix === true && b.enabled && (bidders?.includes(b.id) ?? !b.onlyByName)))
  );
}
