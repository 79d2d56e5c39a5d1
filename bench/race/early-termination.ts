import { foretells, signalOf, spareShare } from "../../src/engine/prediction.ts";
import { standingCriteria } from "../../src/engine/prefix-bet.ts";
import type { Verdict } from "../../src/judge/verdict.ts";
import { type BreaksState, breakRiskOf, emptyBreaks, learnBreaks, quarterOf } from "../../src/market/break-record.ts";
import { falseKillRisk, signalName } from "../../src/market/false-kill.ts";
import { cutAccount } from "../../src/race/accounting.ts";
import type { Racer, RaceState } from "../../src/race/race.ts";
import { raceSteps } from "../../src/race/race-steps.ts";
import { type Answer, type AnswerMix, contract, expectedTokens, generateAnswers } from "./answers.ts";
import { drawAt, normalOf } from "./draw.ts";
import { foldRace, openRace } from "./fold-race.ts";

export type Stopping = "floor" | "kills" | "commit";

export interface EarlyTermination {
  factsWithin: number;
  draws: number;
  /** Share of the tokens that losers would have sent uncut. floor: abort at first full pass, nothing else. */
  saved: Record<Stopping, number>;
  commitOverFloor: { value: number; low: number; high: number };
  commits: number;
  /** Of commits, those whose whole answer was rejected; of kills on a prediction, those that would have passed. */
  wrongCommits: { share: number; low: number; high: number };
  predictiveKills: number;
  wrongKills: { share: number; low: number; high: number };
  /** Money that the production account says the cuts of "commit" saved, USD per 1,000 races. */
  savedUsd: number;
  /** Tokens that the account claims were saved, over those that truly were. */
  claimed: number;
  accepted: Record<Stopping, number>;
}

const lineUp = [
  { bidder: "sim/a", role: "leader" as const, startAfterMs: 0 },
  { bidder: "sim/b", role: "parallel" as const, startAfterMs: 0 },
  { bidder: "sim/c", role: "parallel" as const, startAfterMs: 0 },
];
const price = { inputPerMtok: 100_000_000, outputPerMtok: 400_000_000 };
const outlook = lineUp.map(() => ({
  accept: 0.8,
  outputTokens: expectedTokens,
  tokensPerSecond: 80,
  nanoPerToken: 400,
}));
/** Who buys three in parallel values the answer: 60 times what one costs. Nobody is dominated at that price. */
const usualValue = 60;
const blocks = 50;

/** Three parallel equals on generated answers, judged by the real criteria, under a virtual clock. */
export function earlyTermination(
  mix: AnswerMix,
  draws: number,
  seed: number,
  answers = 6_000,
  value = usualValue,
): EarlyTermination {
  const valueNano = value * expectedTokens * 400;
  const library = generateAnswers(answers, mix, seed);
  const sums = { floor: newSums(), kills: newSums(), commit: newSums() };
  for (const stopping of ["floor", "kills", "commit"] as const) {
    const risk = emptyBreaks();
    // What sequential runs of the same kind, the default, had taught before: one answer at a time, to its end.
    for (let at = 0; at < 5_000; at++) {
      const answer = library[Math.floor(drawAt(seed, at, 99) * library.length)];
      if (answer !== undefined) teach(risk, answer);
    }
    for (let race = 0; race < draws; race++)
      runRace(library, stopping, risk, sums[stopping], Math.floor((race / draws) * blocks), seed, race, valueNano);
  }
  const share = (of: "floor" | "kills" | "commit") => total(sums[of].savedTokens) / total(sums[of].uncutTokens);
  const ratios: number[] = [];
  for (let resample = 0; resample < 1_000; resample++) {
    const sum = [0, 0, 0, 0];
    for (let pick = 0; pick < blocks; pick++) {
      const block = Math.floor(drawAt(5, resample, pick) * blocks);
      sum[0] = (sum[0] ?? 0) + (sums.commit.savedTokens[block] ?? 0);
      sum[1] = (sum[1] ?? 0) + (sums.commit.uncutTokens[block] ?? 0);
      sum[2] = (sum[2] ?? 0) + (sums.floor.savedTokens[block] ?? 0);
      sum[3] = (sum[3] ?? 0) + (sums.floor.uncutTokens[block] ?? 0);
    }
    ratios.push((sum[0] ?? 0) / (sum[1] ?? 1) / ((sum[2] ?? 0) / (sum[3] ?? 1)));
  }
  ratios.sort((a, b) => a - b);
  const { commits, wrongCommits, kills, wrongKills } = sums.commit;
  return {
    factsWithin: mix.factsWithin,
    draws,
    saved: { floor: share("floor"), kills: share("kills"), commit: share("commit") },
    commitOverFloor: { value: share("commit") / share("floor"), low: ratios[25] ?? 0, high: ratios[975] ?? 0 },
    commits: commits / draws,
    wrongCommits: wilson(wrongCommits, commits),
    predictiveKills: kills / draws,
    wrongKills: wilson(wrongKills, kills),
    savedUsd: sums.commit.savedNano / 1e9 / (draws / 1_000),
    claimed: sums.commit.claimedTokens / total(sums.commit.savedTokens),
    accepted: {
      floor: sums.floor.accepted / draws,
      kills: sums.kills.accepted / draws,
      commit: sums.commit.accepted / draws,
    },
  };
}

