import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { falseKillChance } from "../../src/judge/worth-killing.ts";
import { readAnswer } from "../../src/output/read-answer.ts";
import type { JsonSchema } from "../../src/plan/contract.ts";
import { openPrefixJudge } from "./open-prefix-judge.ts";

const data = new URL("../../../shared/data/output/corruption_cases.dev.jsonl", import.meta.url);

describe.skipIf(!existsSync(data))("recorded broken answers (../shared; skipped when it is not there)", () => {
  it("none that the reader mends is rejected on the way", () => {
    for (const line of readFileSync(data, "utf8").trim().split("\n")) {
      const { id, schema, input } = JSON.parse(line) as { id: string; schema: JsonSchema; input: string };
      const reading = readAnswer(input, schema);
      if (!reading.ok) continue;
      const judge = openPrefixJudge({ schema, criteria: [], judged: [] }, { input: "" });
      for (const unit of input) expect(judge.push(unit)?.result, id).not.toBe("reject");
      expect(judge.whole(input, reading).result, id).toBe("accept");
    }
  });
});

describe("the price of a prediction", () => {
  it("grows with false alarms and falls with how many answers are bad", () => {
    expect(falseKillChance(0, 0.05)).toBe(0);
    expect(falseKillChance(0.01, 0.05)).toBeCloseTo(0.1667, 3);
    expect(falseKillChance(0.01, 0.5)).toBeLessThan(0.011);
    expect(falseKillChance(0.02, 0.05)).toBeGreaterThan(falseKillChance(0.01, 0.05));
  });
});
