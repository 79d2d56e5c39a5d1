import { existsSync } from "node:fs";
import { argumentsOf, wholeNumber } from "../scripts/arguments.ts";
import { controllerCost } from "./race/controller-cost.ts";
import { earlyTermination } from "./race/early-termination.ts";
import { loadFleet } from "./race/fleet.ts";
import { type Arm, arms, hedgedComparison } from "./race/hedged.ts";
import { outageReplay } from "./race/outages.ts";
import { mapQueueing } from "./race/queueing.ts";
import { recordedLengths } from "./race/recorded-lengths.ts";

const usage = `npm run bench:race -- [--fleet DIR] [--recorded DIR] [--draws 1000000] [--seed 1] [--json]

The race: hedging, correlated outages, early termination and the controller's own cost, on the production race code under
a virtual clock.

  --fleet      recorded latencies (default ../shared/data/fleet, else a generated fleet; the targets are about the recorded one)
  --recorded   recorded answers (default ../shared/data/market, else their lengths are skipped)`;
const { values } = argumentsOf(usage, {
  fleet: { type: "string" },
  recorded: { type: "string" },
  draws: { type: "string", default: "1000000" },
  seed: { type: "string", default: "1" },
  json: { type: "boolean", default: false },
});
const draws = wholeNumber("draws", values.draws, 1_000);
const seed = wholeNumber("seed", values.seed, 1);
const folder = values.fleet ?? (existsSync("../shared/data/fleet") ? "../shared/data/fleet" : undefined);
const fleet = loadFleet(folder);
const say = (line = "") => {
  if (!values.json) console.log(line);
};
const checks: { what: string; target: string; value: number; low?: number; high?: number; met: boolean }[] = [];
const check = (what: string, target: string, found: { value: number; low?: number; high?: number }, met: boolean) => {
  checks.push({ what, target, ...found, met });
};
const percent = (share: number, digits = 1) => `${(100 * share).toFixed(digits)} %`;
const range = (of: { value: number; low: number; high: number }, show: (value: number) => string) =>
  `${show(of.value)} (${show(of.low)} to ${show(of.high)})`;

const startedMs = Date.now();
say(
  `fleet: ${fleet.source}, ${fleet.endpoints.length} endpoints, ${fleet.series.length} uptime series; ${draws} draws, seed ${seed}`,
);

const groups = [
  { name: "fast open model (gpt-oss-120b)", of: /gpt-oss-120b/, factor: 3.5, lower: 0.25 },
  { name: "slow open model (deepseek-v4-flash)", of: /deepseek-v4-flash/, factor: 4, lower: 0.25 },
  {
    name: "frontier mix (haiku, flash-lite, mini)",
    of: /claude-haiku-4|claude-haiku$|flash-lite|gpt-5\.4-mini|gpt-mini/,
    factor: 1.5,
    lower: 0.1,
  },
];
const quick: readonly Arm[] = ["single with retry", "hedged", "hedged, whole answer"];
const hedged = [];
for (const leader of ["traffic", "market"] as const) {
  for (const group of groups) {
    const endpoints = fleet.endpoints.filter((one) => group.of.test(one.model));
    const only = leader === "traffic" ? arms : quick;
    const count = leader === "traffic" ? draws : Math.ceil(draws / 4);
    const result = hedgedComparison(group.name, endpoints, fleet, { draws: count, seed, leader, only });
    hedged.push(result);
    say();
    say(
      `${group.name}: ${endpoints.length} endpoints; leader ${leader === "traffic" ? "as traffic is spread" : "cheapest x fastest, as a market picks"}`,
    );
    say(
      "  arm                   first token ms: p50   p95    p99  p99.9 | whole: p50    p99  p99.9 | cost $/1k  answered  extra calls",
    );
    for (const arm of only) {
      const { first, total, extraCalls } = result.arms[arm];
      const ms = (value: number) => String(Math.round(value)).padStart(6);
      say(
        `  ${arm.padEnd(20)}             ${ms(first.p50)}${ms(first.p95)} ${ms(first.p99)} ${ms(first.p999)} |     ${ms(total.p50)} ${ms(total.p99)} ${ms(total.p999)} | ${(1000 * first.cost).toFixed(4).padStart(9)}  ${percent(first.success, 3)}  ${percent(extraCalls, 2)}`,
      );
    }
    const { p999Factor, p99Lower, costMore } = result.against;
    const signed = (v: number) => `${v < 0 ? "" : "+"}${percent(v, 2)}`;
    say(
      `  hedged against single: p99.9 / ${range(p999Factor, (v) => v.toFixed(2))}; p99 -${range(p99Lower, percent)}; cost ${range(costMore, signed)}`,
    );
    if (result.whole !== null)
      say(
        `  where a whole answer must pass before a loser is cut, time to its end: p99.9 / ${range(result.whole.p999Factor, (v) => v.toFixed(2))}; p99 -${range(result.whole.p99Lower, percent)}; cost ${range(result.whole.costMore, signed)}`,
      );
    // The second panel is for reading: where the leader is the group's best already, its own tail bounds the gain.
    if (leader === "market") continue;
    const { name } = group;
    check(`${name}: p99.9 lower by a factor`, `>= ${group.factor}`, p999Factor, p999Factor.value >= group.factor);
    check(`${name}: p99 lower`, `>= ${percent(group.lower, 0)}`, p99Lower, p99Lower.value >= group.lower);
    check(`${name}: cost`, "<= +2.5 %", costMore, costMore.value <= 0.025);
    const extra = result.arms.hedged.extraCalls;
    check(`${name}: hedges`, "<= 5 % of calls", { value: extra }, extra <= 0.05);
  }
}

