import type { AttemptReport, AuctionRequest, Bidder, Decision, Outcome, Settlement } from "../../src/market/market.ts";

/** A sound bidder; price in USD per million tokens, input and output alike. */
export function bidder(id: string, usdPerMtok: number, more: Partial<Bidder> = {}): Bidder {
  const [provider = "p", model = id] = id.split("/");
  return {
    id,
    model,
    provider,
    family: provider,
    serves: "generative",
    price: { inputPerMtok: usdPerMtok * 1e9, outputPerMtok: usdPerMtok * 1e9 },
    contextTokens: 100_000,
    maxOutputTokens: 4096,
    structuredOutput: true,
    region: "eu",
    noRetention: true,
    concurrency: null,
    cancelStopsBill: true,
    expected: { firstTokenMs: 300, tokensPerSecond: 80 },
    enabled: true,
    ...more,
  };
}

export const startMs = 1_800_000_000_000;

export function request(more: Partial<AuctionRequest> = {}): AuctionRequest {
  return {
    kind: "answer",
    closed: false,
    features: { inputChars: 400, script: "latin" },
    inputTokens: 100,
    maxOutputTokens: 800,
    valueNano: null,
    budgetNano: null,
    deadlineMs: null,
    policy: "balanced",
    strategy: "auto",
    needsStructuredOutput: false,
    allowed: null,
    noRetention: false,
    region: null,
    tried: [],
    unavailable: [],
    verdict: { trueAccept: 1, trueReject: 1, costNano: 0 },
    load: {},
    nowMs: startMs,
    ...more,
  };
}

export const pacing = { lambda: 1, muUsdPerSecond: 0 };

export const truth: Outcome["reliability"] = { trueAccept: 1, trueReject: 1 };

export function report(
  decision: Decision,
  id: string,
  worth: number | null,
  more: Partial<AttemptReport> = {},
): AttemptReport {
  const bid = decision.bids.find((one) => one.bidder === id);
  return {
    attempt: `a-${id}`,
    bidder: id,
    role: "leader",
    claimed: { accept: bid?.accept.mean ?? 0.5, costNano: bid?.costNano ?? 0, totalMs: bid?.totalMs.p50 ?? 0 },
    outcome: worth === null ? null : { worth, source: "criteria", reliability: truth },
    failure: null,
    costNano: bid?.costNano ?? 0,
    firstTokenMs: 200,
    totalMs: 900,
    censored: false,
    timed: true,
    inputTokens: 100,
    outputTokens: 150,
    ...more,
  };
}

export function settlement(attempts: AttemptReport[], n: number, more: Partial<Settlement> = {}): Settlement {
  return {
    key: `job/${n}`,
    tenant: "t",
    kind: "answer",
    features: { inputChars: 400, script: "latin" },
    estimatedInputTokens: 100,
    atMs: startMs + n * 1000,
    attempts,
    ...more,
  };
}

export function decided(result: ReturnType<typeof import("../../src/market/market.ts").decide>): Decision {
  if ("code" in result) throw new Error(`refused: ${result.message}`);
  return result;
}
