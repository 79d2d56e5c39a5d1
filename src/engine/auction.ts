import { estimateTokens } from "../adapt/prompt.ts";
import { microtaskOf } from "../job/evolve.ts";
import type { Attempt, Job, MicrotaskState } from "../job/job.ts";
import type { AuctionRequest } from "../market/bid.ts";
import { decide } from "../market/market.ts";
import { isClosed } from "../plan/kind.ts";
import { outputTokens } from "../plan/output-tokens.ts";
import { scriptOf } from "../plan/script.ts";
import { inputOf } from "./attempts.ts";
import { drawsFor } from "./draws.ts";
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
  const code =
    decision.code === "budget-exceeded"
      ? "budget-exceeded"
      : request.tried.length > 0
        ? failureOf(microtask)
        : "no-bidder";
  const tried = request.tried.length > 0 ? `${triedSentence(microtask)} ` : "";
  run.record({
    type: "microtask-failed",
    microtask: microtaskId,
    code,
    message: `${tried}${decision.message}`.slice(0, 2000),
  });
}

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
  return {
    kind: task.kind,
    closed: isClosed(task.kind),
    features: { inputChars: text.length, script: scriptOf(text) },
    inputTokens: estimateTokens(text) + promptOverhead,
    maxOutputTokens: task.maxOutputTokens ?? outputTokens[task.kind],
    valueNano: task.valueNano,
    budgetNano: request.budgetNano === null ? null : Math.max(0, request.budgetNano - committedNano(job)),
    deadlineMs: request.deadlineMs === null ? null : Math.max(0, job.acceptedAtMs + request.deadlineMs - nowMs),
    policy: request.policy,
    strategy: request.strategy,
    needsStructuredOutput: task.contract.schema !== undefined,
    allowed: request.bidders,
    noRetention: request.noRetention,
    region: request.region,
    tried: triedOf(microtask),
    unavailable: [],
    verdict: verdictOf(task),
    load: loadOf(job),
    nowMs,
  };
}

/** Spent, and what running attempts may still cost. */
export function committedNano(job: Job): number {
  let sum = job.costNano;
  for (const m of job.microtasks) for (const a of m.attempts) if (a.status === "running") sum += a.reservedNano;
  return sum;
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
