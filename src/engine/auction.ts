import type { Refusal } from "../error.ts";
import { isRejected, microtaskOf } from "../job/evolve.ts";
import type { Attempt, MicrotaskState } from "../job/job.ts";
import type { JobEvent } from "../job/job-event.ts";
import type { AuctionRequest } from "../market/bid.ts";
import type { Bidder } from "../market/bidder.ts";
import { ineligible, isAskedFor } from "../market/eligibility.ts";
import { type Decision, decide, type FailureReason, type Pacing, type Random } from "../market/market.ts";
import { formatUsd, type NanoUsd } from "../money/nano-usd.ts";
import { costsNothing } from "../money/price.ts";
import { wayOf } from "../plan/image.ts";
import { isInstructed } from "../plan/instructed.ts";
import { type JobRequest, jobImages } from "../plan/job-request.ts";
import { isClosed } from "../plan/kind.ts";
import type { Microtask } from "../plan/microtask.ts";
import { outputTokens } from "../plan/output-tokens.ts";
import { billedPrompt, boundOf } from "./bound.ts";
import { notGiven, unableToContinue } from "./continuation.ts";
import { drawsFor } from "./draws.ts";
import { failureOf } from "./failure.ts";
import { leftNano, shortageMs } from "./funds.ts";
import { inputFeatures } from "./input-features.ts";
import { failedByPolicy } from "./leader.ts";
import { judgingOf } from "./look-prices.ts";
import { estimateInput, type Prompt, promptOf } from "./messages.ts";
import { answerCap, firstTokens } from "./own-cap.ts";
import { beginningsOf, mayCache } from "./prompt-cache.ts";
import type { Run } from "./run.ts";
import { bidderNamed, isEmbedded, type Scene } from "./scene.ts";

type MicrotaskFailed = Extract<JobEvent, { type: "microtask-failed" }>;

const cannotContinue = "it cannot go on from text that was delivered";

/** Puts a microtask to auction, or says why nobody can serve it. */
export function holdAuction(run: Run, microtaskId: string): void {
  const microtask = microtaskOf(run.job, microtaskId);
  if (microtask === undefined) return;
  const view = run.ports.market();
  const prompt = promptOf(run, microtask);
  const request = auctionRequest(run, microtask, prompt);
  const hold = (asked: AuctionRequest) =>
    decideJudged(run, microtask, asked, run.job.pace ?? view.pacing, () => drawsFor(run.job.seed, run.job.seq));
  const unable = unableToContinue(run.job, microtask, run.ports).map((bidder) => ({ bidder, reason: cannotContinue }));
  const dear = [...tooDear(run, microtask, prompt), ...unable];
  let decision = hold(request);
  // Nobody is left: those that cannot be asked now are better than none, and so are those that failed in passing.
  if ("code" in decision && decision.code === "no-bidder" && request.unavailable.length > 0)
    decision = orElse(decision, hold({ ...request, unavailable: dear }));
  if ("code" in decision && decision.code === "no-bidder" && retriesLeft(microtask))
    decision = orElse(decision, hold({ ...request, unavailable: dear, tried: lastingly(microtask, request.tried) }));
  if ("award" in decision) return run.record({ type: "award-made", microtask: microtaskId, decision });
  if (unable.length > 0) return abandonContinuation(run, microtask, decision);
  // With all the money there is, would anybody have come?
  const wanting = wantingMoney(run, request, tooDear(run, microtask, prompt));
  const short = wanting.length > 0 || microtask.refused.length > 0;
  const byMoney = decision.code === "budget-exceeded" || (short && request.tried.length === 0);
  const { code, reason }: Pick<MicrotaskFailed, "code" | "reason"> = byMoney
    ? { code: shortageCode(run), reason: run.job.shortage?.why ?? "job-budget" }
    : request.tried.length > 0
      ? failureOf(microtask)
      : { code: "no-bidder", reason: decision.reason };
  const tried = request.tried.length > 0 ? `${triedSentence(microtask)} ` : "";
  run.record({
    type: "microtask-failed",
    microtask: microtaskId,
    code,
    message: `${tried}${(byMoney ? shortSentence(microtask) : null) ?? forMoney(decision, wanting).message}`.slice(
      0,
      2000,
    ),
    ...(reason === undefined ? {} : { reason }),
  });
}

