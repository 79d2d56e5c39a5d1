import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { defaultBidders, type ModelBindings } from "../../src/models/default-bidders.ts";
import type { ConfiguredBidder } from "../../src/models/endpoint.ts";
import { createModelPort } from "../../src/models/model-ports.ts";
import { type Provider, startProvider } from "../provider/provider.ts";
import { bidderOf, callOf, collect, never } from "./call.ts";

let provider: Provider;
beforeAll(async () => {
  provider = await startProvider();
});
afterAll(() => provider.close());
beforeEach(() => provider.reset());

const nowMs = Date.parse("2026-11-22T12:00:00Z");
const ask = (bidder: string, bindings: ModelBindings, bidders: ConfiguredBidder[], allowSimulated = false) =>
  collect(
    createModelPort(bindings, bidders, { allowSimulated, sleep: async () => {} }).stream(callOf({ bidder }), never),
  );

it("runs the bidders of ATOMIC_LLM_URL by their ids", async () => {
  const bindings = { ATOMIC_LLM_URL: `${provider.url}/v1`, ATOMIC_LLM_MODEL: "echo,words:3", ATOMIC_LLM_KEY: "k" };
  const bidders = defaultBidders(bindings, nowMs);
  expect((await ask("local/echo", bindings, bidders)).text).toContain("say something");
  expect((await ask("local/words:3", bindings, bidders)).text).toBe("word0 word1 word2 ");
  expect(provider.ledger().map(({ credential }) => credential)).toEqual([true, true]);
});

it("runs SDK bidders with the key their secret holds", async () => {
  provider.script("*", { text: "ok" });
  const bindings = { OPENAI_API_KEY: "a", ANTHROPIC_API_KEY: "b", GOOGLE_GENERATIVE_AI_API_KEY: "c" };
  const bidders = defaultBidders(bindings, nowMs).map(({ bidder, endpoint }) => ({
    bidder,
    endpoint: { ...endpoint, baseUrl: `${provider.url}/v1` },
  }));
  for (const { bidder } of bidders) expect((await ask(bidder.id, bindings, bidders)).text, bidder.id).toBe("ok");
  expect(provider.ledger().every(({ credential }) => credential)).toBe(true);
});

it("refuses a bidder whose secret is not set, naming the binding", async () => {
  const bidders = defaultBidders({ OPENAI_API_KEY: "sk-x" }, nowMs);
  const { failure } = await ask("openai/gpt-6-luna", {}, bidders);
  expect(failure?.reason).toBe("unauthorized");
  expect(failure?.message).toContain("OPENAI_API_KEY");
});

it("refuses simulated bidders unless they are switched on", async () => {
  const bidders = defaultBidders({}, nowMs, true);
  expect((await ask("sim/quick", {}, bidders)).failure?.reason).toBe("unauthorized");
  expect((await ask("sim/quick", {}, bidders, true)).text).not.toBe("");
});

it("refuses who is not configured, and Workers AI without its binding", async () => {
  expect((await ask("nobody/none", {}, [])).failure?.reason).toBe("client-error");
  const bidders = defaultBidders({ AI: {} }, nowMs);
  expect((await ask(bidders[0]?.bidder.id ?? "", {}, bidders)).failure?.reason).toBe("unauthorized");
});

it("runs the embedded specialists", async () => {
  const port = createModelPort({}, []);
  const got = await collect(
    port.stream(
      callOf({ bidder: "embedded/franc", kind: "language", text: "Das ist ein deutscher Satz, und noch einer." }),
      never,
    ),
  );
  expect(JSON.parse(got.text)).toMatchObject({ label: "de" });
});

it("sees bidders that are added later", async () => {
  const bidders: ConfiguredBidder[] = [];
  const port = createModelPort({}, () => bidders);
  bidders.push({
    bidder: bidderOf({ id: "new/one" }),
    endpoint: { type: "openai-compatible", model: "text:here", baseUrl: `${provider.url}/v1` },
  });
  expect((await collect(port.stream(callOf({ bidder: "new/one" }), never))).text).toBe("here");
});
