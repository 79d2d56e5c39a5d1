import type { Hono } from "hono";
import { type Counters, type Durations, durationEndsMs } from "../../job/counters.ts";
import { toUsd } from "../../money/nano-usd.ts";
import type { AppEnv } from "../app-env.ts";
import { operatorOnly } from "../middleware/operator-only.ts";
import type { BidderListing, HttpPorts } from "../ports.ts";

/** `GET /metrics`: what was settled, and who bids, for Prometheus and what reads its format. The operator's. */
export function metricsRoute(app: Hono<AppEnv>, ports: HttpPorts): void {
  app.get("/metrics", operatorOnly, async (c) => {
    const [counters, bidders] = await Promise.all([ports.market.counters(), ports.market.bidders()]);
    c.header("content-type", "text/plain; version=0.0.4; charset=utf-8");
    c.header("cache-control", "private, no-store");
    return c.body(exposition(counters, bidders));
  });
}

type Labels = Record<string, string>;
type Sample = [labels: Labels, value: number, suffix?: string];

/**
 * Counters and gauges in Prometheus' text format (version 0.0.4). Counters grow with the settlement of each job, which
 * follows its end by some seconds, and outlive restarts.
 */
export function exposition(counters: Counters, bidders: readonly BidderListing[]): string {
  const { jobs, durations, bidders: measured, tenants } = counters;
  const each = Object.entries(measured);
  const of = (value: (of: (typeof each)[number][1]) => number): Sample[] =>
    each.map(([bidder, its]) => [{ bidder }, value(its)]);
  const known = bidders.filter((one) => one.arm === undefined || Object.hasOwn(measured, one.id));
  const standings = known.map((one) => [one.id, one.standing as Standing | undefined] as const);
  return [
    metric("atomic_jobs_total", "counter", "Jobs that ended.", Object.entries(jobs).map(jobSample)),
    metric(
      "atomic_job_duration_seconds",
      "histogram",
      "From a job's acceptance to its end.",
      Object.entries(durations).flatMap(([kind, its]) => histogram({ kind }, its)),
    ),
    metric(
      "atomic_attempts_total",
      "counter",
      "Attempts that ran, by what they came to.",
      each.flatMap(([bidder, { results }]) =>
        Object.entries(results).map(([result, n]): Sample => [{ bidder, result }, n]),
      ),
    ),
    metric(
      "atomic_attempt_failures_total",
      "counter",
      "Attempts that failed, by reason.",
      each.flatMap(([bidder, { failures }]) =>
        Object.entries(failures).map(([reason, n]): Sample => [{ bidder, reason }, n]),
      ),
    ),
    metric(
      "atomic_attempt_cost_usd_total",
      "counter",
      "What attempts cost, losers' too; judges' are in their jobs' costs.",
      of(({ costNano }) => toUsd(costNano)),
    ),
    metric(
      "atomic_input_tokens_total",
      "counter",
      "Tokens that were sent.",
      of(({ inputTokens }) => inputTokens),
    ),
    metric(
      "atomic_output_tokens_total",
      "counter",
      "Tokens that came.",
      of(({ outputTokens }) => outputTokens),
    ),
    metric(
      "atomic_first_token_seconds",
      "histogram",
      "From a call to its first token.",
      each.flatMap(([bidder, { firstToken }]) =>
        firstToken.bins.some(Boolean) ? histogram({ bidder }, firstToken) : [],
      ),
    ),
    metric(
      "atomic_tenant_jobs_total",
      "counter",
      "Jobs that ended.",
      tenantSamples(tenants, ({ jobs: n }) => n),
    ),
    metric(
      "atomic_tenant_cost_usd_total",
      "counter",
      "What jobs cost when they ended; corrections are in GET /v1/usage.",
      tenantSamples(tenants, ({ costNano }) => toUsd(costNano)),
    ),
    metric(
      "atomic_tenant_saved_usd_total",
      "counter",
      "What cutting losers is estimated to have saved.",
      tenantSamples(tenants, ({ savedNano }) => toUsd(savedNano)),
    ),
    metric(
      "atomic_bidder_enabled",
      "gauge",
      "1: it takes part.",
      known.map(({ id, enabled }) => [{ bidder: id }, enabled ? 1 : 0]),
    ),
    metric(
      "atomic_bidder_error_ratio",
      "gauge",
      "Share of its latest calls that failed.",
      standings.flatMap(([bidder, its]): Sample[] =>
        its !== undefined && its.calls > 0 ? [[{ bidder }, its.errorRate]] : [],
      ),
    ),
    metric(
      "atomic_bidder_accept_ratio",
      "gauge",
      "Believed probability of an accepted answer.",
      standings.flatMap(([bidder, its]) =>
        (its?.kinds ?? []).map(({ kind, accept }): Sample => [{ bidder, kind }, accept.mean]),
      ),
    ),
    metric(
      "atomic_bidder_calibration_error",
      "gauge",
      "How far its claims are from what came true.",
      standings.flatMap(([bidder, its]) =>
        (its?.kinds ?? []).flatMap(({ kind, calibrationError }): Sample[] =>
          calibrationError === null ? [] : [[{ bidder, kind }, calibrationError]],
        ),
      ),
    ),
  ].join("");
}

interface Standing {
  calls: number;
  errorRate: number;
  kinds: { kind: string; accept: { mean: number }; calibrationError: number | null }[];
}

function jobSample([triple, n]: [string, number]): Sample {
  const [kind = "", status = "", via = ""] = triple.split(" ");
  return [{ kind, status, via }, n];
}

const tenantSamples = (tenants: Counters["tenants"], value: (of: Counters["tenants"][string]) => number): Sample[] =>
  Object.entries(tenants).map(([tenant, its]) => [{ tenant }, value(its)]);

/** Bins are cumulative, in seconds. */
function histogram(labels: Labels, { bins, sumMs }: Durations): Sample[] {
  let n = 0;
  const buckets = [...durationEndsMs.map((ms) => String(ms / 1000)), "+Inf"].map((le, i): Sample => {
    n += bins[i] ?? 0;
    return [{ ...labels, le }, n, "_bucket"];
  });
  return [...buckets, [labels, sumMs / 1000, "_sum"], [labels, n, "_count"]];
}

function metric(name: string, type: "counter" | "gauge" | "histogram", help: string, samples: Sample[]): string {
  if (samples.length === 0) return "";
  const lines = samples.map(([labels, value, suffix = ""]) => `${name}${suffix}${labelText(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

const labelText = (labels: Labels): string => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
};

const escaped = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