/** Nobody who could go on from the delivered text is to be had: the request's second choice holds from here. */
function abandonContinuation(run: Run, microtask: MicrotaskState, refusal: Refusal): void {
  const policy = run.job.request.leaderChangeElse ?? "restart";
  const why = `no bidder that can go on from delivered text: ${refusal.message}`.slice(0, 1000);
  const abandoned: JobEvent = {
    type: "continuation-abandoned",
    microtask: microtask.task.id,
    attempt: microtask.leader ?? "",
    policy,
    why,
  };
  run.record(abandoned, ...(policy === "fail" ? [failedByPolicy(run.job)] : []));
}

/** Where somebody would take part but for what is left, money is wanted and no other bidder: the refusal says so. */
export const forMoney = (refusal: Refusal, wanting: readonly unknown[]): Refusal =>
  refusal.code === "no-bidder" && refusal.field !== "valueNano" && wanting.length > 0
    ? {
        code: "budget-exceeded",
        message: `${refusal.message} Raise the budget, or lower maxOutputTokens.`,
        field: "budgetNano",
      }
    : refusal;

/** Those of the too dear who would take part in this request if there were money. */
export const wantingMoney = (
  { ports }: Run,
  request: AuctionRequest,
  dear: readonly { bidder: string }[],
): { bidder: string }[] =>
  dear.filter(({ bidder: id }) => {
    const bidder = bidderNamed(ports, id);
    return bidder !== undefined && ineligible(bidder, { ...request, unavailable: [] }) === null;
  });

/** What the cheapest start that money refused would have needed; null: it refused none. */
function shortSentence(microtask: MicrotaskState): string | null {
  // A judge stands in no line-up: its place is below 0.
  const [cheapest] = microtask.refused.filter((start) => start.place >= 0).sort((a, b) => a.needNano - b.needNano);
  if (cheapest === undefined) return null;
  const call = `A call of ${cheapest.bidder} may cost ${formatUsd(cheapest.needNano)}, and`;
  if (cheapest.shortage === "held")
    return `${call} the tenant's other jobs hold what is left of its budget. Try again when they have ended.`;
  const whose = cheapest.shortage === "cap-reached" ? "the tenant's month" : "the job's budget";
  return `${call} less is left of ${whose}. Raise it, or lower maxOutputTokens.`;
}

/** 402 where the money is gone, 429 where it is only lent out. */
const shortageCode = ({ job, ports }: Run): "budget-exceeded" | "rate-limited" =>
  job.shortage?.why === "held" && ports.nowMs() < job.shortage.atMs + shortageMs ? "rate-limited" : "budget-exceeded";

/** The second try, where it found somebody or says that those there are were not worth their cost; else the first's refusal. */
const orElse = (refusal: Refusal, decision: Decision | Refusal): Decision | Refusal =>
  "award" in decision || decision.field === "valueNano" ? decision : refusal;

/** Failures that may be over by the next call. */
const passing: ReadonlySet<FailureReason> = new Set<FailureReason>([
  "rate-limited",
  "overloaded",
  "server-error",
  "connection-lost",
  "connect-timeout",
  "truncated",
  "cut-short",
  "unmarked-thoughts",
  "no-capacity",
]);
/** Rounds of auction a microtask may have before it fails; rounds that only waited for a place do not count. */
const maxRounds = 3;
const mostRounds = 10;
/** Nobody waits for a place that is given up so soon, ms: after two such rounds there is none to be had in time. */
const soonMs = 1_000;
const mostInVain = 2;

/** May the market be asked once more? */
export function roundsLeft(microtask: MicrotaskState): boolean {
  const rounds = microtask.decisions.length;
  const roundsOf = (attempts: readonly Attempt[]) => new Set(attempts.map((a) => a.round)).size;
  const ran = roundsOf(microtask.attempts.filter((a) => a.failure !== "no-capacity"));
  const asked = microtask.attempts.filter(({ role }) => role !== "judge");
  const isInVain = ({ failure, startedAtMs, endedAtMs }: Attempt) =>
    failure === "no-capacity" && (endedAtMs ?? startedAtMs) - startedAtMs < soonMs;
  if (roundsOf(asked) - roundsOf(asked.filter((a) => !isInVain(a))) >= mostInVain) return false;
  return rounds < mostRounds && (ran < maxRounds || rounds < maxRounds);
}

const retriesLeft = (microtask: MicrotaskState): boolean => microtask.decisions.length > 0 && roundsLeft(microtask);

