import { estimateTokens } from "../adapt/prompt.ts";
import type { Job, MicrotaskState } from "../job/job.ts";
import { chooseJudge } from "../judge/choose-judge.ts";
import type { Bidder } from "../market/bidder.ts";
import { mayBeAsked, takesImages } from "../market/eligibility.ts";
import { type JudgeProfile, judgeProfileOf } from "../market/judge-profile.ts";
import type { NanoUsd } from "../money/nano-usd.ts";
import { costOf, costsNothing } from "../money/price.ts";
import type { Contract } from "../plan/contract.ts";
import { wayOf } from "../plan/image.ts";
import { jobImages } from "../plan/job-request.ts";
import type { Scene } from "./scene.ts";

/** Share of a job's budget that judging may use. */
export const judgeCapShare = 0.25;
/** Output cap of a judge's call, tokens. */
export const judgeOutputTokens = 300;
/** Rules and fences around what is judged, and one verdict in JSON, tokens. */
const promptTokens = 300;
export const verdictTokens = 40;

export type Chosen = { judge: Bidder; profile: JudgeProfile; why: string } | { none: string };

/**
 * The judge of a microtask: allowed by the request, reachable now, and none that ran for it. One that may still be asked
 * for an answer gains by a reject, so it judges only where nobody outside the line-up can.
 */
export function judgeFor(job: Job, scene: Scene, microtask: MicrotaskState): Chosen {
  return judgeOver(job, scene, contestantsOf(microtask), lineUpOf(microtask));
}

const lineUpOf = (microtask: MicrotaskState): string[] =>
  microtask.decisions.at(-1)?.award.map((place) => place.bidder) ?? [];

/** The same for those that ran, or would have, and those that could still be asked. */
export function judgeOver(job: Job, scene: Scene, ran: ReadonlySet<string>, lineUp: readonly string[]): Chosen {
  return bestOf(judgesOf(job, scene), scene, ran, lineUp);
}

/** Who may write one answer out of several: one that may be asked, chosen as a judge is. */
export const mergerOf = (job: Job, scene: Scene, microtask: MicrotaskState): Chosen =>
  bestOf(eligibleFor(job, scene), scene, contestantsOf(microtask), lineUpOf(microtask));

function bestOf(
  candidates: readonly Bidder[],
  scene: Scene,
  ran: ReadonlySet<string>,
  lineUp: readonly string[],
): Chosen {
  const view = scene.market();
  const reachable = candidates.filter((b) => scene.fleet.look(b, judgeOutputTokens).unavailable === null);
  const against = view.bidders.filter((b) => ran.has(b.id));
  const rivals = view.bidders.filter((b) => ran.has(b.id) || lineUp.includes(b.id));
  const profiles = view.state.judges?.profiles ?? {};
  // Better one that has to be waited for than a rival, and better a rival than none.
  const chosen =
    chooseJudge(reachable, rivals, profiles) ??
    chooseJudge(candidates, rivals, profiles) ??
    chooseJudge(reachable, against, profiles) ??
    chooseJudge(candidates, against, profiles);
  if (chosen === null) return { none: "no generative bidder outside the contestants could judge" };
  return { judge: chosen.judge, profile: judgeProfileOf(view.state.judges, chosen.judge.id), why: chosen.why };
}

/** Bidders that a request allows to be asked. */
export const eligibleFor = (job: Job, scene: Pick<Scene, "market">): Bidder[] =>
  scene
    .market()
    .bidders.filter((b) => mayBeAsked(b, job.request) && mayServe(job, b) && isChosen(b, job.request.bidders));

/** How long who judges or merges is to think is its operator's to say: an arm is asked only where it is named. */
const isChosen = ({ id, arm }: Bidder, named: readonly string[] | null): boolean =>
  arm === undefined || (named?.includes(id) ?? false);

/** Who judges or merges answers is shown what they are about, and costs nothing where nothing may be spent. */
const mayServe = ({ request }: Job, bidder: Bidder): boolean =>
  takesImages(bidder, wayOf(jobImages(request.input))) && (request.budgetNano !== 0 || costsNothing(bidder.price));

/** Bidders that may judge: those that may be asked, or in their place whom the request names for it. */
export function judgesOf(job: Job, scene: Pick<Scene, "market">): Bidder[] {
  const { judges } = job.request;
  return judges === undefined
    ? eligibleFor(job, scene)
    : scene.market().bidders.filter((b) => mayBeAsked(b, { ...job.request, bidders: judges }) && mayServe(job, b));
}

/** Bidders that ran for a microtask. */
export const contestantsOf = (microtask: MicrotaskState): Set<string> =>
  new Set(microtask.attempts.filter((a) => a.role !== "judge").map((a) => a.bidder));

/** What a look at a text of so many tokens is expected to cost, by the judge's list price. */
export const lookCost = (judge: Bidder, contract: Contract, tokens: number): NanoUsd =>
  costOf(judge.price, {
    input: tokens + promptTokens + contract.judged.reduce((sum, words) => sum + estimateTokens(words), 0),
    output: Math.min(judgeOutputTokens, verdictTokens * Math.max(1, contract.judged.length)) + thinking(judge),
    source: "bounded",
  });

const thinking = (judge: Bidder): number => judge.reasoningTokens ?? 0;

/** What judging has used of a job, running looks at their highest. */
export const judgeSpent = (job: Job): NanoUsd =>
  job.microtasks
    .flatMap((m) => m.attempts)
    .reduce(
      (sum, a) => sum + (a.role === "judge" ? Math.max(a.costNano, a.status === "running" ? a.reservedNano : 0) : 0),
      0,
    );

/**
 * What is left for looks at prefixes, which are bought to save money: a quarter of the budget; without one, of what
 * the job's line-ups would cost by their own bids.
 */
export function leftForLooks(job: Job): NanoUsd {
  const whole = job.request.budgetNano ?? expectedCost(job);
  return Math.max(0, Math.floor(whole * judgeCapShare) - judgeSpent(job));
}

function expectedCost(job: Job): NanoUsd {
  let sum = 0;
  for (const { decisions } of job.microtasks)
    for (const { award, bids } of decisions)
      for (const { bidder, role } of award)
        if (role === "leader" || role === "parallel") sum += bids.find((b) => b.bidder === bidder)?.costNano ?? 0;
  return sum;
}
