import { readAnswer } from "../output/read-answer.ts";
import type { Reading } from "../output/reader.ts";
import type { Contract, Criterion } from "../plan/contract.ts";
import { containsCriterion } from "./contains-criterion.ts";
import type { PreparedCriterion, RunningCriterion, Status, WholeAnswer } from "./criterion.ts";
import { equalsCriterion } from "./equals-criterion.ts";
import { expressionCriterion } from "./expression-criterion.ts";
import { type DetectLanguage, languageCriterion } from "./language-criterion.ts";
import { lengthCriterion, wordsCriterion } from "./length-criterion.ts";
import { numberCriterion } from "./number-criterion.ts";
import { parsesCriterion } from "./parses-criterion.ts";
import { patternCriterion } from "./pattern-criterion.ts";
import { type LengthForecast, projectedLengthCriterion } from "./projected-length.ts";
import { quotesCriterion } from "./quotes-criterion.ts";
import { repetitionCriterion } from "./repetition.ts";
import { schemaCriterion } from "./schema-criterion.ts";
import { opensWithBracket, unlikelyJsonCriterion } from "./unlikely-json.ts";
import type { CriterionResult, Verdict } from "./verdict.ts";

/** What the criteria of one microtask need besides its contract. */
export interface JudgeContext {
  /** The text the answer is about; quotations are looked up in it. */
  input: string;
  detectLanguage?: DetectLanguage;
}

/** The deterministic criteria on one racer's stream. Memory: at most 256 KB, besides what all racers share. */
export interface PrefixJudge {
  /** Reads on; O(chunk) amortised. A verdict when one of the criteria changed, else null. */
  push(chunk: string): Verdict | null;
  /** The verdict on what was pushed so far, changed or not. */
  prefix(): Verdict;
  /** The verdict on the whole text. What was not pushed of it is read first; `reading` is needed with a schema. */
  whole(text: string, reading: Reading | null): Verdict;
}

/**
 * A contract made ready once for all racers of a microtask; the contract must have passed `checkContract`. `forecast`:
 * how long this racer's answers are, and where they are cut; null: no projection.
 */
export function prepareJudge(
  contract: Contract,
  context: JudgeContext,
): { open(forecast?: LengthForecast | null): PrefixJudge } {
  const criteria: PreparedCriterion[] = contract.criteria.map((criterion, index) =>
    prepareCriterion(`criteria/${index}`, criterion, contract, context),
  );
  if (contract.schema !== undefined) criteria.unshift(schemaCriterion(contract.schema));
  // Built in; they speak on prefixes only, and only when they reject.
  const watches = [repetitionCriterion()];
  if (contract.schema !== undefined && opensWithBracket(contract.schema)) watches.push(unlikelyJsonCriterion());
  return {
    open: (forecast) => {
      const projected = forecast == null ? [] : [projectedLengthCriterion(forecast)];
      return openJudge(criteria, [...watches, ...projected], contract);
    },
  };
}

function prepareCriterion(
  id: string,
  criterion: Criterion,
  contract: Contract,
  context: JudgeContext,
): PreparedCriterion {
  switch (criterion.type) {
    case "length":
      return lengthCriterion(id, criterion);
    case "words":
      return wordsCriterion(id, criterion);
    case "pattern":
      return patternCriterion(id, criterion.pattern, criterion.must);
    case "contains":
      return containsCriterion(id, criterion.text, criterion.must, criterion.ignoreCase);
    case "equals":
      return equalsCriterion(id, criterion.anyOf);
    case "language":
      return languageCriterion(id, criterion.language, context.detectLanguage);
    case "number":
      return numberCriterion(id, criterion);
    case "quotes":
      return quotesCriterion(id, criterion.minChars, context.input, contract.schema !== undefined);
    case "parses":
      return parsesCriterion(id, criterion.language);
    case "expression":
      return expressionCriterion(id, criterion.expression);
  }
}