/** Of those tried, the ones that another call would not mend. One that was cut for a commit that broke did nothing wrong. */
function lastingly(microtask: MicrotaskState, tried: AuctionRequest["tried"]): AuctionRequest["tried"] {
  return tried.filter(({ bidder, how }) => {
    const last = microtask.attempts.findLast((a) => a.bidder === bidder && a.role !== "judge");
    if (last?.status === "cancelled" && last.message === "committed-other") return false;
    // With the full cap it may fit; twice it will not.
    const short = microtask.attempts.filter((a) => a.bidder === bidder && a.failure === "cut-short").length;
    if (short > 1) return true;
    return how === "rejected" || last?.failure == null || !passing.has(last.failure);
  });
}

/**
 * A decision whose looks are priced for the line-up it makes. Who judges depends on who may still be asked, which is
 * known only then: where that changes what looks cost, it is made again, with the same draws.
 */
export function decideJudged(
  run: Run,
  microtask: MicrotaskState,
  asked: AuctionRequest,
  pacing: Pacing,
  draws: () => Random,
): Decision | Refusal {
  const { state } = run.ports.market();
  const bidders = competing(run.ports, asked);
  const first = decide(state, bidders, asked, pacing, draws());
  if ("code" in first || microtask.task.contract.judged.length === 0) return first;
  const lineUp = first.award.map((place) => place.bidder);
  const judging = judgingOf(run, microtask, asked.features, asked.maxOutputTokens, lineUp);
  if (judging.verdict.costNano === asked.verdict.costNano && sameLooks(judging.looks, asked.looks)) return first;
  const worthLookNano = asked.verdict.costNano;
  return decide(state, bidders, { ...asked, ...judging, worthLookNano }, pacing, draws());
}

/** All but the arms that nobody asked for, which are not worth a line each of what is written down. */
const competing = (scene: Pick<Scene, "market">, asked: Pick<AuctionRequest, "allowed" | "effort">): Bidder[] =>
  scene.market().bidders.filter((bidder) => bidder.arm === undefined || isAskedFor(bidder, asked));

const sameLooks = (one: AuctionRequest["looks"] = {}, other: AuctionRequest["looks"] = {}): boolean =>
  Object.keys(one).length === Object.keys(other).length && Object.keys(one).every((id) => one[id] === other[id]);

/** "embedded/franc: rejected (schema: ...)." for each bidder that was tried. */
export function triedSentence(microtask: MicrotaskState): string {
  const times = new Map<string, number>();
  for (const a of microtask.attempts) {
    if (a.role === "judge" || a.status === "running") continue;
    const said = `${a.bidder}: ${whyFailed(a) ?? whyRejected(a) ?? a.status}`;
    times.set(said, (times.get(said) ?? 0) + 1);
  }
  return [...times].map(([said, n]) => (n === 1 ? `${said}.` : `${said} (${n} times).`)).join(" ");
}

function whyFailed({ failure, message }: Attempt): string | null {
  return failure === null || message === "" ? failure : `${failure} (${message.replace(/\.$/, "").slice(0, 200)})`;
}

function whyRejected(attempt: Attempt): string | null {
  const verdict = attempt.wholeVerdict?.result === "reject" ? attempt.wholeVerdict : attempt.prefixVerdict;
  if (verdict?.result !== "reject") return null;
  const broken = verdict.criteria.filter((c) => c.result === "reject").map((c) => `${c.criterion}: ${c.evidence}`);
  return `rejected (${broken.join("; ").slice(0, 300)})`;
}

