import type { Refusal } from "../error.ts";
import { formatUsd, toUsd } from "../money/nano-usd.ts";
import { acceptNow, awardOf } from "./award.ts";
import type { AwardInputs, AwardRow } from "./award-inputs.ts";
import type { AuctionRequest, Bid, Decision } from "./bid.ts";
import type { Bidder } from "./bidder.ts";
import { recalibrate } from "./calibration.ts";
import { answering } from "./call-record.ts";
import { bandOf, cellOf, contextOf } from "./cell.ts";
import { claimError } from "./claim-record.ts";
import { acceptAtNodes, afterVerdict, coFailureLift, freshBelief, loadingOf } from "./co-failure.ts";
import type { Random } from "./draw.ts";
import { short, steps, within } from "./elementary.ts";
import { ineligible, tooLongForAll, unservedReason } from "./eligibility.ts";
import { expectedTimes, inTime } from "./latency.ts";
import { policyTerms, waitingPrice } from "./policy.ts";
import { acceptance, columnOf, featuresOf, type KindView, viewKind } from "./profile.ts";
import { readable } from "./readable.ts";
import { unsound } from "./request.ts";
import { sentenceOf } from "./sentence.ts";
import type { Column, MarketState, Row } from "./state.ts";
import { expectedCall } from "./tokens.ts";
import { drawAcceptance, isNewcomer, noTrials, optimism, pickBy, temper, trialsOf } from "./trial.ts";

/** What cost and waiting weigh in a decision. */
export interface Pacing {
  /** USD of score per USD of cost; 1: a dollar is a dollar. */
  lambda: number;
  muUsdPerSecond: number;
}

interface Prepared {
  bidder: Bidder;
  index: number;
  row: Row | undefined;
  mean: number;
  strength: number;
  own: number;
  newcomer: boolean;
  costNano: number;
  output: number;
  cachedTokens: number;
}

/**
 * One auction. Pure: reads the snapshot, the request and the random source, and keeps every number it used in the
 * decision. Refuses with "no-bidder", "budget-exceeded", "deadline-exceeded" or "invalid-request" and says why.
 */
export function decide(
  state: MarketState,
  bidders: readonly Bidder[],
  request: AuctionRequest,
  pacing: Pacing,
  random: Random,
): Decision | Refusal {
  return decideBut(noModels, state, bidders, request, pacing, random);
}

const noModels: ReadonlySet<string> = new Set();

