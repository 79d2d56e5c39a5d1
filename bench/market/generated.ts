import { type Bidder, seededRandom } from "../../src/market/market.ts";
import type { RecordedRow, RecordedSet } from "./recorded.ts";

/** Skill (logits), price (USD per million tokens) and usual output of the generated market's bidders. */
const cast: [id: string, family: string, skill: number, price: number, output: number][] = [
  ["alder/1-large", "alder", 1.7, 9, 220],
  ["alder/1-small", "alder", 0.6, 0.6, 200],
  ["birch/2-large", "birch", 1.6, 6, 180],
  ["birch/2-medium", "birch", 1.1, 1.5, 180],
  ["birch/2-small", "birch", 0.1, 0.2, 160],
  ["cedar/3", "cedar", 1.3, 3, 260],
  ["cedar/3-mini", "cedar", 0.7, 0.35, 240],
  ["dogwood/4", "dogwood", 0.9, 1, 150],
  ["dogwood/4-tiny", "dogwood", -0.5, 0.08, 150],
  ["elder/5", "elder", 0.2, 0.5, 300],
];

const normal = (random: () => number): number => {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += random();
  return sum;
};

/**
 * A market that anybody can generate: ten bidders, eight tasks, inputs whose difficulty is common to all bidders, and
 * tastes of bidders and families for tasks. The same seed gives the same market everywhere.
 */
export function generatedSet(rows = 1600, seed = "market"): RecordedSet {
  const random = seededRandom(`generated/${seed}`);
  const tasks = Array.from({ length: 8 }, (_, t) => ({
    name: `task-${t + 1}`,
    level: 0.3 + 0.9 * normal(random),
    weight: 0.3 + random(),
  }));
  const families = [...new Set(cast.map((one) => one[1]))];
  const familyTaste = new Map(families.map((family) => [family, tasks.map(() => 0.4 * normal(random))]));
  const taste = cast.map(([, family, skill]) =>
    tasks.map((task, t) => skill + task.level + (familyTaste.get(family)?.[t] ?? 0) + 0.5 * normal(random)),
  );
  const total = tasks.reduce((sum, task) => sum + task.weight, 0);
  const bidders: Bidder[] = cast.map(([id, family, , price]) => ({
    id,
    model: id.split("/")[1] ?? id,
    provider: family,
    family,
    serves: "generative",
    price: { inputPerMtok: Math.round((price / 4) * 1e9), outputPerMtok: Math.round(price * 1e9) },
    contextTokens: 100_000,
    maxOutputTokens: 4096,
    structuredOutput: true,
    region: "any",
    noRetention: true,
    concurrency: null,
    cancelStopsBill: true,
    expected: { firstTokenMs: 400, tokensPerSecond: 80 },
    enabled: true,
  }));
  const all: RecordedRow[] = Array.from({ length: rows }, (_, n) => {
    let pick = random() * total;
    let t = 0;
    while (t < tasks.length - 1 && pick > (tasks[t]?.weight ?? 0)) {
      pick -= tasks[t]?.weight ?? 0;
      t++;
    }
    const ease = 2.2 * normal(random);
    const input = Math.round(80 + 300 * random());
    const outputs = cast.map(([, , , , usual]) => Math.max(5, Math.round(usual * Math.exp(0.4 * normal(random)))));
    return {
      id: `generated/${n}`,
      task: tasks[t]?.name ?? "",
      chars: input * 4,
      // Skill is given for the middle input; the spread of difficulty flattens it, so it is stretched to match.
      score: taste.map((row) => (random() < 1 / (1 + Math.exp(-(1.5 * (row[t] ?? 0) + ease))) ? 1 : 0)),
      inputTokens: cast.map(() => input),
      outputTokens: outputs,
      costNano: bidders.map((one, i) =>
        Math.ceil((input * one.price.inputPerMtok + (outputs[i] ?? 0) * one.price.outputPerMtok) / 1e6),
      ),
      latencyMs: outputs.map((tokens) => Math.round(300 * Math.exp(0.4 * normal(random)) + tokens * 12)),
    };
  });
  return { name: "generated", bidders, train: all.slice(0, rows / 2), test: all.slice(rows / 2) };
}
