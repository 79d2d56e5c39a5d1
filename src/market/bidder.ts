import type { PriceSheet } from "../money/price.ts";
import type { Effort } from "../plan/effort.ts";
import type { ImageWay } from "../plan/image.ts";
import type { Kind } from "../plan/kind.ts";

/** One way to get an answer: a model at a provider. `id` is "provider/model". */
export interface Bidder {
  id: string;
  model: string;
  provider: string;
  /** Models that share weights or makers: "gpt", "claude", "llama", "embedded-lexicon", ... Failures correlate within it. */
  family: string;
  /** Kinds it can serve. "generative": any kind, by prompting. */
  serves: Kind[] | "generative";
  price: PriceSheet;
  /** Longest input plus output it takes, tokens. */
  contextTokens: number;
  maxOutputTokens: number;
  /** Tokens of thinking its endpoint may add to a call's output cap, billed as output; default 0. */
  reasoningTokens?: number;
  /** Another bidder's model, told to think so long. Absent: it is none's. */
  arm?: { of: string; effort: Effort };
  /** Efforts at which it has arms that can be asked. Absent: none. */
  arms?: Effort[];
  structuredOutput: boolean;
  /** false: it cannot be offered tools. Absent: it can. */
  tools?: false;
  /** How it takes pictures: in the call, or by their address too. Absent: it is shown none. */
  images?: ImageWay;
  /** Input tokens that it bills for one picture, at most; default 5,000. Money is reserved for so many. */
  imageTokens?: number;
  region: string;
  /** Does the provider promise not to keep or train on what it is sent? */
  noRetention: boolean;
  /** Calls it takes at a time before it queues; null: no known cap. */
  concurrency: number | null;
  /** Does the bill stop when the stream is cut? */
  cancelStopsBill: boolean;
  /** Prior first-token time and speed, before anything was measured: ms and output tokens a second. */
  expected: { firstTokenMs: number; tokensPerSecond: number };
  /** Given the beginning of an answer, it writes the rest and nothing else. Absent: it does not. */
  continuesPrefix?: boolean;
  /** It does its kinds in one way, by rules, whatever words say of it: not asked where the caller says how. */
  fixed?: true;
  /** Levels of the confidence that it names were measured against labels by its authors. Absent: they are claims. */
  measuredConfidence?: true;
  /** It answers only where no generative bidder can: its answers pass, but are no match for a model's. */
  standIn?: true;
  enabled: boolean;
  /**
   * Takes part only in requests that name it: simulated bidders, which must never answer by accident, and arms, which
   * those have too that ask for their effort.
   */
  onlyByName?: boolean;
}