/** `unworthy`: models that an auction of this round found not worth their cost. */
function decideBut(
  unworthy: ReadonlySet<string>,
  state: MarketState,
  bidders: readonly Bidder[],
  request: AuctionRequest,
  pacing: Pacing,
  random: Random,
): Decision | Refusal {
  const wrong = unsound(request, pacing);
  if (wrong) return wrong;
  const view = viewKind(state, request.kind, request.nowMs);
  const column = columnOf(view.kind, contextOf(request.features)) ?? columnOf(view.kind, "");
  const band = bandOf(request.features.inputChars);
  // Rejections use up attempts; failures (time-outs, overload) do so only when they pile up.
  const attempts = request.maxAttempts ?? 3;
  const rejections = request.tried.filter((one) => one.how === "rejected").length;
  const places = attempts - rejections;
  if (places <= 0 || request.tried.length >= attempts + 5) {
    return {
      code: "no-bidder",
      message: `All attempts of this microtask were used (${request.tried.length} were made).`,
    };
  }
  const excluded: { bidder: string; reason: string }[] = [];
  const eligible: Prepared[] = [];
  for (const bidder of bidders) {
    const reason = ineligible(bidder, request) ?? (unworthy.has(bidder.id) ? "it is not worth its cost" : null);
    if (reason) {
      excluded.push({ bidder: bidder.id, reason });
      continue;
    }
    const one = prepare(view, bidder, request, column, band);
    const fault = [one.mean, one.strength, one.costNano].some((x) => !Number.isFinite(x));
    if (fault) excluded.push({ bidder: bidder.id, reason: "its profile is broken: it holds an impossible number" });
    else eligible.push(one);
  }
  const lookNano = (one: Prepared) => request.looks?.[one.bidder.id] ?? request.verdict.costNano;
  const afford = (one: Prepared) => request.budgetNano === null || one.costNano + lookNano(one) <= request.budgetNano;
  const able = eligible.filter(afford);
  const isModelAble = able.some((one) => one.bidder.serves === "generative");
  const standsBack = (one: Prepared) => isModelAble && one.bidder.standIn === true;
  const cheap = able.filter((one) => !standsBack(one));
  for (const one of able.filter(standsBack))
    excluded.push({ bidder: one.bidder.id, reason: "it stands in where no model can answer" });
  for (const one of eligible) {
    if (!afford(one))
      excluded.push({
        bidder: one.bidder.id,
        reason: `it would cost ${formatUsd(one.costNano)} and ${formatUsd(request.budgetNano ?? 0)} are left`,
      });
  }
  if (cheap.length === 0) return refusalOf(bidders, request, excluded, eligible.length > 0);

  const loading = short(loadingOf(view.kind), 3);
  const belief = beliefAfter(view, bidders, request, column, band, loading);
  const fresh = !request.tried.some((one) => one.how === "rejected");
  const strongest = strongestOf(cheap);
  const numbers = { model: new Map<string, number>(), provider: new Map<string, number>() };
  const rows: AwardRow[] = [];
  const bids: Bid[] = [];
  const triedRows = request.tried.filter((one) => one.how === "rejected").map((one) => view.rows.get(one.bidder) ?? -1);
  const outcomes = (column?.counts ?? []).reduce((sum, x) => sum + x, 0) / view.growth;
  for (const one of cheap) {
    const shared = view.shared.get(one.bidder.id);
    const call = one.costNano;
    const load = request.load[one.bidder.id] ?? 0;
    const times = expectedTimes(
      one.bidder,
      shared,
      one.row,
      one.output,
      load,
      within(request.queueMs?.[one.bidder.id] ?? 0, 0, 86_400_000),
    );
    const answers =
      answering(shared, view.sharedGrowth) *
      readable(column, one.index) *
      (request.deadlineMs === null ? 1 : inTime(times, request.deadlineMs));
    let lift = 1;
    if (one.index >= 0 && view.kind)
      for (const t of triedRows) if (t >= 0) lift *= coFailureLift(view.kind, one.index, t);
    const nearer = request.closed && cheap.length > 1 ? auditedTemper : 1;
    const strength = steps(one.strength * nearer * temper(view.kind?.calm ?? 0, outcomes, one.newcomer), 100);
    const added = steps(optimism(one.newcomer, one.mean, strength), 1e4);
    const drawn = drawAcceptance(one.mean + added, strength, random);
    const row: AwardRow = [
      steps(one.mean, 1e5),
      strength,
      steps(drawn, 1e5),
      steps(answers, 1e4),
      steps(within(lift, 0.5, 2), 100),
      numberOf(numbers.model, one.bidder.model),
      numberOf(numbers.provider, one.bidder.provider),
      added,
    ];
    rows.push(row);
    const mean = acceptNow({ fresh, belief, loading }, row, row[0]);
    bids.push({
      bidder: one.bidder.id,
      accept: { mean: steps(mean, 1e4), sd: steps(uncertainty(mean, one), 1e4) },
      draw: 0,
      costNano: call,
      firstTokenMs: times.firstTokenMs,
      totalMs: times.totalMs,
      score: 0,
      reasons: {
        n: steps(one.own, 10),
        outputTokens: Math.round(one.output),
        ...(load > 0 ? { load } : {}),
        ...(one.cachedTokens > 0 ? { cachedTokens: one.cachedTokens } : {}),
      },
    });
  }
  const fastestMs = Math.min(...bids.map((bid) => bid.totalMs.p50));
  const strongestNano = strongest.costNano + (request.worthLookNano ?? request.verdict.costNano);
  const asked = policyTerms(request, pacing, strongestNano, fastestMs);
  const terms = { ...asked, muUsdPerSecond: waitingPrice(asked.muUsdPerSecond, asked.valueNano, fastestMs) };
  const priced = cheap.map((one, i) => {
    const nano = terms.lambda * one.costNano + terms.muUsdPerSecond * 1e6 * (bids[i]?.totalMs.p50 ?? 0);
    const price = nano / Math.max(1, terms.valueNano);
    return { mean: one.mean, strength: one.strength, newcomer: one.newcomer, answers: rows[i]?.[3] ?? 1, price };
  });
  const inputs: AwardInputs = {
    rules: 4,
    strategy: request.strategy,
    closed: request.closed,
    places,
    budgetNano: request.budgetNano,
    deadlineMs: request.deadlineMs,
    verdict: request.verdict,
    ...looksIn(cheap.map(lookNano), request.verdict.costNano),
    loading,
    belief,
    fresh,
    rows,
    ...(fresh ? trialsOf(priced) : noTrials(cheap.length)),
    random: null,
    audit: [],
    auditRate: 0,
  };
  // Drawn whether or not they are used, so that the stream of draws does not depend on the outcome.
  const coin = random();
  const pick = pickBy(inputs.trials, random());
  if (coin < inputs.floor) inputs.random = pick;
  if (request.closed && request.tried.length === 0 && request.strategy === "auto")
    planAudit(inputs, bids, outcomes, terms, random);
  const result = awardOf(bids, inputs, terms);
  if (result.award.length === 0) {
    if (cheap.length < able.length) {
      const models = new Set(cheap.map((one) => one.bidder.id));
      const stood = decideBut(models, state, bidders, request, pacing, random);
      if (!("code" in stood)) return stood;
    }
    return {
      code: "no-bidder",
      message: `${bids.length === 1 ? "The one bidder left is not" : `None of the ${bids.length} bidders left is`} worth its cost after ${rejections} rejection${rejections === 1 ? "" : "s"}. Raise the value or the budget.`,
      field: "valueNano",
    };
  }
  bids.forEach((bid, i) => {
    bid.draw = result.draws[i] ?? 0;
    bid.score = result.scores[i] ?? 0;
  });
  const decision: Decision = {
    version: 1,
    round: request.tried.length + 1,
    kind: request.kind,
    cell: cellOf(request.kind, request.features),
    valueNano: terms.valueNano,
    lambda: terms.lambda,
    muUsdPerSecond: terms.muUsdPerSecond,
    explored: result.explored,
    bids,
    excluded,
    award: result.award,
    why: "",
    inputs,
  };
  decision.why = sentenceOf(decision, result.shape);
  return decision;
}

