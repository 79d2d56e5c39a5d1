/** What the length of an attempt that was cut is judged by. Output tokens, thinking included. */
export interface UncutEvidence {
  /** What its bid expected of it; 0: nothing is claimed. */
  expectedTokens: number;
  /** The most it could have sent: its cap, and what its contract left it. */
  boundTokens: number;
  /** The answer that won the same microtask; null: none has yet, or it says nothing of this one's length. */
  winner: WinnerLength | null;
}

export interface WinnerLength {
  tokens: number;
  /** What its bid expected, and on how many outcomes of this bidder in this cell. */
  expectedTokens: number;
  outcomes: number;
}

/** How long a cut attempt would have been, and what that was read off. */
export interface Uncut {
  tokens: number;
  /** bound: the bid or the winner said more than it could have sent. seen: what came was longer already. */
  from: "bid" | "winner" | "bound" | "seen";
  /** The winner's tokens, where they were read. */
  winnerTokens?: number;
}

/**
 * Variances of log lengths within a task: of one model's answers, the part of it that all models share, of models'
 * means, and of a kind's mean before anything is known of it. The first three are medians over a recorded set (1,026
 * ordered pairs of models: sd .40, correlation .59, sd .35). Errors there of a length foretold, in logs: by the bid
 * alone .435, by this rule .393, by the winner's length as it is .654 (`node bench/race.ts`). The last is declared: a
 * kind's answers are a third to three times as long as its default.
 */
const own = 0.16;
const shared = 0.095;
const models = 0.12;
const unknown = 1;

/**
 * How long an attempt would have been uncut. Lengths are log-normal and those of two models on one task go together, so
 * the winner's length moves the bid's expectation: E[log own | winner] = log own's bid + slope x (log winner's - log
 * winner's bid), the regression of a bivariate normal. Never below `seenTokens`, never above the bound (or what was
 * seen, were that more). A winner of a race is rather short than long, so this errs on the low side.
 */
export function uncutLength({ expectedTokens, boundTokens, winner }: UncutEvidence, seenTokens: number): Uncut {
  const says = winner !== null && winner.tokens > 0 && winner.expectedTokens > 0 && expectedTokens > 0 ? winner : null;
  const said =
    says === null ? expectedTokens : expectedTokens * (says.tokens / says.expectedTokens) ** slopeAt(says.outcomes);
  const read = says === null ? {} : { winnerTokens: says.tokens };
  const tokens = Math.round(Math.min(said, boundTokens));
  if (tokens <= seenTokens) return { tokens: seenTokens, from: "seen", ...read };
  return { tokens, from: said > boundTokens ? "bound" : says === null ? "bid" : "winner", ...read };
}

/** Share of the winner's surprise, in logs, that is expected of another: .86 where bids know nothing, .60 where they know all. */
export function slopeAt(outcomes: number): number {
  const doubt = 1 / (Math.max(0, outcomes) + 1);
  return (unknown * doubt + shared) / ((unknown + models) * doubt + own);
}
