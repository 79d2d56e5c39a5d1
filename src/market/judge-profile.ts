import { type AuditLesson, type JudgeAudits, learnAudit, withAudits } from "./judge-audit.ts";

/** Successes and failures with their prior: mean = yes / (yes + no). */
export interface BetaCount {
  yes: number;
  no: number;
}

/** How far a judge's word can be trusted, from comparisons with deterministic truth, audits and feedback. */
export interface JudgeProfile {
  /** P(says accept | good). */
  trueAccept: BetaCount;
  /** P(says reject | bad). */
  trueReject: BetaCount;
  /** Pairs it judged alike in both orders. */
  consistent: BetaCount;
  /** Looks at a prefix that decided, and that the whole answer bore out. */
  decides: BetaCount;
  /** Its verdicts on whole answers that a stronger judge was asked about again. Absent: none yet. */
  audits?: JudgeAudits;
}

/** Before anything is known: 0.8 and 0.7 with the weight of ten observations (judges accept too easily); looks: a half. */
export const newJudge: JudgeProfile = {
  trueAccept: { yes: 8, no: 2 },
  trueReject: { yes: 7, no: 3 },
  consistent: { yes: 8, no: 2 },
  decides: { yes: 2, no: 2 },
};

/** Share of successes, 0 to 1; not for counts of nothing. */
export const meanOf = ({ yes, no }: BetaCount): number => yes / (yes + no);

/** P(says accept | good) and P(says reject | bad), from all lessons and audits: what its verdicts are corrected with. */
export const ratesOf = (profile: JudgeProfile): { trueAccept: number; trueReject: number } => ({
  trueAccept: meanOf(withAudits(profile.trueAccept, profile.audits?.good)),
  trueReject: meanOf(withAudits(profile.trueReject, profile.audits?.bad)),
});

/** What one look, order or verdict of a judge was found to be. */
export type JudgeLesson =
  /** What it said of an answer whose worth became known; `weight` 0 to 1: how reliable that knowledge is. */
  | { about: "verdict"; said: "accept" | "reject"; good: boolean; weight: number }
  | { about: "order"; consistent: boolean }
  | { about: "look"; decided: boolean }
  | AuditLesson;

/** What one job teaches about one judge. */
export interface JudgeReport {
  /** Bidder id of the judge. */
  judge: string;
  lesson: JudgeLesson;
}

/** Weight beyond which old lessons fade, so that a judge that changes is noticed. */
const heaviest = 500;

/** The profile after one lesson; the old one is left as it is. */
export function learnJudge(profile: JudgeProfile, lesson: JudgeLesson): JudgeProfile {
  if (lesson.about === "order") return { ...profile, consistent: add(profile.consistent, lesson.consistent, 1) };
  if (lesson.about === "look") return { ...profile, decides: add(profile.decides, lesson.decided, 1) };
  if (lesson.about === "audit") return { ...profile, audits: learnAudit(profile.audits, lesson) };
  const weight = Math.min(1, Math.max(0, lesson.weight));
  if (lesson.good) return { ...profile, trueAccept: add(profile.trueAccept, lesson.said === "accept", weight) };
  return { ...profile, trueReject: add(profile.trueReject, lesson.said === "reject", weight) };
}

function add({ yes, no }: BetaCount, success: boolean, weight: number): BetaCount {
  const fade = Math.min(1, heaviest / (yes + no + weight));
  return { yes: (yes + (success ? weight : 0)) * fade, no: (no + (success ? 0 : weight)) * fade };
}

/** All judges' profiles: a part of the market's state of its own. */
export interface JudgesState {
  version: 1;
  profiles: Record<string, JudgeProfile>;
}

/** No judge was measured yet. */
export const emptyJudges = (): JudgesState => ({ version: 1, profiles: {} });

/** Judges that are remembered; at 300 bytes each the part stays far below 64 KB. */
const mostJudges = 128;

/** A judge's profile, or what is assumed of any before it was measured. */
export const judgeProfileOf = (judges: JudgesState | undefined, judge: string): JudgeProfile =>
  judges?.profiles[judge] ?? newJudge;

/** Folds a job's lessons in place. Beyond `mostJudges` the one with the least evidence is forgotten. */
export function learnJudges(judges: JudgesState, reports: readonly JudgeReport[]): void {
  const { profiles } = judges;
  for (const { judge, lesson } of reports) {
    const rounded = round(learnJudge(profiles[judge] ?? newJudge, lesson));
    profiles[judge] = rounded;
  }
  while (Object.keys(profiles).length > mostJudges) {
    const [least] = Object.entries(profiles).sort((a, b) => evidence(a[1]) - evidence(b[1]));
    if (least === undefined) return;
    delete profiles[least[0]];
  }
}

const evidence = ({ trueAccept, trueReject, consistent, decides, audits }: JudgeProfile): number =>
  [trueAccept, trueReject, consistent, decides].reduce((sum, { yes, no }) => sum + yes + no, audits?.n ?? 0);

function round(profile: JudgeProfile): JudgeProfile {
  const three = ({ yes, no }: BetaCount): BetaCount => ({
    yes: Math.round(yes * 1e3) / 1e3,
    no: Math.round(no * 1e3) / 1e3,
  });
  return {
    trueAccept: three(profile.trueAccept),
    trueReject: three(profile.trueReject),
    consistent: three(profile.consistent),
    decides: three(profile.decides),
    ...(profile.audits === undefined ? {} : { audits: profile.audits }),
  };
}

/** What is known of a bidder as a judge, for people. Rates 0 to 1. */
export interface JudgeStanding {
  trueAccept: number;
  trueReject: number;
  /** Pairs it judged alike in both orders. */
  consistent: number;
  /** Its verdicts that a stronger judge was asked about again. */
  audits: number;
}

/** null: it was never measured as a judge. */
export function judgeStanding(judges: JudgesState | undefined, bidder: string): JudgeStanding | null {
  const profile = judges?.profiles[bidder];
  if (profile === undefined) return null;
  const short = (x: number): number => Math.round(x * 1e4) / 1e4;
  const { trueAccept, trueReject } = ratesOf(profile);
  return {
    trueAccept: short(trueAccept),
    trueReject: short(trueReject),
    consistent: short(meanOf(profile.consistent)),
    audits: profile.audits?.n ?? 0,
  };
}
