import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { drawAt, normalOf, type Percentiles, quantileFunction } from "./draw.ts";

/** One model at one provider, as recorded or generated. */
export interface Endpoint {
  id: string;
  model: string;
  provider: string;
  /** USD per million tokens. */
  usdIn: number;
  usdOut: number;
  firstTokenMs(u: number): number;
  tokensPerSecond(u: number): number;
  /** Requests in the recorded window: how often it is asked. */
  traffic: number;
  /** P(failure) by poll; NaN: no reading. */
  failure: Float32Array;
  meanFailure: number;
}

export interface Fleet {
  source: string;
  endpoints: Endpoint[];
  /** Endpoints with an uptime series, latency known or not: for outages. */
  series: { id: string; model: string; provider: string; failure: Float32Array; meanFailure: number }[];
  polls: number;
  /** Times of polls, ms from the first. */
  pollMs: Float64Array;
  /** Input and output tokens of real calls. */
  lengths: { input: number; output: number }[];
}

export function loadFleet(folder: string | undefined): Fleet {
  if (folder !== undefined && existsSync(join(folder, "openrouter_endpoints_latency_20260901.json"))) {
    return recordedFleet(folder);
  }
  if (folder !== undefined) console.error(`No fleet at ${folder}; using a generated one.`);
  return generatedFleet(1);
}

const json = (path: string) => JSON.parse(readFileSync(path, "utf8"));
const gzipped = (path: string) => JSON.parse(gunzipSync(readFileSync(path)).toString("utf8"));

interface RecordedEndpoint {
  model: string;
  tag: string;
  usd_in_per_m: number;
  usd_out_per_m: number;
  ttft_ms: Percentiles;
  tput_tok_s: Percentiles;
  requests_30m: number;
}

function recordedFleet(folder: string): Fleet {
  const latency: { endpoints: RecordedEndpoint[] } = json(join(folder, "openrouter_endpoints_latency_20260901.json"));
  const uptime: { t: number[]; series: Record<string, number[]> } = gzipped(
    join(folder, "openrouter_uptime_series_2026.json.gz"),
  );
  const azure: { conv: number[][] } = gzipped(join(folder, "azure_llm_2023_arrivals_tokens.json.gz"));
  const polls = uptime.t.length;
  const series = Object.entries(uptime.series).map(([id, values]) => {
    const failure = Float32Array.from(values, (up) => (up < 0 ? Number.NaN : 1 - up / 100));
    const [model = id, tag = ""] = id.split("|");
    return { id, model, provider: tag.split("/")[0] ?? tag, failure, meanFailure: meanOf(failure) };
  });
  const byId = new Map(series.map((one) => [one.id, one]));
  const fallback = series.reduce((sum, one) => sum + one.meanFailure, 0) / series.length;
  const endpoints = latency.endpoints.map((one): Endpoint => {
    const id = `${one.model}|${one.tag}`;
    const found = byId.get(id);
    return {
      id,
      model: one.model,
      provider: one.tag.split("/")[0] ?? one.tag,
      usdIn: one.usd_in_per_m,
      usdOut: one.usd_out_per_m,
      firstTokenMs: quantileFunction(one.ttft_ms),
      tokensPerSecond: quantileFunction(one.tput_tok_s),
      traffic: one.requests_30m,
      failure: found?.failure ?? new Float32Array(polls).fill(Number.NaN),
      meanFailure: found?.meanFailure ?? fallback,
    };
  });
  const lengths = azure.conv.map(([, input = 0, output = 0]) => ({ input, output: Math.max(1, output) }));
  return {
    source: "recorded",
    endpoints,
    series,
    polls,
    pollMs: Float64Array.from(uptime.t, (s) => s * 1000),
    lengths,
  };
}

function meanOf(values: Float32Array): number {
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    sum += value;
    count++;
  }
  return count === 0 ? 0.02 : sum / count;
}

/**
 * A fleet without recordings: 24 models at 2 to 12 of 14 providers, log-normal latencies with heavy tails, outages by
 * endpoint (2 % of polls), by model (1 %) and by provider (0.4 %), each two polls long on average. Seeded.
 */
export function generatedFleet(seed: number): Fleet {
  const polls = 1500;
  let slot = 0;
  const next = () => drawAt(seed, 0, slot++);
  const normal = () => normalOf(next(), next());
  const outage = (share: number): Uint8Array => {
    const down = new Uint8Array(polls);
    let state = 0;
    for (let poll = 0; poll < polls; poll++) {
      if (state === 0 ? next() < share / 2 : next() < 0.5) state = 1 - state;
      down[poll] = state;
    }
    return down;
  };
  const names = [
    "openai/gpt-oss-120b",
    "deepseek/deepseek-v4-flash",
    "anthropic/claude-haiku",
    "google/flash-lite",
    "openai/gpt-mini",
  ];
  for (let model = names.length; model < 24; model++) names.push(`maker/model-${model}`);
  const providerDown = Array.from({ length: 14 }, () => outage(0.004));
  const endpoints: Endpoint[] = [];
  for (const [index, model] of names.entries()) {
    const count = index < 2 ? 12 : 2 + Math.floor(next() * 6);
    const modelDown = outage(0.01);
    const price = Math.exp(-1.5 + normal());
    const slow = index === 1 ? 2 : 1;
    for (let which = 0; which < count; which++) {
      const provider = (index * 5 + which) % 14;
      const own = outage(0.02);
      const failure = Float32Array.from(own, (down, poll) =>
        Math.min(0.9, 0.003 + 0.4 * down + 0.3 * (modelDown[poll] ?? 0) + 0.4 * (providerDown[provider]?.[poll] ?? 0)),
      );
      const p50 = 600 * slow * Math.exp(0.5 * normal());
      const tail = Math.exp(0.35 + 0.25 * Math.abs(normal()));
      const speed = 80 * Math.exp(0.6 * normal());
      endpoints.push({
        id: `${model}|p${provider}`,
        model,
        provider: `p${provider}`,
        usdIn: price,
        usdOut: 4 * price,
        firstTokenMs: quantileFunction({
          p50,
          p75: p50 * tail,
          p90: p50 * tail ** 2.2,
          p95: p50 * tail ** 3,
          p99: p50 * tail ** 5,
        }),
        tokensPerSecond: quantileFunction({
          p50: speed,
          p75: speed * 1.3,
          p90: speed * 1.6,
          p95: speed * 1.8,
          p99: speed * 2.3,
        }),
        traffic: Math.exp(8 + normal()),
        failure,
        meanFailure: meanOf(failure),
      });
    }
  }
  const lengths = Array.from({ length: 5000 }, () => ({
    input: Math.max(5, Math.round(Math.exp(6.3 + 1.1 * normal()))),
    output: Math.max(1, Math.round(Math.exp(5 + 0.9 * normal()))),
  }));
  const pollMs = Float64Array.from({ length: polls }, (_, poll) => poll * 15 * 60_000);
  return { source: `generated (seed ${seed})`, endpoints, series: endpoints, polls, pollMs, lengths };
}
