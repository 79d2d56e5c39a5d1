import { expect, inject, it } from "vitest";
import { addBidder, call, keyOf, post } from "./api.ts";

const provider = inject("providerUrl");

it.each([["durable"], ["fast"]])("count a job once it is settled, and are the operator's alone: %s", async (lane) => {
  const bidder = `counted/${lane}`;
  const key = await keyOf(`counted-${lane}`);
  await addBidder(bidder, provider, { pieces: ["Paris."] });
  const job = { text: "What is the capital of France?", bidders: [bidder], lane };
  for (let n = 0; n < 2; n++) expect((await post("/v1/jobs?wait=true", job, key)).status).toBe(200);
  const scrape = async () => (await call("/metrics")).text();
  await expect.poll(scrape, { timeout: 10_000 }).toContain(`atomic_tenant_jobs_total{tenant="counted-${lane}"} 2\n`);
  const text = await scrape();
  expect(text).toContain(`atomic_first_token_seconds_count{bidder="${bidder}"} 2\n`);
  expect(text).toMatch(new RegExp(`atomic_output_tokens_total\\{bidder="${bidder}"\\} [1-9]`));
  expect((await call("/metrics", {}, key)).status).toBe(403);
});
