import { buckets, spamFeatures, spamLogOdds } from "../../src/models/embedded/spam-features.ts";
import type { LabelledMail } from "./corpus.ts";

export interface SpamModel {
  weights: Int8Array;
  /** Value of one step of a weight. */
  scale: number;
  bias: number;
}

interface Row {
  features: Uint32Array;
  spam: boolean;
}

const rounds = 20;
const step = 0.5;
/** L2, per use of a weight. */
const decay = 2e-5;

/** Logistic regression by AdaGrad (Duchi 2011) over hashed features of at least two mails; weights rounded to int8. */
export function fit(mails: readonly LabelledMail[], seed: number): SpamModel {
  const rows: Row[] = mails.map((mail) => ({ features: Uint32Array.from(spamFeatures(mail.text)), spam: mail.spam }));
  const seen = new Uint16Array(buckets);
  for (const row of rows) for (const feature of row.features) seen[feature] = Math.min(65535, (seen[feature] ?? 0) + 1);
  const weights = new Float64Array(buckets);
  const squares = new Float64Array(buckets).fill(1e-3);
  let bias = 0;
  let biasSquares = 1e-3;
  const random = mulberry32(seed);
  for (let round = 0; round < rounds; round++) {
    shuffle(rows, random);
    for (const { features, spam } of rows) {
      const norm = 1 / Math.sqrt(Math.max(1, features.length));
      let sum = 0;
      for (const feature of features) sum += weights[feature] ?? 0;
      const error = 1 / (1 + Math.exp(-(bias + sum * norm))) - (spam ? 1 : 0);
      biasSquares += error * error;
      bias -= (step * error) / Math.sqrt(biasSquares);
      for (const feature of features) {
        if ((seen[feature] ?? 0) < 2) continue;
        const before = weights[feature] ?? 0;
        const gradient = error * norm + decay * before;
        const square = (squares[feature] ?? 0) + gradient * gradient;
        squares[feature] = square;
        weights[feature] = before - (step * gradient) / Math.sqrt(square);
      }
    }
  }
  // The largest one weight in 2,000 is clipped, so that the others keep resolution.
  const sizes = Float64Array.from(weights, Math.abs).filter((size) => size > 0).sort();
  const largest = sizes[Math.floor(sizes.length * 0.9995)] ?? 1;
  const scale = largest / 127;
  return { weights: Int8Array.from(weights, (w) => Math.max(-127, Math.min(127, Math.round(w / scale)))), scale, bias };
}

/** Probability of spam, by the code that runs at work. */
export function spamProbability(model: SpamModel, text: string): number {
  return 1 / (1 + Math.exp(-spamLogOdds(spamFeatures(text), model.weights, model.bias / model.scale) * model.scale));
}

function shuffle<T>(items: T[], random: () => number): void {
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [items[last], items[other]] = [items[other] as T, items[last] as T];
  }
}

/** mulberry32 (Tommy Ettinger, public domain): 32 bits of state, enough to shuffle. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
