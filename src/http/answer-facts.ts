import { toUsd } from "../money/nano-usd.ts";
import type { FinishedAnswer, GoesOn } from "./answer-parts.ts";

/** Rides on the first text of a bidder that goes on from another's: foreign streams have no event for it. */
export const leaderChangedOf = ({ continues }: { continues?: GoesOn }) =>
  continues === undefined ? {} : { atomic: { leader_changed: { policy: "continue", ...continues } } };

/** What a foreign answer has no field for: who answered, and what all attempts cost together, or nothing where it was given before. */
export const factsOf = ({ job, winner, finish, finishSaid, reused }: FinishedAnswer) => ({
  job: job.id,
  bidder: winner,
  // A Response has no place for an end that is neither whole nor cut by a cap.
  ...(finish === "other" || finish === "unknown" ? { finish: finishSaid ?? finish } : {}),
  cost_usd: reused ? 0 : toUsd(job.costNano),
  ...(reused ? { reused } : {}),
});