interface Sums {
  savedTokens: Float64Array;
  uncutTokens: Float64Array;
  savedNano: number;
  claimedTokens: number;
  commits: number;
  wrongCommits: number;
  kills: number;
  wrongKills: number;
  accepted: number;
}
const newSums = (): Sums => ({
  savedTokens: new Float64Array(blocks),
  uncutTokens: new Float64Array(blocks),
  savedNano: 0,
  claimedTokens: 0,
  commits: 0,
  wrongCommits: 0,
  kills: 0,
  wrongKills: 0,
  accepted: 0,
});
const total = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);

interface Stream {
  answer: Answer;
  firstTokenMs: number;
  msPerToken: number;
  /** Index of the next verdict, and of the next quarter at which the risk is looked at again. */
  next: number;
  quarter: number;
  sent: number;
}

function runRace(
  library: Answer[],
  stopping: Stopping,
  risk: BreaksState,
  sums: Sums,
  block: number,
  seed: number,
  race: number,
  valueNano: number,
): void {
  const streams = lineUp.map((_, place): Stream => {
    const answer = library[Math.floor(drawAt(seed, race, place) * library.length)] as Answer;
    const jitter = normalOf(drawAt(seed, race, 10 + place), drawAt(seed, race, 20 + place));
    return {
      answer,
      firstTokenMs: 500 * Math.exp(0.2 * jitter),
      msPerToken: 12.5 * Math.exp(0.05 * jitter),
      next: 0,
      quarter: 1,
      sent: 0,
    };
  });
  const state = openRace({ microtask: "m", lineUp, strategy: "first-pass", closed: false, openedAtMs: 0 });
  if (stopping !== "floor") {
    state.outlook = outlook;
    state.valueNano = valueNano;
  }
  let winner = -1;
  let nowMs = 0;
  for (let turn = 0; turn < 500; turn++) {
    let over = false;
    for (let resting = false; !resting && !over; ) {
      const steps = raceSteps(state, nowMs);
      resting = steps.length === 0 || steps[0]?.step === "wait";
      for (const step of steps) {
        if (step.step === "start")
          foldRace(state, { fact: "started", attempt: `${step.place}`, place: step.place, atMs: nowMs });
        else if (step.step === "commit") {
          sums.commits++;
          if (!(streams[Number(step.attempt)]?.answer.good ?? false)) sums.wrongCommits++;
          foldRace(state, { fact: "committed", attempt: step.attempt });
        } else if (step.step === "cancel") {
          const stream = streams[Number(step.attempt)];
          const racer = state.racers.find((one) => one.attempt === step.attempt);
          if (stream === undefined || racer === undefined) continue;
          stream.sent = sentBy(stream, nowMs);
          if (step.why === "rejected-on-prefix" && racer.prefixVerdict?.result !== "reject") {
            if (drawAt(seed, race, 40 + racer.place) < spareShare) {
              racer.spared = true;
              resting = false;
              continue;
            }
            sums.kills++;
            if (stream.answer.good) sums.wrongKills++;
          }
          foldRace(state, { fact: "cancelled", attempt: step.attempt });
        } else if (step.step === "accept") {
          winner = Number(step.attempt);
          sums.accepted++;
          foldRace(state, { fact: "accepted", attempt: step.attempt, atMs: nowMs });
        } else if (step.step === "give-up") over = true;
      }
    }
    if (over || (winner >= 0 && !state.racers.some((racer) => racer.status === "running"))) break;
    nowMs = advance(state, streams, stopping, risk, nowMs);
  }
  const won = winner < 0 ? null : { tokens: streams[winner]?.answer.tokens ?? 0, expectedTokens, outcomes: 300 };
  for (const [place, stream] of streams.entries()) {
    if (place === winner) continue;
    const uncut = stream.answer.tokens;
    sums.uncutTokens[block] = (sums.uncutTokens[block] ?? 0) + uncut;
    const racer = state.racers[place];
    if (racer?.status !== "cancelled") continue;
    sums.savedTokens[block] = (sums.savedTokens[block] ?? 0) + Math.max(0, uncut - stream.sent);
    const account = cutAccount({
      price,
      inputTokens: 400,
      tokensSeen: stream.sent,
      expectedTokens,
      boundTokens: 1_200,
      maxOutputTokens: 1_200,
      winner: won,
      cancelStopsBill: true,
      usage: null,
    });
    sums.savedNano += account.savedNano;
    sums.claimedTokens += account.savedTokens;
  }
}

