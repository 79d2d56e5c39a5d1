import eld from "eld/small";
import { foretells, signalOf } from "../../src/engine/prediction.ts";
import { standingCriteria } from "../../src/engine/prefix-bet.ts";
import { type PrefixJudge, prepareJudge } from "../../src/judge/prefix-judge.ts";
import type { Verdict } from "../../src/judge/verdict.ts";
import { quarterOf } from "../../src/market/break-record.ts";
import type { Contract } from "../../src/plan/contract.ts";
import { drawAt, normalOf } from "./draw.ts";

/** Five criteria, as a shop might set for replies about an order. */
export const contract: Contract = {
  criteria: [
    { type: "contains", text: "order 4711", must: true, ignoreCase: true },
    { type: "pattern", pattern: "\\b\\d{1,2} (May|June|July)\\b", must: true },
    { type: "contains", text: "as an AI", must: false, ignoreCase: true },
    { type: "length", max: 4000 },
    { type: "language", language: "en" },
  ],
  judged: [],
};

const english =
  "the of and to in is that for it with as was on be at by this have from or had not are but what all were when we there can an your which their said if do will each about how up out them then she many some so these would other into has more her two like him see time could no make than first been its who now people my made over did down only way find use may water long little very after words called just where most know".split(
    " ",
  );
const german =
  "der die das und ist nicht wir haben werden können möchten bitte lieferung bestellung morgen heute woche ihnen ihre unser vielen dank freundlichen grüßen leider bereits noch einmal über durch gegen ohne schon wieder jedoch deshalb zwischen während".split(
    " ",
  );

/** One generated answer and what the real criteria said while it streamed, four tokens a chunk. */
export interface Answer {
  tokens: number;
  good: boolean;
  /** Verdicts in the order of tokens at which they changed. */
  changes: { atTokens: number; verdict: Verdict }[];
  whole: Verdict;
  /** Quarters of the expected length in which its prefix was accepted, and the criteria that could still break. */
  stood: { criteria: string; quarter: number }[];
  /** Predictive criteria that spoke against it, and the quarter in which they first did. */
  foretold: { signal: string; quarter: number }[];
}

export interface AnswerMix {
  /** Both required facts stand, uniformly drawn, within this share of the answer. */
  factsWithin: number;
  /** Share of answers that never come to an end in time. */
  runaway: number;
}

export const expectedTokens = 300;
const sdLog = 0.3;
const chunkTokens = 4;

const detectLanguage = (text: string) => {
  const { language } = eld.detect(text);
  return language === "" ? null : { language, confidence: 1 };
};

/** The criteria, ready for a stream. */
export function openBenchJudge(): PrefixJudge {
  return prepared.open();
}
/** Compiles them, as a microtask does once. */
export const prepareBenchJudge = () => prepareJudge(contract, { input: "", detectLanguage });
const prepared = prepareBenchJudge();

/**
 * Answers of log-normal length (sd 0.3). Of 100: 5 lack a fact, 3 say the forbidden phrase (2.7 within their first
 * fifth, as refusals do), 1.5 are in another language, and `runaway` of all run past the length limit,
 * three in four because they fall into a loop.
 */
export function generateAnswers(count: number, mix: AnswerMix, seed: number): Answer[] {
  return Array.from({ length: count }, (_, index) => judge(write(index, mix, seed)));
}

/** The answer's tokens, one word each. */
export function write(index: number, mix: AnswerMix, seed: number): string[] {
  let slot = 0;
  const next = () => drawAt(seed, index, slot++);
  const drawn = Math.round(expectedTokens * Math.exp(sdLog * normalOf(next(), next())));
  const defect = next();
  const tooLong = defect > 0.1 && defect < 0.1 + mix.runaway / 4;
  const length = Math.max(60, tooLong ? 1_000 : drawn);
  const words = defect > 0.08 && defect < 0.095 ? german : english;
  const tokens = Array.from({ length }, () => words[Math.floor(next() * words.length)] ?? "the");
  const within = (share: number) => Math.max(1, Math.floor(next() * share * Math.min(length, 2 * drawn)));
  const put = (at: number, text: string) => {
    tokens[Math.min(at, length - 1)] = text;
  };
  if (defect >= 0.025) put(within(mix.factsWithin), "order 4711");
  if (defect < 0.025 || defect >= 0.05) put(within(mix.factsWithin), `${1 + Math.floor(next() * 28)} June`);
  if (defect >= 0.05 && defect < 0.077) put(within(0.2), "as an AI");
  if (defect >= 0.077 && defect < 0.08) put(within(1), "as an AI");
  if (defect >= 0.2 && defect < 0.2 + 0.75 * mix.runaway) {
    const from = within(1);
    const unit = tokens.slice(from, from + 8);
    const looping = Array.from({ length: 1_000 - from }, (_, at) => unit[at % Math.max(1, unit.length)] ?? "the");
    tokens.splice(from, tokens.length, ...looping);
  }
  return tokens;
}

function judge(tokens: string[]): Answer {
  const running = openBenchJudge();
  const changes: Answer["changes"] = [];
  const stood: Answer["stood"] = [];
  const foretold: Answer["foretold"] = [];
  let text = "";
  for (let at = 0; at < tokens.length; at += chunkTokens) {
    const chunk = `${tokens.slice(at, at + chunkTokens).join(" ")} `;
    text += chunk;
    const verdict = running.push(chunk);
    const seen = Math.min(tokens.length, at + chunkTokens);
    if (verdict !== null) changes.push({ atTokens: seen, verdict });
    const quarter = quarterOf(seen, expectedTokens);
    for (const one of verdict?.criteria.filter(foretells) ?? []) {
      const signal = signalOf(contract, one.criterion);
      if (!foretold.some((known) => known.signal === signal)) foretold.push({ signal, quarter });
    }
    if (quarter > (stood.at(-1)?.quarter ?? -1)) {
      const prefix = running.prefix();
      const criteria = standingCriteria(contract, prefix);
      if (prefix.result === "accept" && criteria !== "") stood.push({ criteria, quarter });
    }
  }
  const whole = running.whole(text, null);
  return {
    tokens: tokens.length,
    good: whole.result === "accept",
    changes,
    whole,
    stood,
    foretold,
  };
}
