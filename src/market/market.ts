/**
 * The market's public face: what engine, benches and shells call.
 *
 *   decide(state, bidders, request, pacing, random) -> Decision | Refusal   (pure; reads a snapshot)
 *   replay(decision)                                -> award and scores     (pure; bit for bit from the event)
 *   learn(state, settlement, bidders)               -> void                 (folds one settlement in place)
 *
 * MarketState is plain JSON: a part a kind plus one part shared by all, each at most 64 KB, stored by version.
 */
export { agreementOutcomes, type LabelledAnswer } from "./agreement.ts";
export { answeredClaim } from "./answered-claim.ts";
export type { AwardInputs } from "./award-inputs.ts";
export type { AuctionRequest, Bid, Decision, Place, Policy, Strategy } from "./bid.ts";
export type { Bidder } from "./bidder.ts";
export { breaksOf } from "./break-record.ts";
export { isItsFault } from "./call-record.ts";
export { cellOf, type Features } from "./cell.ts";
export { decide, type Pacing } from "./decide.ts";
export { type Random, seededRandom } from "./draw.ts";
export { type EvaluationRow, settlementsOf } from "./evaluation.ts";
export { type Explanation, explainDecision } from "./explanation.ts";
export { forecastAfter } from "./forecast.ts";
export { type JudgeReport, judgeProfileOf, meanOf, ratesOf } from "./judge-profile.ts";
export { learn } from "./learn.ts";
export {
  type Estimate,
  estimatePolicy,
  type Logged,
  type OffPolicyResult,
  type TargetPolicy,
  targetPolicy,
} from "./off-policy.ts";
export { type BidderProfile, type KindProfiles, profilesOf } from "./profiles.ts";
export { propensities } from "./propensity.ts";
export { qualityAt } from "./quality.ts";
export { reliabilityOf } from "./reliability.ts";
export { replay } from "./replay.ts";
export type { RowFault } from "./row-fault.ts";
export { type SeedRow, seedPriors } from "./seed-prior.ts";
export type { AttemptReport, FailureReason, Outcome, Settlement } from "./settlement.ts";
export { type Standing, standing } from "./standing.ts";
export {
  emptyKind,
  emptyMarket,
  emptyShared,
  type KindState,
  type MarketState,
  type SharedState,
  type Source,
} from "./state.ts";
export { usualAnswer } from "./tokens.ts";
export { explorationFloor } from "./trial.ts";
