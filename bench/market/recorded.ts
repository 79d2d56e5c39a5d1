import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { Bidder } from "../../src/market/market.ts";

/** Recorded outcomes of several models on the same prompts; arrays are by model. */
export interface RecordedRow {
  id: string;
  task: string;
  chars: number;
  score: number[];
  inputTokens: number[];
  outputTokens: number[];
  costNano: number[];
  /** null where it was not measured. */
  latencyMs: (number | null)[];
}

export interface RecordedSet {
  name: string;
  bidders: Bidder[];
  train: RecordedRow[];
  test: RecordedRow[];
}

interface Line {
  id: string;
  task: string;
  prompt: string;
  models: Record<
    string,
    { score: number; in_tokens: number; out_tokens: number; cost_usd: number; latency_s?: number | null }
  >;
}

function linesOf(path: string): Line[] {
  const bytes = readFileSync(path);
  const text = (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line) as Line);
}

/** Half of an id: the parity of the fifth byte of its sha256 (the first decides which half of the world it is in). */
const halfOf = (id: string): number => (createHash("sha256").update(id).digest()[4] ?? 0) % 2;

export const readFolded = (name: string, path: string): RecordedSet => {
  const lines = linesOf(path);
  return setOf(
    name,
    lines.filter((line) => halfOf(line.id) === 0),
    lines.filter((line) => halfOf(line.id) === 1),
  );
};

export const readPair = (name: string, train: string, test: string): RecordedSet =>
  setOf(name, linesOf(train), linesOf(test));

function setOf(name: string, train: Line[], test: Line[]): RecordedSet {
  const everywhere = (id: string) => [...train, ...test].every((line) => line.models[id] !== undefined);
  const names = Object.keys(train[0]?.models ?? {}).filter(everywhere);
  const row = (line: Line): RecordedRow => {
    const cells = names.map((id) => line.models[id] as Line["models"][string]);
    return {
      id: line.id,
      task: line.task,
      chars: line.prompt.length,
      score: cells.map((cell) => cell.score),
      inputTokens: cells.map((cell) => cell.in_tokens),
      outputTokens: cells.map((cell) => cell.out_tokens),
      costNano: cells.map((cell) => Math.round(cell.cost_usd * 1e9)),
      latencyMs: cells.map((cell) => (cell.latency_s && cell.latency_s > 0 ? cell.latency_s * 1000 : null)),
    };
  };
  const rows = train.map(row);
  return { name, bidders: names.map((id, i) => bidderOf(id, rows, i)), train: rows, test: test.map(row) };
}

/** A recorded model as a bidder: the family is the first word of its name, the price sheet is read off its bills. */
function bidderOf(name: string, rows: readonly RecordedRow[], i: number): Bidder {
  const family = /^[a-z]+/.exec(name.toLowerCase())?.[0] ?? name;
  let [aa, ab, bb, ac, bc] = [0, 0, 0, 0, 0];
  for (const row of rows) {
    const a = row.inputTokens[i] ?? 0;
    const b = row.outputTokens[i] ?? 0;
    const c = row.costNano[i] ?? 0;
    aa += a * a;
    ab += a * b;
    bb += b * b;
    ac += a * c;
    bc += b * c;
  }
  const det = aa * bb - ab * ab;
  let input = det > 1e-9 * aa * bb ? (ac * bb - bc * ab) / det : -1;
  let output = det > 1e-9 * aa * bb ? (bc * aa - ac * ab) / det : -1;
  if (input < 0 || output < 0) input = output = (ac + bc) / Math.max(1, aa + 2 * ab + bb);
  return {
    id: `recorded/${name}`,
    model: name,
    provider: family,
    family,
    serves: "generative",
    price: { inputPerMtok: Math.round(input * 1e6), outputPerMtok: Math.round(output * 1e6) },
    contextTokens: 1_000_000,
    maxOutputTokens: 8192,
    structuredOutput: true,
    region: "any",
    noRetention: true,
    concurrency: null,
    cancelStopsBill: true,
    expected: { firstTokenMs: 500, tokensPerSecond: 60 },
    enabled: true,
  };
}
