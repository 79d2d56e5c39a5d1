import { estimateTokens } from "../adapt/prompt.ts";
import { microtaskOf } from "../job/evolve.ts";
import type { Attempt, Job, MicrotaskState } from "../job/job.ts";
import type { AuctionRequest } from "../market/bid.ts";
import { decide } from "../market/market.ts";
import type { NanoUsd } from "../money/nano-usd.ts";
import { isClosed } from "../plan/kind.ts";
import { outputTokens } from "../plan/output-tokens.ts";
import { scriptOf } from "../plan/script.ts";
import { inputOf } from "./attempts.ts";
import { boundOf } from "./bound.ts";
import { drawsFor } from "./draws.ts";
import { leftNano, shortageMs } from "./funds.ts";
import type { Run } from "./run.ts";

/** Room for instructions and schema around a text, tokens. */
const promptOverhead = 120;

/** Puts a microtask to auction, or says why nobody can serve it. */
export function holdAuction(run: Run, microtaskId: string): void {
  const microtask = microtaskOf(run.job, microtaskId);
  if (microtask === undefined) return;
  const view = run.ports.market();
  const request = auctionRequest(run, microtask);
  const decision = decide(view.state, view.bidders, request, view.pacing, drawsFor(run.job.seed, run.job.seq));
  if ("award" in decision) return run.record({ type: "award-made", microtask: microtaskId, decision });
  // With all the money there is, would anybody have come?
  const short = request.unavailable.length > 0 || microtask.refused.length > 0;
  const code =
    decision.code === "budget-exceeded" || (short && request.tried.length === 0)
      ? shortageCode(run)
      : request.tried.length > 0
        ? failureOf(microtask)
        : "no-bidder";
  const tried = request.tried.length > 0 ? `${triedSentence(microtask)} ` : "";
  run.record({
    type: "microtask-failed",
    microtask: microtaskId,
    code,
    message: `${tried}${decision.message}`.slice(0, 2000),
    ...(code === "budget-exceeded" || code === "rate-limited" ? { reason: run.job.shortage?.why ?? "job-budget" } : {}),
  });
}

/** 402 where the money is gone, 429 where it is only lent out. */
const shortageCode = ({ job, ports }: Run): "budget-exceeded" | "rate-limited" =>
  job.shortage?.why === "held" && ports.nowMs() < job.shortage.atMs + shortageMs ? "rate-limited" : "budget-exceeded";

const failureOf = (microtask: MicrotaskState): "not-accepted" | "bidders-failed" =>
  microtask.attempts.some((a) => a.wholeVerdict?.result === "reject" || a.prefixVerdict?.result === "reject")
    ? "not-accepted"
    : "bidders-failed";

/** "embedded/franc: rejected (schema: ...)." for each bidder that was tried. */
export function triedSentence(microtask: MicrotaskState): string {
  return microtask.attempts
    .filter((a) => a.role !== "judge" && a.status !== "running")
    .map((a) => `${a.bidder}: ${a.failure ?? whyRejected(a) ?? a.status}.`)
    .join(" ");
}

function whyRejected(attempt: Attempt): string | null {
  const verdict = attempt.wholeVerdict?.result === "reject" ? attempt.wholeVerdict : attempt.prefixVerdict;
  if (verdict?.result !== "reject") return null;
  const broken = verdict.criteria.filter((c) => c.result === "reject").map((c) => `${c.criterion}: ${c.evidence}`);
  return `rejected (${broken.join("; ").slice(0, 300)})`;
}

/** What the market is asked: facts of the microtask, what is left of money and time, and who was tried. */
export function auctionRequest(run: Run, microtask: MicrotaskState): AuctionRequest {
  const { job, ports } = run;
  const { request } = job;
  const { task } = microtask;
  const text = inputOf(run, microtask);
  const nowMs = ports.nowMs();
  const left = leftNano(job, nowMs);
  return {
    kind: task.kind,
    closed: isClosed(task.kind),
    features: { inputChars: text.length, script: scriptOf(text) },
    inputTokens: estimateTokens(text) + promptOverhead,
    maxOutputTokens: task.maxOutputTokens ?? outputTokens[task.kind],
    valueNano: task.valueNano,
    budgetNano: left,
    deadlineMs: request.deadlineMs === null ? null : Math.max(0, job.acceptedAtMs + request.deadlineMs - nowMs),
    policy: request.policy,
    strategy: request.strategy,
    needsStructuredOutput: task.contract.schema !== undefined,
    allowed: request.bidders,
    noRetention: request.noRetention,
    region: request.region,
    tried: triedOf(microtask),
    unavailable: left === null ? [] : tooDear(run, microtask, text, left),
    verdict: verdictOf(task),
    load: loadOf(job),
    nowMs,
  };
}

/** A bid is what a call is expected to cost; who could cost more than is left, however short, is not to be asked. */
function tooDear(
  run: Run,
  microtask: MicrotaskState,
  text: string,
  left: NanoUsd,
): { bidder: string; reason: string }[] {
  const { task } = microtask;
  const wanted = task.maxOutputTokens ?? outputTokens[task.kind];
  return run.ports.market().bidders.flatMap((bidder) => {
    const { leastNano } = boundOf(bidder, [{ role: "user", content: text }], wanted);
    const reason = `it may cost ${leastNano} nano-USD and ${left} are left`;
    return leastNano > left ? [{ bidder: bidder.id, reason }] : [];
  });
}

function triedOf(microtask: MicrotaskState): AuctionRequest["tried"] {
  const tried = new Map<string, "rejected" | "failed">();
  for (const attempt of microtask.attempts) {
    if (attempt.role === "judge" || attempt.status === "running" || attempt.status === "orphaned") continue;
    const rejected = attempt.wholeVerdict?.result === "reject" || attempt.prefixVerdict?.result === "reject";
    tried.set(attempt.bidder, rejected ? "rejected" : "failed");
  }
  return [...tried].map(([bidder, how]) => ({ bidder, how }));
}

function loadOf(job: Job): Record<string, number> {
  const load: Record<string, number> = {};
  for (const m of job.microtasks)
    for (const a of m.attempts) if (a.status === "running") load[a.bidder] = (load[a.bidder] ?? 0) + 1;
  return load;
}

/**
 * What a verdict on this contract can tell: deterministic criteria reject what is wrong by them; without any, nothing
 * is ever rejected for being wrong, so the first answer must be the likeliest one.
 */
function verdictOf({ kind, contract }: MicrotaskState["task"]): AuctionRequest["verdict"] {
  const checked = contract.criteria.length > 0 || (contract.schema !== undefined && !isClosed(kind));
  return { trueAccept: 1, trueReject: checked ? 1 : 0, costNano: 0 };
}
