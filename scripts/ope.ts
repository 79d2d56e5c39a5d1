import { parseArgs } from "node:util";
import { estimatePolicy, type Logged, type OffPolicyResult, targetPolicy } from "../src/market/market.ts";
import { readJsonLines } from "./json-lines.ts";

/** Lines of a table of estimates. */
export function estimateTable(policy: string, result: OffPolicyResult): string[] {
  return [
    `${policy}: ${result.decisions} decisions, ${result.effective.toFixed(1)} of them speak for it, largest weight ${result.largestWeight.toFixed(1)}.`,
    ...result.estimates.map(
      (one) =>
        `  ${one.estimator.padEnd(20)} worth ${one.worth.toFixed(4)} +- ${one.worthError.toFixed(4)}   cost $${(one.costNano / 1e9).toFixed(6)} +- ${(one.costError / 1e9).toFixed(6)}`,
    ),
  ];
}

/** node scripts/ope.ts --file LOG.jsonl --policy cheapest [--policy lambda=2] [--json] */
if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      file: { type: "string" },
      policy: { type: "string", multiple: true },
      json: { type: "boolean", default: false },
    },
  });
  if (!values.file) {
    console.error(
      'Usage: node scripts/ope.ts --file LOG.jsonl --policy cheapest|likeliest|uniform|lambda=X|only=ID; a line is {"decision": ..., "first": {"bidder", "worth", "costNano"}}.',
    );
    process.exitCode = 2;
  } else {
    const log = readJsonLines(values.file) as Logged[];
    for (const name of values.policy ?? ["cheapest", "likeliest", "uniform"]) {
      const target = targetPolicy(name);
      if (!target) {
        console.error(`${name} is not a policy: cheapest, likeliest, uniform, lambda=X or only=ID.`);
        process.exitCode = 2;
        continue;
      }
      const result = estimatePolicy(log, target);
      if (values.json) console.log(JSON.stringify({ policy: name, ...result }));
      else for (const line of estimateTable(name, result)) console.log(line);
    }
  }
}
