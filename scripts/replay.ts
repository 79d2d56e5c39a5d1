import { parseArgs } from "node:util";
import { type Decision, replay } from "../src/market/market.ts";
import { readJsonLines } from "./json-lines.ts";

/** Every decision found in a value: a decision, an event that carries one, or a list of either. */
export function decisionsIn(value: unknown): Decision[] {
  if (Array.isArray(value)) return value.flatMap(decisionsIn);
  if (typeof value !== "object" || value === null) return [];
  if ("bids" in value && "award" in value && "inputs" in value) return [value as Decision];
  return Object.values(value).flatMap((inner) => (typeof inner === "object" ? decisionsIn(inner) : []));
}

/** Repeats decisions from their events; returns how many came out otherwise. */
export function replayAll(decisions: readonly Decision[], print: (line: string) => void): number {
  let different = 0;
  for (const decision of decisions) {
    const again = replay(decision);
    const same =
      JSON.stringify(again.award) === JSON.stringify(decision.award) &&
      again.scores.every((score, i) => Object.is(score, decision.bids[i]?.score));
    if (!same) different++;
    print(
      `${same ? "same     " : "DIFFERENT"} round ${decision.round} ${decision.cell}: ${decision.award.map((place) => `${place.bidder} (${place.role})`).join(", ")}`,
    );
  }
  print(`${decisions.length - different} of ${decisions.length} decisions came out the same, bit for bit.`);
  return different;
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { file: { type: "string" } } });
  if (!values.file) {
    console.error("Usage: node scripts/replay.ts --file EVENTS.jsonl");
    process.exitCode = 2;
  } else if (replayAll(decisionsIn(readJsonLines(values.file)), console.log) > 0) process.exitCode = 1;
}