const outages = outageReplay(fleet, draws, seed);
say();
say(`correlated outages replayed: ${outages.draws} draws over ${outages.lineUps} pairs of line-ups`);
say(
  `  leader alone ${percent(outages.single, 3)}, with one fall-back: same model elsewhere ${percent(outages.sameModel, 4)}, another model elsewhere ${percent(outages.diverse, 4)}`,
);
say(
  `  failures of the same-model line-up per failure of the diverse one: ${range(outages.fewerFailures, (v) => v.toFixed(2))}`,
);
say(
  `  three places, two of them up (${percent(outages.whereTwoAreUp.share)} of draws): ${percent(outages.whereTwoAreUp.success, 4)}`,
);
check(
  "outages: diverse line-up fails less than the same model elsewhere, factor",
  "> 1",
  outages.fewerFailures,
  outages.fewerFailures.low > 1,
);
check(
  "outages: success where two bidders are up",
  ">= 99.9 %",
  { value: outages.whereTwoAreUp.success, low: outages.whereTwoAreUp.low, high: outages.whereTwoAreUp.high },
  outages.whereTwoAreUp.success >= 0.999,
);

const mixes = [
  {
    name: "facts in the first half, 0.4 % runaways",
    mix: { factsWithin: 0.5, runaway: 0.004 },
    races: Math.ceil(draws / 3),
  },
  { name: "facts anywhere, 0.4 % runaways", mix: { factsWithin: 1, runaway: 0.004 }, races: Math.ceil(draws / 30) },
  {
    name: "facts in the first half, 2 % runaways",
    mix: { factsWithin: 0.5, runaway: 0.02 },
    races: Math.ceil(draws / 30),
  },
  {
    name: "facts in the first half, an answer worth three times its price",
    mix: { factsWithin: 0.5, runaway: 0.004 },
    races: Math.ceil(draws / 10),
    // A kill on a prediction is paid for by P(it was good) x value: dear answers are never killed for one.
    value: 3,
  },
  {
    name: "facts in the first half, 2 % runaways, an answer worth twenty times its price, the default",
    mix: { factsWithin: 0.5, runaway: 0.02 },
    races: Math.ceil(draws / 10),
    value: 20,
  },
];
const early = [];
say();
say(
  "early termination: three parallel equals, real criteria on generated answers, cancel honoured; share of losers' tokens saved",
);
for (const [index, { name, mix, races, value }] of mixes.entries()) {
  const result = earlyTermination(mix, races, seed, undefined, value);
  early.push({ name, ...result });
  say(`  ${name}: ${races} races of three attempts`);
  say(
    `    floor (abort at first full pass) ${percent(result.saved.floor)}, with kills ${percent(result.saved.kills)}, with commit on prefix ${percent(result.saved.commit)} = ${range(result.commitOverFloor, (v) => v.toFixed(2))} x floor`,
  );
  say(
    `    commits in ${percent(result.commits)} of races, wrong ${percent(result.wrongCommits.share, 2)}; ${result.predictiveKills === 0 ? "no kill on a prediction paid" : `predictive kills ${result.predictiveKills.toFixed(4)} a race, wrong ${percent(result.wrongKills.share, 2)} (up to ${percent(result.wrongKills.high, 2)})`}; saved $${result.savedUsd.toFixed(3)} per 1,000 races by the account, which claims ${result.claimed.toFixed(2)} x the tokens truly saved`,
  );
  const commits = { value: result.wrongCommits.share, low: result.wrongCommits.low, high: result.wrongCommits.high };
  check(`early termination, ${name}: wrong commits`, "<= 1 %", commits, result.wrongCommits.share <= 0.01);
  if (value !== undefined) {
    const kills = { value: result.wrongKills.share, low: result.wrongKills.low, high: result.wrongKills.high };
    check(`early termination, ${name}: wrong predictive kills`, "<= 1 %", kills, result.wrongKills.high <= 0.01);
  }
  if (index > 1) continue;
  check(
    `early termination, ${name}: commit on prefix over floor`,
    ">= 1.3",
    result.commitOverFloor,
    result.commitOverFloor.value >= 1.3,
  );
}

