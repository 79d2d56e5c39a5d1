import type { Job, MicrotaskState } from "../job/job.ts";
import type { Bidder } from "../market/bidder.ts";
import type { NanoUsd } from "../money/nano-usd.ts";
import { costOf, type PriceSheet } from "../money/price.ts";
import type { Message } from "../plan/microtask.ts";
import { imagesOf, promptTexts } from "../plan/prompt-texts.ts";
import { billedPrompt, boundOf } from "./bound.ts";
import { fundsFor } from "./funds.ts";
import { judgeCapShare, judgeOutputTokens, judgeSpent, verdictTokens } from "./judge-choice.ts";
import { estimateInput } from "./messages.ts";
import type { Run } from "./run.ts";

/**
 * Share of what a job's answers are worth that judging may use where there is no budget. Larger than a budget's: a value
 * is no promise, and looks count at what they are expected to cost, not at their bound.
 */
const worthShare = 0.5;

/**
 * Why these looks may not be bought: judging has its own share of the budget; without one, of what the job is worth.
 * null: they may. "asked": the tenant's budget was asked first. An audit is the operator's, who holds it to a budget, if
 * there is one, and to nothing else.
 */
export function overCap(
  run: Run,
  microtask: MicrotaskState,
  judge: Bidder,
  messages: Message[],
  looks: number,
  audit = false,
): string | null {
  const { budgetNano } = run.job.request;
  const billed = billedPrompt(promptTexts(messages), imagesOf(messages).length);
  const price = looks * boundOf(judge, billed, judgeOutputTokens).nano;
  if (budgetNano !== null && judgeSpent(run.job) + price > budgetNano * judgeCapShare)
    return "judging would use more than its share of the budget";
  if (budgetNano === null && !audit) {
    const input = estimateInput(promptTexts(messages), imagesOf(messages).length);
    const expected = looks * lookPrice(judge.price, input, microtask, judge.reasoningTokens ?? 0);
    if (expectedSpent(run.job) + expected > worthOf(run.job) * worthShare)
      return "judging would use more than its share of what the job is worth";
  }
  const funding = fundsFor(run, price, price, false);
  if (funding === "asked") return "asked";
  return "shortage" in funding ? "the budget leaves nothing for a judge" : null;
}

/** What the answers of a job are worth, those of its microtasks together that were put to auction. */
const worthOf = (job: Job): NanoUsd => job.microtasks.reduce((sum, m) => sum + (m.decisions.at(-1)?.valueNano ?? 0), 0);

/** What judging has cost, running looks at what they are expected to. */
function expectedSpent(job: Job): NanoUsd {
  let sum = 0;
  for (const m of job.microtasks)
    for (const a of m.attempts)
      if (a.role === "judge")
        sum += a.status === "running" && a.price !== null ? lookPrice(a.price, a.inputTokens, m, 0) : a.costNano;
  return sum;
}

const lookPrice = (price: PriceSheet, input: number, { task }: MicrotaskState, thinking: number): NanoUsd =>
  costOf(price, {
    input,
    output: Math.min(judgeOutputTokens, verdictTokens * Math.max(1, task.contract.judged.length)) + thinking,
    source: "bounded",
  });
