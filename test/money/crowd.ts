import type { Bidder } from "../../src/market/bidder.ts";
import { costOf } from "../../src/money/price.ts";
import type { JobRequest } from "../../src/plan/job-request.ts";
import { bidderOf, requestOf, says } from "../engine/world.ts";
import { Town } from "./town.ts";

/** What one crowd on one cap came to. Money in nano-USD. */
export interface CrowdFigures {
  jobs: number;
  capNano: number;
  costNano: number;
  billedNano: number;
  highestNano: number;
  served: number;
  refused: number;
  /** Jobs refused although what was left at the end would have paid for them. */
  falselyRefused: number;
}

export interface Crowd {
  jobs: number;
  /** The cap is what so many jobs cost. */
  pays: number;
  /** Words of an answer: what it costs against what it might have cost. */
  words: number;
  /** Attempts of a job; default 1. */
  attempts?: number;
  request?: Partial<JobRequest>;
  bidders?: Bidder[];
  /** Between two posts, ms. */
  everyMs?: number;
}

const oneBidder = () => [bidderOf("a/one")];

/** `jobs` requests at once on a cap that pays for `pays` of them. */
export async function crowd(given: Crowd): Promise<CrowdFigures> {
  const bidders = given.bidders ?? oneBidder();
  // Few and long pieces: what is looked at here is money, not streams.
  const text = `${`${"w".repeat(99)} `.repeat(Math.ceil((given.words * 5) / 100))}.`;
  const output = Math.ceil(text.length / 4);
  const input = 20;
  const price = bidders[0]?.price ?? { inputPerMtok: 0, outputPerMtok: 0 };
  const oneNano = costOf(price, { input, output, source: "provider" });
  const town: Town = new Town(bidders, (call) => {
    // A provider stops where it was told to.
    const sent = text.slice(0, call.maxOutputTokens * 4);
    const tokens = Math.ceil(sent.length / 4);
    town.bill(call, tokens, input);
    return says(sent, 5);
  });
  const capNano = oneNano * given.pays * (given.attempts ?? 1);
  town.ledger.setLimits({ monthlyNano: capNano, jobNano: null, latencyMs: null, jobsPerMinute: null });
  for (let n = 1; n <= given.jobs; n++) {
    const everyMs = given.everyMs ?? 0;
    town.after(everyMs * n, () => town.post(requestOf({ delivery: "live", ...given.request }), n));
  }
  while (town.runs.length + town.turnedAway < given.jobs) if (!town.step()) break;
  await town.finish();
  const served = town.runs.filter((run) => run.job.status === "succeeded").length;
  const { costNano } = town.ledger.standing(town.nowMs);
  const refused = given.jobs - served;
  return {
    jobs: given.jobs,
    capNano,
    costNano,
    billedNano: town.billedNano,
    highestNano: town.highestNano,
    served,
    refused,
    falselyRefused: Math.max(0, Math.min(refused, Math.floor((capNano - costNano) / oneNano))),
  };
}