const recorded = values.recorded ?? "../shared/data/market";
const lengths = existsSync(recorded) ? recordedLengths(recorded) : null;
say();
if (lengths === null) say(`There is no ${recorded}: recorded lengths are skipped.`);
else
  say(
    `lengths of two models' answers to one prompt, ${lengths.pairs} ordered pairs of a recorded set, within tasks: correlation of logs ${lengths.correlation.toFixed(2)}, sd of one model ${lengths.own.toFixed(2)}, of models' means ${lengths.models.toFixed(2)} (medians); error of a length foretold in logs: by the bid alone ${lengths.error.bid.toFixed(3)}, by the bid and the winner ${lengths.error.both.toFixed(3)}, by the winner alone ${lengths.error.winner.toFixed(3)}`,
  );

const queueing = [];
say();
for (const group of groups) {
  const [endpoint] = fleet.endpoints.filter((one) => group.of.test(one.model)).sort((a, b) => b.traffic - a.traffic);
  if (endpoint === undefined) continue;
  const map = await mapQueueing(32, endpoint, seed);
  queueing.push({ endpoint: endpoint.id, ...map });
  const ms = (value: number) => `${Math.round(value)} ms`;
  say(
    `32-way map in one object, ${endpoint.id}: queued ${ms(map.meanQueuedMs)} on average, ${ms(map.longestQueuedMs)} at most; last headers after ${ms(map.headersMs)} (${ms(map.unlimitedMs)} without the limit)`,
  );
}

const controller = controllerCost();
const growth = (controller.heapMbAfterWave.at(-1) ?? 0) - (controller.heapMbAfterWave[1] ?? 0);
say();
say(
  `controller: ${controller.microsPerChunk.toFixed(1)} us CPU a chunk (three racers, five criteria, raceSteps after every chunk); criteria made ready in ${controller.microsToPrepare.toFixed(0)} us a microtask, opened in ${controller.microsToOpen.toFixed(1)} us an attempt; ${controller.kbPerRacer.toFixed(1)} KB a racer; heap after waves of 1,000 concurrent races ${controller.heapMbAfterWave.map((mb) => mb.toFixed(1)).join(", ")} MB`,
);
check("controller: CPU a chunk, us", "<= 20", { value: controller.microsPerChunk }, controller.microsPerChunk <= 20);
check("controller: memory a racer, KB", "<= 256", { value: controller.kbPerRacer }, controller.kbPerRacer <= 256);
check("controller: heap growth over four waves of 1,000 races, MB", "< 1", { value: growth }, growth < 1);

say();
for (const { what, target, value, low, high, met } of checks) {
  const bounds = low === undefined || high === undefined ? "" : ` (${low.toFixed(4)} to ${high.toFixed(4)})`;
  say(`${met ? "met   " : "MISSED"} ${what}: ${value.toFixed(4)}${bounds}, target ${target}`);
}
say(`${((Date.now() - startedMs) / 1000).toFixed(0)} s`);
if (values.json) {
  const { source } = fleet;
  console.log(
    JSON.stringify({
      bench: "race",
      fleet: source,
      draws,
      seed,
      hedged,
      outages,
      early,
      lengths,
      queueing,
      controller,
      checks,
    }),
  );
}