/** What the market is asked: facts of the microtask, what is left of money and time, and who was tried. */
export function auctionRequest(
  run: Run,
  microtask: MicrotaskState,
  { text, messages, texts, images }: Prompt,
): AuctionRequest {
  const { job, ports } = run;
  const { request } = job;
  const { task } = microtask;
  const way = wayOf(jobImages(request.input));
  const nowMs = ports.nowMs();
  const left = leftNano(job, nowMs);
  const maxOutputTokens = answerCap(task);
  const inputTokens = estimateInput(texts, images);
  const features = inputFeatures(job, task, text);
  const who = asksOf(request, task);
  const room = roomAt(ports, who, inputTokens + Math.min(maxOutputTokens, outputTokens[task.kind]));
  const asked: AuctionRequest = {
    kind: task.kind,
    closed: isClosed(task.kind),
    features,
    inputTokens,
    maxOutputTokens,
    valueNano: task.valueNano,
    budgetNano: left,
    deadlineMs: request.deadlineMs === null ? null : Math.max(0, job.acceptedAtMs + request.deadlineMs - nowMs),
    policy: request.policy,
    strategy: request.strategy,
    needsStructuredOutput: task.contract.schema !== undefined,
    ...(task.tools === undefined ? {} : { needsTools: true as const }),
    ...(way === null ? {} : { needsImages: way }),
    ...(isInstructed(job.planSource, request, task) ? { instructed: true as const } : {}),
    ...who,
    noRetention: request.noRetention,
    region: request.region,
    tried: triedOf(microtask),
    ...(mayCache(job, inputTokens)
      ? { cachedTokens: ports.fleet.prompts.cachedTokens(beginningsOf(job.tenant, messages, task.tools)) }
      : {}),
    ...room,
    unavailable: [
      ...room.unavailable,
      ...tooDear(run, microtask, { texts, images }),
      ...unableToContinue(job, microtask, ports).map((bidder) => ({ bidder, reason: cannotContinue })),
    ],
    ...judgingOf(run, microtask, features, maxOutputTokens, []),
    nowMs,
  };
  // A market is refused such a budget; here everybody who costs something is too dear already, and the others are asked.
  return request.budgetNano === 0 && hasFree(ports, asked) ? { ...asked, budgetNano: null } : asked;
}

/** Could somebody do it who costs nothing, now or later? */
const hasFree = (scene: Scene, asked: AuctionRequest): boolean =>
  scene
    .market()
    .bidders.some(
      (bidder) => costsNothing(bidder.price) && ineligible(bidder, { ...asked, tried: [], unavailable: [] }) === null,
    );

/** Whom a microtask asks. How long a planner is to think is not the caller's to say. */
const asksOf = ({ bidders, effort }: JobRequest, { kind }: Microtask): Pick<AuctionRequest, "allowed" | "effort"> => ({
  allowed: bidders,
  ...(effort === undefined || kind === "plan" ? {} : { effort }),
});

/** A bid is what a call is expected to cost; who could cost more than is left, however short, is not to be asked. */
export function tooDear(
  run: Run,
  microtask: MicrotaskState,
  { texts, images }: Pick<Prompt, "texts" | "images">,
): { bidder: string; reason: string }[] {
  const left: NanoUsd | null = leftNano(run.job, run.ports.nowMs());
  if (left === null) return [];
  const { task } = microtask;
  const inputTokens = estimateInput(texts, images);
  const billed = billedPrompt(texts, images);
  return competing(run.ports, asksOf(run.job.request, task)).flatMap((bidder) => {
    const { leastNano } = boundOf(bidder, billed, firstTokens(run.job, task, bidder, inputTokens));
    const reason = `it may cost ${formatUsd(leastNano)} and ${formatUsd(left)} are left`;
    return leastNano > left ? [{ bidder: bidder.id, reason }] : [];
  });
}

function triedOf(microtask: MicrotaskState): AuctionRequest["tried"] {
  const tried = new Map<string, "rejected" | "failed">();
  for (const attempt of microtask.attempts) {
    if (attempt.role === "judge" || attempt.role === "fusion") continue;
    if (attempt.status === "running" || attempt.status === "orphaned") continue;
    // It was never asked: no place came free. Or it did nothing wrong.
    if (attempt.failure === "no-capacity" || attempt.message === notGiven) continue;
    tried.set(attempt.bidder, isRejected(attempt) ? "rejected" : "failed");
  }
  return [...tried].map(([bidder, how]) => ({ bidder, how }));
}

/** Who cannot be asked now and why, and the calls and queueing at the others. */
function roomAt(
  scene: Scene,
  who: Pick<AuctionRequest, "allowed" | "effort">,
  tokens: number,
): Pick<AuctionRequest, "unavailable" | "load" | "queueMs"> {
  const unavailable: AuctionRequest["unavailable"] = [];
  const load: Record<string, number> = {};
  const queueMs: Record<string, number> = {};
  for (const bidder of competing(scene, who)) {
    if (isEmbedded(bidder.id)) continue;
    const room = scene.fleet.look(bidder, tokens);
    if (room.unavailable !== null) unavailable.push({ bidder: bidder.id, reason: room.unavailable });
    if (room.load > 0) load[bidder.id] = room.load;
    if (room.queueMs > 0) queueMs[bidder.id] = Math.round(room.queueMs);
  }
  return { unavailable, load, queueMs };
}
