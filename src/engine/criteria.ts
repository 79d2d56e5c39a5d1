import { type PrefixJudge, prepareJudge } from "../judge/prefix-judge.ts";
import type { LengthForecast } from "../judge/projected-length.ts";
import type { Microtask } from "../plan/microtask.ts";
import type { EnginePorts } from "./ports.ts";

type Prepared = ReturnType<typeof prepareJudge>;

/** By microtask, and gone with it: patterns and schemas are compiled once, whoever races and however often. */
const prepared = new WeakMap<Microtask, { input: string; judge: Prepared }>();

/** The criteria of a microtask on one attempt's stream. `input`: the text the microtask is about. */
export function openCriteria(
  task: Microtask,
  input: string,
  detectLanguage: EnginePorts["detectLanguage"],
  forecast: LengthForecast | null,
): PrefixJudge {
  let known = prepared.get(task);
  if (known?.input !== input) {
    known = { input, judge: prepareJudge(task.contract, { input, detectLanguage }) };
    prepared.set(task, known);
  }
  return known.judge.open(forecast);
}
