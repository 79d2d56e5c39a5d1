import { describe, expect, it } from "vitest";
import { testServer } from "./memory-ports.ts";

describe("GET /v1/usage", () => {
  it("sums the caller's jobs by month: what they cost, and what cutting losers saved", async () => {
    const server = testServer();
    for (let i = 0; i < 3; i++) await server.ask("/v1/jobs?wait=true", { body: { text: "Say hello." } });
    const { months } = await (await server.ask("/v1/usage")).json();
    expect(months).toEqual([{ month: "2026-09", jobs: 3, costUsd: 0.0000045, savedUsd: 0, savedTokens: 0 }]);
  });

  it("shows nobody else's, and refuses what is no number of months by its name", async () => {
    const server = testServer();
    await server.ask("/v1/jobs?wait=true", { body: { text: "Say hello." } });
    const { key } = await (await server.ask("/v1/keys", { body: { tenant: "other" } })).json();
    expect(await (await server.ask("/v1/usage", { key })).json()).toEqual({ months: [] });
    const refused = await server.ask("/v1/usage?months=0");
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ field: "months" });
    expect((await server.ask("/v1/usage", { key: null })).status).toBe(401);
  });
});
