import type { SettlementMessage } from "../../src/job/job-summary.ts";
import type { Bidder } from "../../src/market/bidder.ts";
import type { AttemptReport } from "../../src/market/settlement.ts";
import { type Kind, kindNames } from "../../src/plan/kind.ts";

/** Costs of one generated job, nano-USD: the sum in D1 must be this times the jobs. */
export const jobCostNano = 2_500;
/** Outcomes that one generated job teaches. */
export const outcomesPerJob = 2;

const tenants = 20;

export const bidders: Bidder[] = Array.from({ length: 12 }, (_, n) => ({
  id: `bench/model-${n}`,
  model: `model-${n}`,
  provider: "bench",
  family: `family-${n % 4}`,
  serves: "generative",
  price: { inputPerMtok: 100_000_000 * (n + 1), outputPerMtok: 400_000_000 * (n + 1) },
  contextTokens: 128_000,
  maxOutputTokens: 16_000,
  structuredOutput: true,
  region: "us",
  noRetention: false,
  concurrency: null,
  cancelStopsBill: true,
  expected: { firstTokenMs: 300 + 20 * n, tokensPerSecond: 60 + n },
  enabled: true,
}));

const kindOf = (n: number): Kind => kindNames[n % kindNames.length] ?? "answer";

/** The n-th job: two attempts that ran, 20 tenants, all kinds, an example from every tenth. A pure function of `n`. */
export function generatedMessage(n: number, nowMs: number): SettlementMessage {
  const id = `job_${n.toString(16).padStart(40, "0")}`;
  const tenant = `tenant-${n % tenants}`;
  const kind = kindOf(n);
  return {
    summary: {
      id,
      tenant,
      status: "succeeded",
      kind,
      plan: "single",
      via: "http",
      createdAtMs: nowMs - 1_000,
      endedAtMs: nowMs,
      microtasks: 1,
      attempts: 2,
      costNano: jobCostNano,
      savedNano: 300,
      savedTokens: 40,
      winner: attempt(id, n, 0).bidder,
      error: null,
    },
    settlements: [
      {
        key: `${id}/main`,
        tenant,
        kind,
        features: { inputChars: 200 + ((n * 37) % 8_000), script: n % 5 === 0 ? "cyrillic" : "latin" },
        atMs: nowMs,
        attempts: [attempt(id, n, 0), attempt(id, n, 1)],
      },
    ],
    examples:
      n % 10 === 0 ? [{ kind, input: `${n} ${"input ".repeat(80)}`, output: `${n} ${"output ".repeat(20)}` }] : [],
  };
}

function attempt(job: string, n: number, place: number): AttemptReport {
  const bidder = bidders[(n * 7 + place * 5) % bidders.length];
  return {
    attempt: `${job}/main/${place + 1}`,
    bidder: bidder?.id ?? "bench/model-0",
    role: place === 0 ? "leader" : "parallel",
    round: 1,
    claimed: { accept: 0.7, costNano: 1_200, totalMs: 900 },
    outcome: {
      worth: (n + place) % 3 === 0 ? 0 : 1,
      source: "criteria",
      reliability: { trueAccept: 1, trueReject: 1 },
    },
    failure: null,
    costNano: jobCostNano / 2,
    firstTokenMs: 200 + (n % 100),
    totalMs: 700 + (n % 400),
    censored: false,
    timed: true,
    inputTokens: 300 + (n % 500),
    outputTokens: 60 + (n % 50),
  };
}
