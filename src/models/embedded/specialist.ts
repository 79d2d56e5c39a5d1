import type { Bidder } from "../../market/bidder.ts";
import type { JsonSchema } from "../../plan/contract.ts";
import type { Kind } from "../../plan/kind.ts";

/** What a specialist may look at besides the text. */
export interface SpecialistContext {
  kind: Kind;
  /** Labels it may answer with; null: the kind's own. */
  labels: string[] | null;
  /** Shape the caller wants; null: the kind's own (closed kinds and entities: JSON, the others: plain text). */
  schema: JsonSchema | null;
}

/** `text` is what a model would have sent: JSON for closed kinds and entities, plain text otherwise. */
export interface SpecialistAnswer {
  value: unknown;
  text: string;
}

/**
 * A small program that answers one kind in this process. `cpuMicrosPerKb` is CPU microseconds per 1,024 characters
 * of an ordinary mail (2 KB), measured by bench/tasks.ts: where no I/O lies between, the clocks of production Workers stand still.
 */
export interface Specialist {
  bidder: Bidder & { cpuMicrosPerKb: number };
  run(text: string, context: SpecialistContext): Promise<SpecialistAnswer>;
}

/** Characters of input a specialist reads at most, whatever it is sent: bounds CPU time and memory. */
export const readLimitChars = 65_536;

export interface Card {
  /** Name after "embedded/". */
  name: string;
  /** Specialists that share a lexicon, a model or rules fail together. */
  family: string;
  serves: Kind[];
  cpuMicrosPerKb: number;
  /** It leaves the field to models where there are some. */
  standIn?: true;
}

/** The bidder that stands for a specialist: free, local, keeps nothing, one at a time. */
export function embeddedBidder(card: Card): Specialist["bidder"] {
  return {
    id: `embedded/${card.name}`,
    model: card.name,
    provider: "embedded",
    family: `embedded-${card.family}`,
    serves: card.serves,
    price: { inputPerMtok: 0, outputPerMtok: 0 },
    contextTokens: readLimitChars / 4,
    maxOutputTokens: 2048,
    structuredOutput: true,
    region: "local",
    noRetention: true,
    concurrency: 1,
    cancelStopsBill: true,
    // 2 KB is the size of an ordinary mail; the answer is there at once after it was read.
    expected: { firstTokenMs: Math.max(0.1, (card.cpuMicrosPerKb * 2) / 1000), tokensPerSecond: 100_000 },
    fixed: true,
    measuredConfidence: true,
    ...(card.standIn === undefined ? {} : { standIn: card.standIn }),
    enabled: true,
    cpuMicrosPerKb: card.cpuMicrosPerKb,
  };
}

/** Answer of a closed kind. `confidence` is the specialist's own claim, 0 to 1; the market recalibrates it. */
export function closedAnswer(label: string, confidence: number): SpecialistAnswer {
  const value = { label, confidence: Math.round(Math.min(1, Math.max(0, confidence)) * 1000) / 1000 };
  return { value, text: JSON.stringify(value) };
}

export const textAnswer = (text: string): SpecialistAnswer => ({ value: text, text });
export const jsonAnswer = (value: unknown): SpecialistAnswer => ({ value, text: JSON.stringify(value) });
