import { expect, inject, it } from "vitest";
import type { BidderListing } from "../../src/http/ports.ts";
import type { Decision } from "../../src/market/bid.ts";
import type { LedgerEntry } from "../provider/ledger.ts";
import { addBidder, call, eventsOf, post } from "./api.ts";

const provider = inject("providerUrl");
const messages = [{ role: "user", content: "Why is the sky blue?" }];

async function addThinker(id: string) {
  const model = id.replaceAll("/", "-");
  await addBidder(
    id,
    provider,
    { pieces: ["Because."] },
    {
      endpoint: {
        type: "openai-compatible",
        model,
        baseUrl: `${provider}/v1`,
        reasoning: "low",
        reasoningTokens: 1000,
      },
      contextTokens: 100_000,
    },
  );
  return async () => {
    const ledger = (await (await fetch(`${provider}/ledger`)).json()) as LedgerEntry[];
    return ledger
      .filter((entry) => entry.model === model)
      .map(({ body }) => {
        const sent = body as { reasoning_effort: string; max_tokens: number };
        return [sent.reasoning_effort, sent.max_tokens];
      });
  };
}
const listed = async (id: string) => (await call(`/v1/bidders/${id}`)).json() as Promise<BidderListing>;

it.each([["durable"], ["fast"]])("a request that asks for effort has its bidder think so long: %s", async (lane) => {
  const id = `thinks/${lane}`;
  const sent = await addThinker(id);
  const ask = (more: object) =>
    post("/v1/chat/completions", { model: id, messages, max_tokens: 50, atomic: { lane }, ...more });
  const answer = (await (await ask({ reasoning_effort: "high" })).json()) as { atomic: { job: string } };
  expect(answer).toMatchObject({ choices: [{ message: { content: "Because." } }] });
  expect((await ask({})).status).toBe(200);
  expect((await ask({ reasoning_effort: "minimal" })).status).toBe(200);
  // Any SDK can name an arm as its model.
  expect((await ask({ model: `${id}:medium` })).status).toBe(200);
  expect(await sent()).toEqual([
    ["high", 50 + 24_576],
    ["low", 1050],
    ["low", 1050],
    ["medium", 50 + 8192],
  ]);
  const events = await eventsOf(answer.atomic.job);
  const started = events.find((event) => event.type === "attempt-started");
  expect(started).toMatchObject({ bidder: `${id}:high` });
});

it("an arm that its operator switches on is put to auction beside its bidder, until that is taken back", async () => {
  await addThinker("arms/one");
  const bidders = async () => {
    const response = await post("/v1/auctions/preview", { messages });
    const { auctions } = (await response.json()) as { auctions: { decision: Decision }[] };
    const ids = auctions[0]?.decision.bids.map((bid) => bid.bidder) ?? [];
    return ids.filter((id) => id.startsWith("arms/")).sort();
  };
  expect(await bidders()).toEqual(["arms/one"]);
  const arm = "/v1/bidders/arms/one:high";
  expect((await call(arm, { method: "PUT", body: '{"enabled":true}' })).status).toBe(200);
  expect(await bidders()).toEqual(["arms/one", "arms/one:high"]);
  expect(await listed("arms/one")).toMatchObject({ arms: ["medium", "high"] });
  expect(await listed("arms/one:high")).toMatchObject({ arm: { of: "arms/one", effort: "high" } });
  expect((await call(arm, { method: "DELETE" })).status).toBe(204);
  expect(await bidders()).toEqual(["arms/one"]);
  expect((await call(arm, { method: "PUT", body: '{"enabled":false}' })).status).toBe(200);
  expect(await listed("arms/one")).toMatchObject({ arms: ["medium"] });
  expect((await call("/v1/bidders/arms/one", { method: "DELETE" })).status).toBe(204);
  expect((await call(arm)).status).toBe(404);
});

it("a response says how long its model was to think", async () => {
  await addThinker("thinks/response");
  const body = { model: "thinks/response", input: "Why?", reasoning: { effort: "medium" } };
  expect(await (await post("/v1/responses", body)).json()).toMatchObject({ reasoning: { effort: "medium" } });
});
