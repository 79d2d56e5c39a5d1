import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { PrefixJudge } from "../../src/judge/prefix-judge.ts";
import type { RaceState } from "../../src/race/race.ts";
import { raceSteps } from "../../src/race/race-steps.ts";
import { openBenchJudge, prepareBenchJudge, write } from "./answers.ts";
import { foldRace, openRace } from "./fold-race.ts";

export interface ControllerCost {
  /** CPU of one chunk of four tokens: criteria, fold and raceSteps, three racers and five criteria. */
  microsPerChunk: number;
  /** CPU of making the five criteria ready, once a microtask, and of opening them, once an attempt. */
  microsToPrepare: number;
  microsToOpen: number;
  /** Heap held by a racer in mid-stream: its criteria, its state and its text. */
  kbPerRacer: number;
  /** Heap after each wave of 1,000 concurrent races, MB, collected. */
  heapMbAfterWave: number[];
}

const mix = { factsWithin: 0.5, runaway: 0 };
const roles = ["leader", "parallel", "parallel"] as const;
const chunkTokens = 4;

interface Live {
  state: RaceState;
  racers: { judge: PrefixJudge; chunks: string[]; at: number; text: string }[];
  over: boolean;
}

function openLive(index: number, chunks: string[][]): Live {
  const lineUp = roles.map((role, place) => ({ bidder: `sim/${place}`, role, startAfterMs: 0 }));
  const state = openRace({ microtask: `m${index}`, lineUp, strategy: "first-pass", closed: false, openedAtMs: 0 });
  for (const step of raceSteps(state, 0)) {
    if (step.step === "start")
      foldRace(state, { fact: "started", attempt: `${step.place}`, place: step.place, atMs: 0 });
  }
  const racers = roles.map((_, place) => ({
    judge: openBenchJudge(),
    chunks: chunks[(index * roles.length + place) % chunks.length] ?? [],
    at: 0,
    text: "",
  }));
  return { state, racers, over: false };
}

/** One chunk of one racer, as the engine does it, but asking `raceSteps` after every chunk. Returns chunks read. */
function pushChunk(live: Live, place: number, nowMs: number): number {
  const racer = live.racers[place];
  const entry = live.state.racers[place];
  if (racer === undefined || entry === undefined || entry.status !== "running") return 0;
  const chunk = racer.chunks[racer.at++];
  if (chunk === undefined) {
    const verdict = racer.judge.whole(racer.text, null);
    foldRace(live.state, { fact: "completed", attempt: entry.attempt, verdict, normalised: null });
  } else {
    racer.text += chunk;
    const verdict = racer.judge.push(chunk);
    foldRace(live.state, { fact: "token", attempt: entry.attempt, tokens: racer.at * chunkTokens, atMs: nowMs });
    if (verdict !== null) foldRace(live.state, { fact: "prefix-judged", attempt: entry.attempt, verdict });
  }
  for (const step of raceSteps(live.state, nowMs)) {
    if (step.step === "cancel") foldRace(live.state, { fact: "cancelled", attempt: step.attempt });
    else if (step.step === "commit") foldRace(live.state, { fact: "committed", attempt: step.attempt });
    else if (step.step === "accept" || step.step === "give-up") live.over = true;
  }
  return 1;
}

/** CPU of one call, microseconds, over a thousand. */
function microsOf(call: () => unknown): number {
  for (let warm = 0; warm < 200; warm++) call();
  const before = process.cpuUsage();
  for (let at = 0; at < 1_000; at++) call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

/** Waves of races on the generated answers; commits and cuts happen as in production. */
export function controllerCost(): ControllerCost {
  const chunks = Array.from({ length: 300 }, (_, index) => {
    const words = write(index, mix, 3);
    return Array.from(
      { length: Math.ceil(words.length / chunkTokens) },
      (_, at) => `${words.slice(at * chunkTokens, (at + 1) * chunkTokens).join(" ")} `,
    );
  });
  runWave(200, chunks, Number.POSITIVE_INFINITY);
  // The least of five: whatever else the machine does only adds.
  let microsPerChunk = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < 5; turn++) {
    const started = process.cpuUsage();
    const read = runWave(200, chunks, Number.POSITIVE_INFINITY).chunks;
    const used = process.cpuUsage(started);
    microsPerChunk = Math.min(microsPerChunk, (used.user + used.system) / read);
  }

  const before = heap();
  const { lives } = runWave(300, chunks, 20);
  const kbPerRacer = (heap() - before) / 1024 / (lives.length * roles.length);
  lives.length = 0;

  const heapMbAfterWave: number[] = [];
  for (let wave = 0; wave < 6; wave++) {
    runWave(1_000, chunks, Number.POSITIVE_INFINITY);
    heapMbAfterWave.push(heap() / 1024 / 1024);
  }
  const microsToPrepare = microsOf(prepareBenchJudge);
  const microsToOpen = microsOf(openBenchJudge);
  return { microsPerChunk, microsToPrepare, microsToOpen, kbPerRacer, heapMbAfterWave };
}

/** Concurrent races, one chunk of each racer in turn, for at most so many turns. */
function runWave(races: number, chunks: string[][], turns: number): { lives: Live[]; chunks: number } {
  const lives = Array.from({ length: races }, (_, index) => openLive(index, chunks));
  let read = 0;
  for (let turn = 0; turn < Math.min(turns, 2_000); turn++) {
    let busy = false;
    for (const live of lives) {
      if (live.over) continue;
      busy = true;
      for (let place = 0; place < roles.length && !live.over; place++) read += pushChunk(live, place, turn * 50);
    }
    if (!busy) break;
  }
  return { lives, chunks: read };
}

setFlagsFromString("--expose_gc");
const collect: () => void = runInNewContext("gc");
function heap(): number {
  collect();
  return process.memoryUsage().heapUsed;
}