/** Looks that cost something else than the usual one, by index: few, so that an event stays small. */
function looksIn(looks: readonly number[], usualNano: number): Pick<AwardInputs, "looks"> {
  const other = looks.flatMap((nano, i): [number, number][] => (nano === usualNano ? [] : [[i, nano]]));
  return other.length === 0 ? {} : { looks: other };
}

/** What a bidder claims for this input before other bidders' answers are seen. */
function prepare(
  view: KindView,
  bidder: Bidder,
  request: AuctionRequest,
  column: Column | undefined,
  band: number,
): Prepared {
  const index = view.rows.get(bidder.id) ?? -1;
  const row = index < 0 ? undefined : view.kind?.rows[index];
  const posterior = acceptance(view, bidder, column, band);
  const mean = recalibrate(view.kind?.calibration, featuresOf(posterior, row, request.features));
  const shared = view.shared.get(bidder.id);
  const bill = shared?.bill ?? 0;
  const { inputTokens, maxOutputTokens } = request;
  const isCheaper = bidder.price.cachedInputPerMtok !== undefined;
  const cachedTokens = isCheaper ? within(request.cachedTokens?.[bidder.id] ?? 0, 0, inputTokens) : 0;
  const call = expectedCall(view.kind, index, column, bidder, bill, inputTokens, maxOutputTokens, cachedTokens);
  return {
    bidder,
    index,
    row,
    mean,
    strength: posterior.strength,
    own: posterior.own,
    newcomer: isNewcomer(view.kind, row, (shared?.failed ?? 0) / view.sharedGrowth),
    costNano: call.costNano,
    output: call.output,
    cachedTokens,
  };
}

/**
 * Standard deviation of a claim: its posterior's, and what its bidder's settled claims were off by beside chance; at
 * most what a probability of this mean can have.
 */
function uncertainty(mean: number, { strength, row }: Prepared): number {
  const most = mean * (1 - mean);
  return Math.sqrt(Math.min(most, most / (strength + 1) + (row === undefined ? 0 : claimError(row))));
}

