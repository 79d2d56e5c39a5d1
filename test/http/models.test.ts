import { describe, expect, it } from "vitest";
import { testServer } from "./memory-ports.ts";

describe("models", () => {
  it("are the market under each policy, and every bidder that can hold a conversation", async () => {
    const server = testServer();
    const { object, data } = await (await server.ask("/v1/models")).json();
    expect(object).toBe("list");
    expect(data.map((m: { id: string }) => m.id)).toEqual([
      "atomic",
      "atomic/cheap",
      "atomic/fast",
      "atomic/best",
      "openai/small",
      "workers-ai/@cf/meta/llama",
    ]);
    for (const model of data) {
      expect(Object.keys(model)).toEqual(["id", "object", "created", "owned_by"]);
      expect(await (await server.ask(`/v1/models/${model.id}`)).json()).toEqual(model);
    }
    const missing = await server.ask("/v1/models/gpt-99");
    expect([missing.status, (await missing.json()).error.code]).toEqual([404, "model_not_found"]);
  });

  it("are for a confined tenant those that its operator lets it ask", async () => {
    const server = testServer();
    const { key } = await (await server.ask("/v1/keys", { body: { tenant: "alpha" } })).json();
    const rules = { bidders: ["openai/small"], region: null, noRetention: false };
    expect((await server.ask("/v1/tenants/alpha/rules", { method: "PUT", body: rules })).status).toBe(200);
    const { data } = await (await server.ask("/v1/models", { key })).json();
    const ids = data.map((m: { id: string }) => m.id);
    expect(ids).toContain("openai/small");
    expect(ids).toContain("atomic");
    expect(ids).not.toContain("workers-ai/@cf/meta/llama");
    const statusOf = async (id: string) => (await server.ask(`/v1/models/${id}`, { key })).status;
    expect(await Promise.all(["atomic", "openai/small", "workers-ai/@cf/meta/llama"].map(statusOf))).toEqual([
      200, 200, 404,
    ]);
    const elsewhere = { method: "PUT", body: { region: "mars" } };
    expect((await server.ask("/v1/tenants/alpha/rules", elsewhere)).status).toBe(200);
    const left = (await (await server.ask("/v1/models", { key })).json()).data.map((m: { id: string }) => m.id);
    expect(left).toEqual(["atomic", "atomic/cheap", "atomic/fast", "atomic/best"]);
  });
});
