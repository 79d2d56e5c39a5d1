import type { Attempt, Job, MicrotaskState } from "../job/job.ts";
import type { Verdict } from "../judge/verdict.ts";
import type { JudgeReport } from "../market/judge-profile.ts";

/** What a judge said of a candidate, by its own criteria; null: nothing that can be held against it. */
export function judgedAs(verdict: Verdict | null): "accept" | "reject" | null {
  const said = (verdict?.criteria ?? []).filter((c) => c.class === "judged");
  if (said.some((c) => c.result === "reject")) return "reject";
  return said.length > 0 && said.every((c) => c.result === "accept") ? "accept" : null;
}

/** The judge whose word on an attempt's whole answer stands; null: none was asked, or it had no say. */
export function judgeOf(m: MicrotaskState, attempt: Attempt): Attempt | null {
  if (judgedAs(attempt.wholeVerdict) === null) return null;
  return m.attempts.findLast((a) => isLook(a, attempt, "whole") && a.status === "complete") ?? null;
}

const isLook = (a: Attempt, about: Attempt, on: "prefix" | "whole"): boolean =>
  a.role === "judge" && a.audits === null && a.about.length === 1 && a.about[0] === about.id && a.on === on;

/** A criterion that broke in the end says little about words that were judged before: it is another criterion. */
const deterministicWeight = 0.25;

/**
 * What a job teaches about its judges: whether a look at a prefix decided and the whole bore it out, whether an answer
 * that code then rejected had been accepted, whether a pair was judged alike in both orders, and what audits found.
 */
export function judgeLessons(m: MicrotaskState): JudgeReport[] {
  const reports: JudgeReport[] = [];
  for (const candidate of m.attempts) {
    if (candidate.role === "judge") continue;
    for (const look of m.attempts.filter((a) => isLook(a, candidate, "prefix") && a.status === "complete")) {
      const early = judgedAs(candidate.prefixVerdict);
      const whole = judgedAs(candidate.wholeVerdict);
      const brokeLater = whole === null && candidate.wholeVerdict?.result === "reject";
      if (early !== null && brokeLater) {
        const lesson = { about: "verdict", said: early, good: false, weight: deterministicWeight } as const;
        reports.push({ judge: look.bidder, lesson });
      }
      // Nothing was seen beyond the prefix of one that was cut for it: that it decided is all that is known.
      reports.push({
        judge: look.bidder,
        lesson: { about: "look", decided: early !== null && (whole === null || whole === early) },
      });
    }
  }
  for (const { first, second, better } of m.comparisons) {
    const judge = m.attempts.find(
      (a) => a.role === "judge" && a.about[0] === first && a.about[1] === second && a.status === "complete",
    );
    if (judge !== undefined)
      reports.push({ judge: judge.bidder, lesson: { about: "order", consistent: better !== null } });
  }
  // First, for they are rare: the last of very many lessons is left out.
  const audits = m.audits.flatMap(({ judge, said, found, share }): JudgeReport[] =>
    found === null ? [] : [{ judge, lesson: { about: "audit", said, good: found === "accept", share } }],
  );
  return [...audits, ...reports].slice(0, 64);
}

/** What a person's word on an attempt teaches about the judge that had spoken of it. */
export function judgeFeedback(m: MicrotaskState, attempt: Attempt, good: boolean, weight: number): JudgeReport[] {
  const judge = judgeOf(m, attempt);
  const said = judgedAs(attempt.wholeVerdict);
  return judge === null || said === null
    ? []
    : [{ judge: judge.bidder, lesson: { about: "verdict", said, good, weight } }];
}

/** What was told the market of an attempt when its job was settled: feedback measures that source. */
export function toldBefore(job: Job, attempt: Attempt) {
  for (const settlement of job.settlements)
    for (const report of settlement.attempts)
      if (report.attempt === attempt.id && report.outcome !== null && report.outcome.source !== "feedback")
        return report.outcome;
  return null;
}
