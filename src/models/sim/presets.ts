import type { FailureReason } from "../../market/settlement.ts";
import { fromUsd } from "../../money/nano-usd.ts";
import { kindNames } from "../../plan/kind.ts";
import type { ConfiguredBidder } from "../endpoint.ts";

/**
 * How a simulated bidder behaves. `plain`: what was asked. `rambling`: opens well and does not stop. `foreign`: a
 * stock phrase, then German whatever was asked. Quality: P(the answer is as asked), where the style allows it.
 */
export interface SimProfile {
  style: "plain" | "rambling" | "foreign";
  firstTokenMs: { median: number; sigma: number };
  tokensPerSecond: { median: number; sigma: number };
  words: { median: number; sigma: number };
  quality: number;
  /** Faults and their probability per call; they strike before the first token or in the middle. */
  faults: { reason: SimFault; probability: number }[];
}
export type SimFault = Extract<
  FailureReason,
  "rate-limited" | "overloaded" | "server-error" | "connection-lost" | "truncated" | "stall-timeout"
>;

/** The demo's three: one is fast and wrong, one does as it is told, one says too much. */
export const simProfiles: Readonly<Record<string, SimProfile>> = {
  quick: {
    style: "foreign",
    firstTokenMs: { median: 120, sigma: 0.25 },
    tokensPerSecond: { median: 60, sigma: 0.1 },
    words: { median: 90, sigma: 0.15 },
    quality: 0.6,
    faults: [{ reason: "rate-limited", probability: 0.01 }],
  },
  steady: {
    style: "plain",
    firstTokenMs: { median: 350, sigma: 0.3 },
    tokensPerSecond: { median: 30, sigma: 0.1 },
    words: { median: 45, sigma: 0.1 },
    quality: 0.99,
    faults: [{ reason: "overloaded", probability: 0.005 }],
  },
  careful: {
    style: "rambling",
    firstTokenMs: { median: 500, sigma: 0.3 },
    tokensPerSecond: { median: 40, sigma: 0.1 },
    words: { median: 240, sigma: 0.1 },
    quality: 0.97,
    faults: [],
  },
};

/** USD per million tokens, in the range of small hosted models, so that the demo's costs read like real ones. */
const prices = { quick: [0.1, 0.4], steady: [0.5, 2], careful: [2, 8] } as const;

// A simulation judges and plans nothing: its words mean nothing.
const serves = kindNames.filter((kind) => kind !== "judge" && kind !== "plan");

/** The simulated bidders. They are named for what they are: provider and family say "sim". */
export function simulatedBidders(): ConfiguredBidder[] {
  return (["quick", "steady", "careful"] as const).map((name) => {
    const profile = simProfiles[name];
    const [input, output] = prices[name];
    return {
      bidder: {
        id: `sim/${name}`,
        model: name,
        // Three makers, so that a race may hold all of them: racers differ in model and provider.
        provider: `sim-${name}`,
        family: `sim-${name}`,
        serves,
        price: { inputPerMtok: fromUsd(input), outputPerMtok: fromUsd(output) },
        contextTokens: 32_000,
        maxOutputTokens: 4096,
        structuredOutput: true,
        // It writes what its texts ask for, whatever they show.
        images: "url",
        region: "sim",
        noRetention: true,
        concurrency: null,
        cancelStopsBill: true,
        expected: {
          firstTokenMs: profile?.firstTokenMs.median ?? 0,
          tokensPerSecond: profile?.tokensPerSecond.median ?? 1,
        },
        enabled: true,
        onlyByName: true,
      },
      endpoint: { type: "sim", model: name },
    };
  });
}
