import { expect, inject, it } from "vitest";
import type { JobView } from "../../src/job/job-view.ts";
import { addBidder, call, keyOf, post } from "./api.ts";

const provider = inject("providerUrl");

it.each(["durable", "fast"])(
  "a tenant whose jobs may cost nothing is served by who costs nothing: %s",
  async (lane) => {
    const tenant = `free-${lane}`;
    const key = await keyOf(tenant);
    const ids = [`free/${lane}`, `dear/${lane}`];
    await addBidder(ids[0] ?? "", provider, { text: "Here." }, { price: { input: 0, output: 0 } });
    await addBidder(ids[1] ?? "", provider, { text: "There." });
    const caps = { method: "PUT", body: JSON.stringify({ monthlyUsd: 1, jobUsd: 0 }) };
    expect((await call(`/v1/tenants/${tenant}/budget`, caps)).status).toBe(200);
    const ask = async (body: object): Promise<JobView> =>
      (await (await post("/v1/jobs?wait=true", { lane, ...body }, key)).json()) as JobView;
    expect(await ask({ text: "Win a free prize, click now!", kind: "spam" })).toMatchObject({ status: "succeeded" });
    expect(await ask({ text: "Where?", bidders: ids })).toMatchObject({
      status: "succeeded",
      answer: { text: "Here." },
    });
    const refused = await ask({ text: "Where?", bidders: ids.slice(1) });
    expect(refused).toMatchObject({ status: "failed", error: { code: "budget-exceeded" } });
  },
);
