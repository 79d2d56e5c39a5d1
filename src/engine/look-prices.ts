import type { MicrotaskState } from "../job/job.ts";
import { type AuctionRequest, type Features, ratesOf, usualAnswer } from "../market/market.ts";
import { isClosed } from "../plan/kind.ts";
import { outputTokens } from "../plan/output-tokens.ts";
import { contestantsOf, judgeOver, lookCost } from "./judge-choice.ts";
import { estimateJudged } from "./messages.ts";
import type { Run } from "./run.ts";
import { isEmbedded } from "./scene.ts";

type Judging = Pick<AuctionRequest, "verdict" | "looks">;

/**
 * What a verdict on an answer can tell and what a look at it costs: the criteria's, or the judge's that would be asked
 * if these bidders were in the line-up. `looks` has those whose answers another one would judge: nobody judges itself or,
 * where there is a choice, its own family.
 */
export function judgingOf(
  run: Run,
  microtask: MicrotaskState,
  features: Features,
  maxOutputTokens: number,
  lineUp: readonly string[],
): Judging {
  const { job, ports } = run;
  const { task } = microtask;
  const { contract } = task;
  const byCode = { verdict: byCriteria(task) };
  if (contract.judged.length === 0) return byCode;
  const ran = contestantsOf(microtask);
  const usual = judgeOver(job, ports, ran, lineUp);
  if ("none" in usual) return byCode;
  const { bidders, state } = ports.market();
  // A lone model has nobody to judge it.
  if (!bidders.some((b) => b.enabled && !isEmbedded(b.id) && b.model !== usual.judge.model)) return byCode;
  const answerTokens = Math.min(
    maxOutputTokens,
    usualAnswer(state, task.kind, features) ?? outputTokens[task.kind] / 2,
  );
  const tokens = Math.round(estimateJudged(job, microtask) + answerTokens);
  const costNano = lookCost(usual.judge, contract, tokens);
  const looks: Record<string, number> = {};
  for (const bidder of bidders) {
    // Against anybody else the choice stays what it is: the pool only loses those of the newcomer's family.
    if (bidder.family !== usual.judge.family && bidder.model !== usual.judge.model) continue;
    const chosen = judgeOver(job, ports, new Set([...ran, bidder.id]), lineUp);
    const own = "none" in chosen ? costNano : lookCost(chosen.judge, contract, tokens);
    if (own !== costNano) looks[bidder.id] = own;
  }
  return { verdict: { ...ratesOf(usual.profile), costNano }, looks };
}

/**
 * What a verdict by code can tell: deterministic criteria reject what is wrong by them; without any, nothing is ever
 * rejected for being wrong, so the first answer must be the likeliest one.
 */
function byCriteria({ kind, contract }: MicrotaskState["task"]): AuctionRequest["verdict"] {
  const checked = contract.criteria.length > 0 || (contract.schema !== undefined && !isClosed(kind));
  return { trueAccept: 1, trueReject: checked ? 1 : 0, costNano: 0 };
}