/** All is learned at one time: the virtual race has no days in which anything could fade. */
const learnedAtMs = 1;

function teach(risk: BreaksState, answer: Answer): void {
  const reports = answer.stood.map((one) => ({ bidder: "sim/any", ...one, held: answer.good, weight: 1 }));
  const foretold = answer.foretold.map(({ signal, quarter }) => ({
    bidder: "sim/any",
    criteria: signalName(signal),
    quarter,
    held: answer.good,
    weight: 1,
  }));
  learnBreaks(risk, "draft", [...reports, ...foretold], learnedAtMs);
}

/** As the engine prices it: by what is on record of the signal. */
function priced(verdict: Verdict, risk: BreaksState): Verdict {
  if (!verdict.criteria.some(foretells)) return verdict;
  const criteria = verdict.criteria.map((one) => {
    if (!foretells(one)) return one;
    const asked = { kind: "draft" as const, signal: signalOf(contract, one.criterion), declared: one.pFalse ?? 1 };
    return { ...one, pFalse: falseKillRisk(risk, asked, learnedAtMs).chance };
  });
  return { ...verdict, criteria };
}

const sentBy = (stream: Stream, nowMs: number): number =>
  Math.max(0, Math.min(stream.answer.tokens, Math.floor((nowMs - stream.firstTokenMs) / stream.msPerToken) + 1));

/** Folds the next thing that happens in any stream; returns its time. */
function advance(state: RaceState, streams: Stream[], stopping: Stopping, risk: BreaksState, nowMs: number): number {
  let best: { stream: Stream; racer: Racer; atMs: number; tokens: number } | null = null;
  for (const racer of state.racers) {
    const stream = streams[racer.place];
    if (racer.status !== "running" || stream === undefined) continue;
    const change = stopping === "floor" ? undefined : stream.answer.changes[stream.next];
    const quarterAt =
      stopping === "floor" || stream.quarter > 3 ? Number.POSITIVE_INFINITY : (stream.quarter * expectedTokens) / 4;
    const tokens =
      racer.firstTokenAtMs === null
        ? 1
        : Math.min(change?.atTokens ?? Number.POSITIVE_INFINITY, quarterAt, stream.answer.tokens);
    const atMs = Math.max(nowMs, stream.firstTokenMs + (tokens - 1) * stream.msPerToken);
    if (best === null || atMs < best.atMs) best = { stream, racer, atMs, tokens };
  }
  if (best === null) return nowMs;
  const { stream, racer, atMs, tokens } = best;
  const { attempt } = racer;
  foldRace(state, { fact: "token", attempt, tokens, atMs });
  const change = stopping === "floor" ? undefined : stream.answer.changes[stream.next];
  if (change !== undefined && change.atTokens <= tokens) {
    stream.next++;
    const accepted = change.verdict.result === "accept" && stopping !== "commit";
    foldRace(state, {
      fact: "prefix-judged",
      attempt,
      verdict: priced(accepted ? { ...change.verdict, result: "undecided" } : change.verdict, risk),
    });
  }
  if (stream.quarter <= 3 && tokens >= (stream.quarter * expectedTokens) / 4) stream.quarter++;
  const criteria = racer.prefixVerdict === null ? "" : standingCriteria(contract, racer.prefixVerdict);
  const quarter = quarterOf(tokens, expectedTokens);
  racer.breakRisk = breakRiskOf(risk, { kind: "draft", criteria, bidder: "sim/any", quarter }, learnedAtMs).chance;
  if (tokens >= stream.answer.tokens && racer.firstTokenAtMs !== atMs) {
    stream.sent = stream.answer.tokens;
    // Only an uncontested end teaches: in a race the short answers finish first and the broken long ones are cut unseen.
    if (state.committed === attempt || racer.spared) teach(risk, stream.answer);
    foldRace(state, { fact: "completed", attempt, verdict: stream.answer.whole, normalised: null });
  }
  return atMs;
}

/** A share with its 95 % interval (Wilson). */
function wilson(hits: number, of: number): { share: number; low: number; high: number } {
  if (of === 0) return { share: 0, low: 0, high: 1 };
  const z = 1.96;
  const p = hits / of;
  const middle = (p + (z * z) / (2 * of)) / (1 + (z * z) / of);
  const half = (z * Math.sqrt((p * (1 - p)) / of + (z * z) / (4 * of * of))) / (1 + (z * z) / of);
  return { share: p, low: Math.max(0, middle - half), high: middle + half };
}
