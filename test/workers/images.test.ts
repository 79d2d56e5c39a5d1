import { abortAllDurableObjects } from "cloudflare:test";
import { expect, inject, it } from "vitest";
import type { JobRequest } from "../../src/plan/job-request.ts";
import type { LedgerEntry } from "../provider/ledger.ts";
import { addBidder, call, eventsOf, post } from "./api.ts";

const provider = inject("providerUrl");

it.each([["durable"], ["fast"]])(
  "a picture of megabytes is sent as it came, and stays in the log: %s",
  async (lane) => {
    await addBidder(`seeing/${lane}`, provider, { text: "A lamp." }, { images: "data" });
    const url = `data:image/jpeg;base64,${"Abc+".repeat(900_000)}`;
    const messages = [{ role: "user", content: "What is this?", images: [{ url, at: 13 }] }];
    const response = await post("/v1/jobs?wait=true", { messages, bidders: [`seeing/${lane}`], lane });
    const { id, ...view } = (await response.json()) as { id: string };
    expect(view).toMatchObject({ status: "succeeded" });
    const ledger = (await (await fetch(`${provider}/ledger`)).json()) as LedgerEntry[];
    const [sent] = ledger.filter((entry) => entry.model === `seeing-${lane}`);
    expect((sent?.body as { messages: object[] } | undefined)?.messages).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "What is this?" },
          { type: "image_url", image_url: { url } },
        ],
      },
    ]);
    // What was in memory is gone: the log alone tells.
    await abortAllDurableObjects();
    const [first] = await eventsOf(id);
    const { input } = (first as unknown as { request: JobRequest }).request;
    expect(input).toEqual({
      type: "messages",
      messages: [{ role: "user", content: "What is this?", images: [{ at: 13, url }] }],
    });
  },
);

it.each<[string, string, number]>([
  ["over 4 MB", `data:image/png;base64,${"A".repeat(4_000_000)}`, 413],
  ["at what is no address", "https://[", 400],
  ["on a private network", "https://10.0.0.7/a.png", 400],
])("a picture %s is refused before anybody is asked, in a batch too", async (_, url, status) => {
  const job = { messages: [{ role: "user", content: "What is this?", images: [{ url }] }] };
  const refused = await post("/v1/jobs", job);
  expect(refused.status).toBe(status);
  expect(await refused.json()).toMatchObject({ field: "messages" });
  expect((await post("/v1/jobs:batch", { jobs: [job] })).status).toBe(status);
});

it("a bidder shows what it bills for a picture at most: as it was added, or as is known of its model", async () => {
  const shownOf = async (id: string) =>
    ((await (await call(`/v1/bidders/${id}`)).json()) as { imageTokens?: number }).imageTokens;
  await addBidder("seeing/dear", provider, {}, { images: "url", imageTokens: 9_000 });
  await addBidder("seeing/gpt-4o-mini", provider, {}, { images: "url" });
  await addBidder("seeing/plain", provider, {}, { images: "url" });
  expect(await shownOf("seeing/dear")).toBe(9_000);
  expect(await shownOf("seeing/gpt-4o-mini")).toBe(48_169);
  expect(await shownOf("seeing/plain")).toBeUndefined();
});
