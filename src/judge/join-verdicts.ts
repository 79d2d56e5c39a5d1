import type { CriterionResult, Verdict } from "./verdict.ts";

/**
 * The deterministic verdict and a model judge's results as one. A reject of either rejects; both must accept. `judged`
 * null: a judge was wanted and has no say (it failed, was inconsistent or was not worth its price): undecided, unless
 * the criteria reject. A contract without judged criteria needs no join.
 */
export function joinVerdicts(deterministic: Verdict, judged: readonly CriterionResult[] | null): Verdict {
  const criteria = [...deterministic.criteria, ...(judged ?? [])];
  const joined = (result: Verdict["result"]): Verdict => ({ ...deterministic, result, criteria });
  if (deterministic.result === "reject") return joined("reject");
  if (judged === null || judged.length === 0) return joined("undecided");
  if (judged.some(({ result }) => result === "reject")) return joined("reject");
  const accepted = judged.every(({ result }) => result === "accept");
  if (!accepted) return joined("undecided");
  // On a prefix the judge may speak for it where the criteria only stand; on the whole both must say yes.
  if (deterministic.on === "whole" || deterministic.result === "accept") return joined(deterministic.result);
  const standing = deterministic.criteria.filter((result) => result.result === "undecided" && result.standing === true);
  const open = deterministic.criteria.some((result) => result.result !== "accept" && result.standing !== true);
  if (open) return joined("undecided");
  return { ...joined("accept"), risk: standing.map((result) => result.criterion) };
}
