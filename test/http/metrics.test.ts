import { describe, expect, it } from "vitest";
import { exposition } from "../../src/http/native/metrics.ts";
import type { BidderListing } from "../../src/http/ports.ts";
import { count, noCounters } from "../../src/job/counters.ts";
import { attempt, message } from "../store/messages.ts";
import { testServer } from "./memory-ports.ts";

const listing = (id: string, more: object = {}): BidderListing => ({
  id,
  provider: "test",
  serves: "generative",
  enabled: true,
  region: "us",
  noRetention: false,
  standing: { calls: 12, errorRate: 0.25, kinds: [{ kind: "answer", accept: { mean: 0.8 }, calibrationError: null }] },
  ...more,
});

/** Lines of the format (Prometheus' text format 0.0.4): name, labels with their escapes, a number. */
const line = /^([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\\n]|\\\\|\\"|\\n)*",?)*)\})? (-?[\d.]+(?:e[+-]?\d+)?)$/;

function read(text: string) {
  const types = new Map<string, string>();
  const samples = new Map<string, number>();
  expect(text.endsWith("\n")).toBe(true);
  for (const one of text.slice(0, -1).split("\n")) {
    const [, type, name, of] = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(one) ?? [];
    if (type === "TYPE" && name !== undefined && of !== undefined) types.set(name, of);
    if (type !== undefined) continue;
    const [, series, labels = "", value] = line.exec(one) ?? [];
    expect(series, `no line of the format: ${one}`).toBeDefined();
    const family = series?.replace(/_(bucket|sum|count)$/, "") ?? "";
    expect(types.has(series ?? "") || types.get(family) === "histogram", `untyped: ${one}`).toBe(true);
    expect(samples.has(`${series}{${labels}}`), `twice: ${one}`).toBe(false);
    samples.set(`${series}{${labels}}`, Number(value));
  }
  return samples;
}

describe("metrics", () => {
  it("are lines of Prometheus' format, whatever tenants are called", () => {
    const { summary } = message(1, { createdAtMs: 0, endedAtMs: 1500, costNano: 2_500_000 });
    const odd = { ...summary, tenant: 'a "b"\\c\nd' };
    const learned = message(1).settlements;
    const text = exposition(count(noCounters(), [summary, odd], learned), [
      listing("test/small"),
      listing("test/small:high", { arm: { of: "test/small", effort: "high" } }),
      listing("test/off", { enabled: false, standing: undefined }),
    ]);
    const samples = read(text);
    expect(samples.get('atomic_tenant_cost_usd_total{tenant="a \\"b\\"\\\\c\\nd"}')).toBe(0.0025);
    expect(
      samples.get(`atomic_jobs_total{kind="${summary.kind}",status="${summary.status}",via="${summary.via}"}`),
    ).toBe(2);
    expect(samples.get('atomic_bidder_enabled{bidder="test/off"}')).toBe(0);
    expect(samples.get('atomic_bidder_accept_ratio{bidder="test/small",kind="answer"}')).toBe(0.8);
    expect(samples.get('atomic_bidder_error_ratio{bidder="test/small"}')).toBe(0.25);
    // An arm that nobody asked yet is nothing to look at.
    expect(text).not.toContain("test/small:high");
  });

  it("have histograms that grow from bin to bin, up to their count", () => {
    const attempts = [50, 400, 700, 5_000_000].map((firstTokenMs, n) =>
      attempt("j", n, { bidder: "test/small", firstTokenMs }),
    );
    const [first] = message(1).settlements;
    if (first === undefined) throw new Error("a message has a settlement");
    const samples = read(exposition(count(noCounters(), [], [{ ...first, attempts }]), []));
    const of = (le: string) => samples.get(`atomic_first_token_seconds_bucket{bidder="test/small",le="${le}"}`);
    expect(["0.1", "0.25", "0.5", "1", "2.5", "900", "+Inf"].map(of)).toEqual([1, 1, 2, 3, 3, 3, 4]);
    expect(samples.get('atomic_first_token_seconds_count{bidder="test/small"}')).toBe(4);
    expect(samples.get('atomic_first_token_seconds_sum{bidder="test/small"}')).toBe(5001.15);
  });

  it("are the operator's, and there before anything was settled", async () => {
    const server = testServer();
    const { key } = (await (await server.ask("/v1/keys", { body: { tenant: "alpha" } })).json()) as { key: string };
    const response = await server.ask("/metrics");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(read(await response.text()).size).toBeGreaterThan(0);
    expect((await server.ask("/metrics", { key })).status).toBe(403);
    expect((await server.ask("/metrics", { key: "wrong" })).status).toBe(401);
  });
});