/** Belief about the input after the rejections so far. A failure (time-out, overload) says nothing about the input. */
function beliefAfter(
  view: KindView,
  bidders: readonly Bidder[],
  request: AuctionRequest,
  column: Column | undefined,
  band: number,
  loading: number,
): number[] {
  let belief = freshBelief();
  for (const tried of request.tried) {
    if (tried.how !== "rejected") continue;
    const bidder = bidders.find((one) => one.id === tried.bidder);
    if (!bidder) continue;
    const one = prepare(view, bidder, request, column, band);
    if (Number.isFinite(one.mean)) belief = afterVerdict(belief, acceptAtNodes(one.mean, loading), 0, request.verdict);
  }
  return belief.map((weight) => short(weight, 5));
}

/** The bidder most likely to be accepted; of equals the cheaper. */
function strongestOf(eligible: readonly Prepared[]): Prepared {
  let best = eligible[0] as Prepared;
  for (const one of eligible)
    if (one.mean > best.mean || (one.mean === best.mean && one.costNano < best.costNano)) best = one;
  return best;
}

const numberOf = (numbers: Map<string, number>, name: string): number => {
  const known = numbers.get(name);
  if (known !== undefined) return known;
  numbers.set(name, numbers.size);
  return numbers.size - 1;
};

/** Outcomes a bidder after which half of a closed cell's tasks are audited; least and largest share. An audit is nearly free. */
const auditMemory = 300;
const leastAudits = 0.15;
const mostAudits = 0.85;
/** Where audits bring the news, the leader need not explore: draws are this much nearer to the mean. */
const auditedTemper = 6;

/**
 * Closed kinds learn only from feedback, agreement and audits. A random share of their tasks, larger while the cell is
 * young, is put to two more bidders when they cost next to nothing.
 */
function planAudit(
  inputs: AwardInputs,
  bids: readonly Bid[],
  outcomes: number,
  terms: { valueNano: number },
  random: Random,
): void {
  const seen = outcomes / Math.max(1, bids.length);
  inputs.auditRate = short(within(auditMemory / (seen + auditMemory), leastAudits, mostAudits), 3);
  const coin = random();
  const order = bids.map((_, i) => [random(), i] as const).sort((x, y) => x[0] - y[0]);
  if (coin >= inputs.auditRate) return;
  for (const [, i] of order) {
    if (inputs.audit.length >= 2) break;
    // Beside an answer's worth an audit must be small change: 2 %.
    if (toUsd(bids[i]?.costNano ?? 0) <= 0.02 * toUsd(terms.valueNano)) inputs.audit.push(i);
  }
}

function refusalOf(
  bidders: readonly Bidder[],
  request: AuctionRequest,
  excluded: readonly { bidder: string; reason: string }[],
  tooDear: boolean,
): Refusal {
  if (tooDear) {
    return {
      code: "budget-exceeded",
      message: `The budget left (${formatUsd(request.budgetNano ?? 0)}) is below the cheapest bidder. ${byReason(excluded)}Raise the budget.`,
      field: "budgetNano",
    };
  }
  const others = excluded.filter(({ bidder }) => !request.tried.some((one) => one.bidder === bidder));
  const able = others.filter(({ reason }) => reason !== unservedReason(request.kind));
  const known = able.length > 0 || request.tried.length > 0;
  const hint = known ? "" : request.closed ? "Enable one that serves it." : "Add one: npm run bidders -- add.";
  const who = request.tried.length > 0 ? "No other bidder" : "No bidder";
  const why = byReason(known ? able : others);
  const reason = tooLongForAll(bidders, request) ? { reason: "context-length" } : {};
  const message = `${who} can take ${request.kind}. ${why}${hint}`.trimEnd();
  return { code: "no-bidder", message, field: "kind", ...reason };
}

/** Who is out and why, the reasons of few before those of many; "" where nobody is. */
function byReason(excluded: readonly { bidder: string; reason: string }[]): string {
  const groups = new Map<string, string[]>();
  for (const { bidder, reason } of excluded) groups.set(reason, [...(groups.get(reason) ?? []), bidder]);
  const told = [...groups].sort(([, a], [, b]) => a.length - b.length);
  const who = (bidders: string[]) =>
    bidders.length > 4 ? `${bidders.slice(0, 3).join(", ")} and ${bidders.length - 3} more` : bidders.join(", ");
  return told.length === 0 ? "" : `${told.map(([reason, bidders]) => `${who(bidders)}: ${reason}`).join("; ")}. `;
}
