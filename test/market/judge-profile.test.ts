import { describe, expect, it } from "vitest";
import { emptyJudges, type JudgeReport, judgeProfileOf, learnJudges, meanOf } from "../../src/market/judge-profile.ts";

const verdict = (judge: string, said: "accept" | "reject", good: boolean): JudgeReport => ({
  judge,
  lesson: { about: "verdict", said, good, weight: 1 },
});

describe("the judges' profiles", () => {
  it("move towards what each judge was found to be worth", () => {
    const judges = emptyJudges();
    const reports = Array.from({ length: 200 }, (_, i): JudgeReport[] => [
      verdict("a/sharp", i % 2 === 0 ? "accept" : "reject", i % 2 === 0),
      verdict("b/lax", "accept", i % 2 === 0),
      { judge: "a/sharp", lesson: { about: "look", decided: i % 4 !== 0 } },
      { judge: "b/lax", lesson: { about: "order", consistent: false } },
    ]).flat();
    learnJudges(judges, reports);
    const [sharp, lax] = ["a/sharp", "b/lax"].map((id) => judgeProfileOf(judges, id));
    expect(meanOf(sharp?.trueReject ?? expect.fail())).toBeGreaterThan(0.95);
    expect(meanOf(lax?.trueReject ?? expect.fail())).toBeLessThan(0.1);
    expect(meanOf(lax?.trueAccept ?? expect.fail())).toBeGreaterThan(0.95);
    expect(meanOf(sharp?.decides ?? expect.fail())).toBeCloseTo(0.75, 1);
    expect(meanOf(lax?.consistent ?? expect.fail())).toBeLessThan(0.1);
    expect(judgeProfileOf(undefined, "a/sharp")).toEqual(judgeProfileOf(emptyJudges(), "c/new"));
  });

  it("stay below 64 KB, however many judges there were; the least measured go", () => {
    const judges = emptyJudges();
    for (let i = 0; i < 20; i++) learnJudges(judges, [verdict("keep/me", "accept", true)]);
    for (let i = 0; i < 1000; i++)
      learnJudges(judges, [verdict(`provider-${i}/a-model-with-a-long-name`, "accept", true)]);
    expect(JSON.stringify(judges).length).toBeLessThan(65_536);
    expect(judges.profiles["keep/me"]).toBeDefined();
  });
});
