import { type JudgeContext, type PrefixJudge, prepareJudge } from "../../src/judge/prefix-judge.ts";
import type { LengthForecast } from "../../src/judge/projected-length.ts";
import type { Contract } from "../../src/plan/contract.ts";

/** `prepareJudge` for a single stream. */
export const openPrefixJudge = (
  contract: Contract,
  context: JudgeContext,
  forecast: LengthForecast | null = null,
): PrefixJudge => prepareJudge(contract, context).open(forecast);