function openJudge(
  criteria: readonly PreparedCriterion[],
  watches: readonly PreparedCriterion[],
  contract: Contract,
): PrefixJudge {
  const running = criteria.map((criterion) => criterion.open());
  const watching = watches.map((watch) => watch.open());
  const all = [...running, ...watching];
  const prepared = [...criteria, ...watches];
  const last: Status[] = all.map((criterion) => criterion.status());
  let seen = 0;

  const read = (chunk: string): boolean => {
    seen += chunk.length;
    let changed = false;
    for (let at = 0; at < all.length; at += 1) {
      const criterion = all[at];
      if (criterion === undefined) continue;
      criterion.push(chunk);
      const status = criterion.status();
      if (status === last[at]) continue;
      last[at] = status;
      changed = true;
    }
    return changed;
  };

  const onPrefix = (): Verdict => {
    const results: CriterionResult[] = [];
    for (const [at, status] of last.entries()) {
      const [criterion, how] = [all[at], prepared[at]];
      if (criterion === undefined || how === undefined || (at >= running.length && status !== "reject")) continue;
      results.push(prefixResult(how, criterion, status));
    }
    const statuses = last.slice(0, running.length);
    if (statuses.some((status, at) => status === "reject" && criteria[at]?.class === "monotone")) {
      return { on: "prefix", result: "reject", criteria: results };
    }
    const decided = statuses.every((status) => status === "accept" || status === "standing");
    // Something must speak for the prefix: a criterion that is met for good, or a schema whose required keys all stand.
    const speaks = statuses.some(
      (status, at) => status === "accept" || (status === "standing" && criteria[at]?.id === "schema"),
    );
    const loops = last.slice(running.length).includes("reject");
    if (!decided || !speaks || loops) return { on: "prefix", result: "undecided", criteria: results };
    const risk = results.filter((result) => result.standing === true).map((result) => result.criterion);
    return { on: "prefix", result: "accept", criteria: results, risk };
  };

  return {
    push: (chunk) => (read(chunk) ? onPrefix() : null),
    prefix: onPrefix,
    whole: (text, reading) => {
      if (seen > text.length) return openJudge(criteria, watches, contract).whole(text, reading);
      if (seen < text.length) read(text.slice(seen));
      const answer = wholeAnswer(text, reading);
      const results = running.map((criterion, at): CriterionResult => {
        const found = criterion.finish(answer);
        const result = found.accept === null ? "undecided" : found.accept ? "accept" : "reject";
        return {
          criterion: criteria[at]?.id ?? "",
          class: criteria[at]?.class ?? "final",
          result,
          evidence: found.evidence.slice(0, 300),
        };
      });
      const wantsEmpty = contract.criteria.some((criterion) => criterion.type === "equals");
      if (text.trim() === "" && !wantsEmpty)
        results.push({ criterion: "empty", class: "final", result: "reject", evidence: "the answer is empty" });
      const has = (result: CriterionResult["result"]): boolean => results.some((one) => one.result === result);
      return {
        on: "whole",
        result: has("reject") ? "reject" : has("undecided") ? "undecided" : "accept",
        criteria: results,
      };
    },
  };
}

function prefixResult(how: PreparedCriterion, criterion: RunningCriterion, status: Status): CriterionResult {
  const result: CriterionResult = {
    criterion: how.id,
    class: how.class,
    result: status === "standing" ? "undecided" : status,
    evidence: criterion.evidence().slice(0, 300),
  };
  if (status === "standing") result.standing = true;
  if (status === "reject" && how.class === "predictive") result.pFalse = criterion.pFalse?.() ?? 1;
  return result;
}

function wholeAnswer(text: string, reading: Reading | null): WholeAnswer {
  let value: unknown;
  let known = false;
  return {
    text,
    reading,
    value: () => {
      if (known) return value;
      known = true;
      const read = reading ?? readAnswer(text, { type: ["object", "array"] });
      value = read.ok ? read.value : undefined;
      return value;
    },
  };
}
