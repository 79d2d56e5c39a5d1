import { describe, expect, it } from "vitest";
import { type AuditLesson, learnAudit, withAudits } from "../../src/market/judge-audit.ts";
import {
  emptyJudges,
  type JudgeProfile,
  judgeStanding,
  learnJudges,
  newJudge,
  ratesOf,
} from "../../src/market/judge-profile.ts";
import { seededRandom } from "../../src/market/market.ts";

const audit = (said: "accept" | "reject", good: boolean, share = 0.03): AuditLesson => ({
  about: "audit",
  said,
  good,
  share,
});
const profileAfter = (lessons: AuditLesson[]): JudgeProfile => {
  const judges = emptyJudges();
  learnJudges(
    judges,
    lessons.map((lesson) => ({ judge: "a/judge", lesson })),
  );
  return judges.profiles["a/judge"] ?? expect.fail();
};

describe("audits of a judge", () => {
  it("move its rates from what is assumed to what was found", () => {
    const lessons = Array.from({ length: 200 }, (_, i) => [
      audit(i % 20 === 0 ? "reject" : "accept", true),
      audit(i % 2 === 0 ? "accept" : "reject", false),
    ]).flat();
    const { trueAccept, trueReject } = ratesOf(profileAfter(lessons));
    expect(ratesOf(newJudge)).toEqual({ trueAccept: 0.8, trueReject: 0.7 });
    expect(trueAccept).toBeCloseTo(0.945, 1);
    expect(trueReject).toBeCloseTo(0.51, 1);
  });

  it("count for one observation each, however rarely they are drawn", () => {
    const one = profileAfter([audit("reject", true, 0.001)]);
    // Eight of ten before, eight of eleven after.
    expect(ratesOf(one).trueAccept).toBeCloseTo(8 / 11, 6);
    expect(ratesOf(one).trueReject).toBe(0.7);
  });

  it("are unbiased where the share changed between times of which one was worse", () => {
    // Nine in ten are right while a half is audited, six in ten while one in twenty is: 0.75 of all verdicts.
    const random = seededRandom("audits");
    const estimates: number[] = [];
    const plain: number[] = [];
    for (let round = 0; round < 300; round++) {
      let audits = learnAudit(undefined, audit("accept", true, Number.NaN));
      let [right, n] = [0, 0];
      for (let i = 0; i < 400; i++) {
        const good = i % 2 === 0;
        const share = good ? 0.5 : 0.05;
        const says = random() < (good ? 0.9 : 0.6);
        if (random() >= share) continue;
        audits = learnAudit(audits, audit(says ? "accept" : "reject", true, share));
        n += 1;
        right += says ? 1 : 0;
      }
      const { yes, no } = withAudits({ yes: 0, no: 0 }, audits.good);
      estimates.push(yes / (yes + no));
      plain.push(right / n);
    }
    const mean = (list: number[]) => list.reduce((sum, x) => sum + x, 0) / list.length;
    expect(mean(estimates)).toBeCloseTo(0.75, 1);
    expect(Math.abs(mean(estimates) - 0.75)).toBeLessThan(0.02);
    expect(mean(plain)).toBeGreaterThan(0.85);
  });

  it("outweigh lessons that come by selection, however many those are", () => {
    const judges = emptyJudges();
    const complaint = { about: "verdict", said: "accept", good: false, weight: 1 } as const;
    learnJudges(judges, Array(400).fill({ judge: "a/judge", lesson: complaint }));
    const slanted = ratesOf(judges.profiles["a/judge"] ?? newJudge).trueReject;
    expect(slanted).toBeLessThan(0.03);
    learnJudges(
      judges,
      Array.from({ length: 180 }, (_, i) => ({
        judge: "a/judge",
        lesson: audit(i % 10 === 0 ? "accept" : "reject", false),
      })),
    );
    expect(ratesOf(judges.profiles["a/judge"] ?? newJudge).trueReject).toBeGreaterThan(0.78);
  });

  it("fade, so that a judge that changed is found out", () => {
    const judge = profileAfter([
      ...Array.from({ length: 2_000 }, () => audit("accept", true)),
      ...Array.from({ length: 1_000 }, () => audit("reject", true)),
    ]);
    expect(ratesOf(judge).trueAccept).toBeLessThan(0.1);
    expect(JSON.stringify(judge).length).toBeLessThan(350);
  });

  it("leave profiles of before readable, are shown, and ignore what is no probability", () => {
    const judges = emptyJudges();
    const { audits: none, ...old } = newJudge;
    expect(none).toBeUndefined();
    judges.profiles["a/old"] = old;
    learnJudges(judges, [{ judge: "a/old", lesson: audit("accept", true) }]);
    learnJudges(judges, [{ judge: "a/old", lesson: audit("reject", true, 0) }]);
    expect(judgeStanding(judges, "a/old")).toEqual({ trueAccept: 0.8182, trueReject: 0.7, consistent: 0.8, audits: 1 });
    expect(judgeStanding(judges, "a/stranger")).toBeNull();
    expect(judgeStanding(undefined, "a/old")).toBeNull();
  });
});
