import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { LoggedEvent } from "../../src/job/job-event.ts";
import { bidder, call, keyOf, post, put } from "./call.ts";

interface Budget {
  jobs: number;
  pace: { lambda: number; muUsdPerSecond: number };
}

describe("a tenant's pace", () => {
  it("makes cost dearer in the auctions of a tenant that spends faster than its month allows, and waiting of one that is too slow", async () => {
    const usage = { input: 1000, output: 200 };
    const model = await bidder("paced", { text: "one two three four", usage, betweenMs: 40, pieceChars: 4 });
    const key = await keyOf("paced");
    expect((await put("/v1/tenants/paced/budget", { monthlyUsd: 0.02, latencyMs: 50 })).status).toBe(200);
    // So many jobs were seen of late that as many are expected, on whatever day: each spends far more than its share.
    await runInDurableObject(env.TENANT.get(env.TENANT.idFromName("paced")), (_tenant, { storage }) => {
      storage.sql.exec("INSERT INTO pace VALUES (1, 1, 0.0001, 100000, 604800000, ?)", Date.now());
    });
    const budget = async () => (await (await call("/v1/budget", {}, key)).json()) as Budget;
    expect((await budget()).pace).toEqual({ lambda: 1, muUsdPerSecond: 0.0001 });
    const body = { text: "Please tell me. ".repeat(200), bidders: [model], maxOutputTokens: 200 };
    const ran = async () => {
      const { id } = (await (await post("/v1/jobs", body, key)).json()) as { id: string };
      await (await call(`/v1/jobs/${id}/events`, {}, key)).text();
      return id;
    };
    for (let n = 0; n < 4; n++) await ran();
    await expect.poll(async () => (await budget()).jobs, { timeout: 10_000 }).toBe(4);
    const { pace } = await budget();
    expect(pace.lambda).toBeGreaterThan(1);
    expect(pace.muUsdPerSecond).toBeGreaterThan(0.0001);
    // The operator's word makes this isolate read the tenant anew.
    expect((await put("/v1/tenants/paced/budget", { monthlyUsd: 0.02, latencyMs: 50 })).status).toBe(200);
    const id = await ran();
    const log = (await (await call(`/v1/jobs/${id}/events`, {}, key)).text())
      .split("\n")
      .filter((line) => line.startsWith("data: "))
      .map((line) => JSON.parse(line.slice(6)) as LoggedEvent);
    const award = log.find((event) => event.type === "award-made");
    expect(award?.type === "award-made" && award.decision.lambda).toBeCloseTo(pace.lambda, 3);
    expect(award?.type === "award-made" && award.decision.why).toContain("to make the budget last");
  });
});
