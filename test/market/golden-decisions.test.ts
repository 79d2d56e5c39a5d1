import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { AwardInputs } from "../../src/market/award-inputs.ts";
import { type Decision, type Place, replay } from "../../src/market/market.ts";

/** A decision made and stored under `rules: 2`, and the award its numbers gave before there were rules. */
interface Golden {
  decision: Decision;
  awardBefore: Place[];
}

const golden = readFileSync(new URL("./golden-decisions.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line): Golden => JSON.parse(line));

describe("decisions of before", () => {
  it("are replayed bit for bit by the rules they were made by", () => {
    expect(golden.length).toBeGreaterThan(10);
    for (const { decision } of golden) {
      expect(decision.inputs).toMatchObject({ rules: 2 });
      expect(replay(decision)).toEqual({ award: decision.award, scores: decision.bids.map((bid) => bid.score) });
    }
  });

  it("are replayed as before there were rules", () => {
    let others = 0;
    for (const { decision, awardBefore } of golden) {
      const { rules: _, ...inputs } = decision.inputs as AwardInputs;
      expect(replay({ ...decision, inputs }).award).toEqual(awardBefore);
      if (JSON.stringify(awardBefore) !== JSON.stringify(decision.award)) others++;
    }
    expect(others).toBeGreaterThan(3);
  });
});
