import type { Refusal } from "../error.ts";
import type { AuctionRequest } from "./bid.ts";

/** Tokens of context a call takes: input and the room for its output. */
export const contextTokensNeeded = (request: AuctionRequest): number =>
  request.inputTokens + Math.min(request.maxOutputTokens, 256);

/** A refusal that names the field of a request no auction can be held on; null: it is sound. */
export function unsound(request: AuctionRequest, pacing: { lambda: number; muUsdPerSecond: number }): Refusal | null {
  const numbers: [string, number | null][] = [
    ["features.inputChars", request.features.inputChars],
    ["inputTokens", request.inputTokens],
    ["maxOutputTokens", request.maxOutputTokens],
    ["valueNano", request.valueNano],
    ["budgetNano", request.budgetNano],
    ["deadlineMs", request.deadlineMs],
    ["verdict.trueAccept", request.verdict.trueAccept],
    ["verdict.trueReject", request.verdict.trueReject],
    ["verdict.costNano", request.verdict.costNano],
    ["nowMs", request.nowMs],
    ["lambda", pacing.lambda],
    ["muUsdPerSecond", pacing.muUsdPerSecond],
  ];
  for (const [field, value] of numbers) {
    if (value === null) continue;
    if (typeof value !== "number" || !Number.isFinite(value) || value < 0) {
      return { code: "invalid-request", message: `${field} must be a number of at least 0, not ${value}.`, field };
    }
  }
  if (request.budgetNano === 0) {
    return {
      code: "budget-exceeded",
      message: "Nothing is left of the budget. Raise it to go on.",
      field: "budgetNano",
    };
  }
  if (request.deadlineMs === 0) {
    return {
      code: "deadline-exceeded",
      message: "Nothing is left of the deadline. Raise it to go on.",
      field: "deadlineMs",
    };
  }
  return null;
}
