import { formatUsd, fromUsd, toUsd } from "../money/nano-usd.ts";
import type { AwardInputs } from "./award-inputs.ts";
import type { Bid, Decision } from "./bid.ts";

const percent = (p: number): string => `${(p * 100).toFixed(1)} %`;
const usd = (x: number): string => formatUsd(fromUsd(x));

/** What speaks for the leader against one loser, in USD of score, and the words for it. */
interface Ground {
  usd: number;
  against: string;
  inFavour: string;
}

/** Why a bid does not lead, in the terms that its score is made of; they add up to what it lies behind. */
export function whyLost(bid: Bid, leader: Bid | undefined, decision: Decision): string {
  if (!leader) return "No line-up was worth its cost.";
  // Scores are whole nano-USD: what is less than one is the noise of a subtraction.
  const behind = toUsd(fromUsd(leader.score - bid.score));
  if (decision.explored) {
    const by = behind === 0 ? "level" : `${usd(Math.abs(behind))} ${behind > 0 ? "behind" : "ahead"}`;
    return `${leader.bidder} was drawn at random, to keep learning; by score this one was ${by}.`;
  }
  if (behind < 0)
    return `By itself it scores ${usd(-behind)} more than ${leader.bidder}, but the whole line-up that ${leader.bidder} leads is worth more.`;
  const grounds = groundsOf(bid, leader, decision).sort((a, b) => b.usd - a.usd);
  const most = grounds[0];
  if (behind === 0 || most === undefined || most.usd <= 0)
    return `As good as ${leader.bidder}, which comes first in the list.`;
  const favour = grounds.filter((one) => one.usd < 0);
  if (favour.length === 0) return `${most.against}.`;
  // As many grounds as it takes: what speaks for it must be less than what is named against it.
  let left = favour.reduce((sum, one) => sum - one.usd, 0);
  const named = grounds.filter(({ usd }) => {
    const needed = usd > 0 && left > 0;
    if (usd > 0) left -= usd;
    return needed;
  });
  const against = named.map((one, i) =>
    i === 0 ? one.against : one.against.replace(/^[A-Z]/, (c) => c.toLowerCase()),
  );
  return `${against.join("; ")}. For it: ${favour
    .reverse()
    .map((one) => one.inFavour)
    .join(", ")}; that is less.`;
}

function groundsOf(bid: Bid, leader: Bid, decision: Decision): Ground[] {
  const inputs = decision.inputs as AwardInputs;
  const looks = new Map(inputs.looks);
  const lookNano = (one: Bid) => looks.get(decision.bids.indexOf(one)) ?? inputs.verdict.costNano;
  const worth = toUsd(decision.valueNano) * (leader.draw - bid.draw);
  const dearerNano = bid.costNano - leader.costNano;
  const lookedNano = lookNano(bid) - lookNano(leader);
  const slowerMs = bid.totalMs.p50 - leader.totalMs.p50;
  const waiting = (decision.muUsdPerSecond * slowerMs) / 1000;
  const chances = `${percent(bid.draw)} against ${percent(leader.draw)}`;
  return [
    {
      usd: worth,
      against: `Less likely to be accepted as drawn (${chances}): ${usd(worth)} of expected worth`,
      inFavour: `it was drawn likelier (${chances}), ${usd(-worth)} of expected worth`,
    },
    {
      usd: decision.lambda * toUsd(dearerNano),
      against: `${formatUsd(dearerNano)} dearer (${formatUsd(bid.costNano)} against ${formatUsd(leader.costNano)})`,
      inFavour: `it is ${formatUsd(-dearerNano)} cheaper`,
    },
    {
      usd: decision.lambda * toUsd(lookedNano),
      against: `A look at its answer costs ${formatUsd(lookedNano)} more`,
      inFavour: `a look at its answer costs ${formatUsd(-lookedNano)} less`,
    },
    {
      usd: waiting,
      against: `${Math.round(slowerMs)} ms slower: waiting weighs ${usd(waiting)}`,
      inFavour: `it is ${Math.round(-slowerMs)} ms faster`,
    },
  ];
}
