import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { argumentsOf, wholeNumber } from "../scripts/arguments.ts";
import { type Comparison, compare } from "./market/comparison.ts";
import { decisionTimes } from "./market/decision-time.ts";
import { generatedSet } from "./market/generated.ts";
import { type RecordedSet, readFolded, readPair } from "./market/recorded.ts";
import { printComparison, printTimes } from "./market/report.ts";
import { progressDone } from "./progress.ts";

const usage = `npm run bench:market -- [--data DIR | --train FILE --test FILE] [--seeds 5] [--only SET] [--regime NAME] [--contexts] [--evaluated 100] [--json]

The market's production code on recorded outcomes of real models: one online pass over train, then test, feedback only
from what ran. Printed beside full-information yardsticks of the same run. Without data: a generated market.

  --data       a folder of SET.jsonl.gz; each file is folded in two by a hash of its ids
  --only       of --data, the set of this name
  --regime     only this number of models a task and this judge (as the tables name them)
  --contexts   also compares ways to name contexts
  --evaluated  so many rows of train are told beforehand with all their outcomes, as npm run seed tells an evaluation`;

const { values } = argumentsOf(usage, {
  data: { type: "string" },
  train: { type: "string" },
  test: { type: "string" },
  seeds: { type: "string", default: "5" },
  only: { type: "string" },
  regime: { type: "string" },
  contexts: { type: "boolean", default: false },
  evaluated: { type: "string", default: "0" },
  json: { type: "boolean", default: false },
});
const seeds = wholeNumber("seeds", values.seeds, 1);
const evaluated = wholeNumber("evaluated", values.evaluated, 0);

function setsOf(): RecordedSet[] {
  if (values.train && values.test) return [readPair("given", values.train, values.test)];
  if (values.data) {
    if (!existsSync(values.data)) {
      console.log(`There is no ${values.data}: recorded outcomes are skipped, the generated market is run.`);
      return [generatedSet()];
    }
    const files = readdirSync(values.data).filter((file) => file.endsWith(".jsonl.gz"));
    return files
      .map((file) => ({ file, name: file.split(".")[0] ?? file }))
      .filter(({ name }) => !values.only || name === values.only)
      .map(({ file, name }) => readFolded(name, join(values.data ?? "", file)));
  }
  return [generatedSet()];
}

const times = decisionTimes();
if (!values.json) printTimes(times);
const results: Comparison[] = [];
for (const set of setsOf()) {
  const result = compare(set, seeds, values.regime ?? null, { contexts: values.contexts, evaluated });
  results.push(result);
  progressDone();
  if (!values.json) printComparison(result);
}
if (values.json) console.log(JSON.stringify({ decisionTimes: times, market: results }, null, 1));
