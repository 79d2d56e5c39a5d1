import type { Bidder } from "../market/bidder.ts";
import type { Message } from "../plan/microtask.ts";
import { boundOf } from "./bound.ts";
import { fundsFor } from "./funds.ts";
import { judgeCapShare, judgeOutputTokens, judgeSpent } from "./judge-choice.ts";
import type { Run } from "./run.ts";

/**
 * Why these looks may not be bought: judging has its own share of the budget. null: they may. "asked": the tenant's
 * budget was asked first.
 */
export function overCap(run: Run, judge: Bidder, messages: Message[], looks: number): string | null {
  const { budgetNano } = run.job.request;
  const price = looks * boundOf(judge, messages, judgeOutputTokens).nano;
  if (budgetNano !== null && judgeSpent(run.job) + price > budgetNano * judgeCapShare)
    return "judging would use more than its share of the budget";
  const funding = fundsFor(run, price, price, false);
  if (funding === "asked") return "asked";
  return "shortage" in funding ? "the budget leaves nothing for a judge" : null;
}
