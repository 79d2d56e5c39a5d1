import type { JobSummary, SettlementMessage } from "../../src/job/job-summary.ts";
import type { Bidder } from "../../src/market/bidder.ts";
import type { AttemptReport, Settlement } from "../../src/market/settlement.ts";
import type { Kind } from "../../src/plan/kind.ts";

export const nowMs = Date.UTC(2026, 10, 22, 12);

export const bidderNamed = (id: string): Bidder => ({
  id,
  model: id.split("/")[1] ?? id,
  provider: id.split("/")[0] ?? id,
  family: id,
  serves: "generative",
  price: { inputPerMtok: 150_000_000, outputPerMtok: 600_000_000 },
  contextTokens: 128_000,
  maxOutputTokens: 16_000,
  structuredOutput: true,
  region: "us",
  noRetention: false,
  concurrency: null,
  cancelStopsBill: true,
  expected: { firstTokenMs: 400, tokensPerSecond: 80 },
  enabled: true,
});

export const bidders = ["test/small", "test/middle", "test/large"].map(bidderNamed);

export const attempt = (job: string, n: number, over: Partial<AttemptReport> = {}): AttemptReport => ({
  attempt: `${job}-a${n}`,
  bidder: bidders[n % bidders.length]?.id ?? "test/small",
  role: n === 0 ? "leader" : "parallel",
  round: 1,
  claimed: { accept: 0.7, costNano: 2000, totalMs: 900 },
  outcome: { worth: n % 2, source: "criteria", reliability: { trueAccept: 1, trueReject: 1 } },
  failure: null,
  costNano: 1000 + n,
  firstTokenMs: 120,
  totalMs: 700 + n,
  censored: false,
  timed: true,
  inputTokens: 300,
  outputTokens: 40,
  ...over,
});

export const settlement = (job: string, microtask: string, kind: Kind, atMs: number, tenant: string): Settlement => ({
  key: `${job}/${microtask}`,
  tenant,
  kind,
  features: { inputChars: 1200, script: "latin" },
  atMs,
  attempts: [attempt(job, 0), attempt(job, 1)],
});

const free = { bidders: null, region: null };

/** A job that ended, number `n`: everything about it follows from `n`. */
export function message(n: number, over: Partial<JobSummary> = {}): SettlementMessage {
  const id = over.id ?? `job_${n}`;
  const tenant = over.tenant ?? `tenant-${n % 2}`;
  const kind: Kind = n % 3 === 0 ? "spam" : "answer";
  const createdAtMs = over.createdAtMs ?? nowMs - 60_000 + n * 10;
  return {
    summary: {
      id,
      tenant,
      status: "succeeded",
      kind,
      plan: "single",
      via: "http",
      createdAtMs,
      endedAtMs: createdAtMs + 700,
      microtasks: 1,
      attempts: 2,
      costNano: 2001,
      savedNano: 150,
      savedTokens: 12,
      winner: "test/middle",
      error: null,
      ...over,
    },
    settlements: [settlement(id, "main", kind, createdAtMs + 700, tenant)],
    examples: n % 4 === 0 ? [{ kind, input: `input ${n % 5}`, output: `output ${n}`, only: free }] : [],
  };
}
