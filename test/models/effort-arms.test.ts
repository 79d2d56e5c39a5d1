import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { streamAnthropic } from "../../src/models/anthropic/anthropic.ts";
import { defaultBidders } from "../../src/models/default-bidders.ts";
import { withArms } from "../../src/models/effort-arms.ts";
import type { Endpoint } from "../../src/models/endpoint.ts";
import { bidderOf } from "../engine/world.ts";
import { type Provider, startProvider } from "../provider/provider.ts";
import { callOf, collect, never, targetOf } from "./call.ts";

const endpoint: Endpoint = { type: "openai-compatible", model: "one", baseUrl: "https://a.test/v1", reasoning: "low" };
const thinker = bidderOf("a/one", { reasoningTokens: 2048 });
const none = new Map<string, boolean>();
const armed = (over: Partial<Endpoint> = {}, bidder = thinker, switches = none) =>
  withArms({ bidder, endpoint: { ...endpoint, ...over } }, switches);

describe("arms", () => {
  it("are the efforts above a bidder's own, each with an endpoint, a room and a name", () => {
    const [own, ...arms] = armed();
    expect(own?.bidder).toEqual({ ...thinker, arms: ["medium", "high"] });
    expect(
      arms.map(({ bidder, endpoint: { reasoning, reasoningTokens } }) => [bidder.id, reasoning, reasoningTokens]),
    ).toEqual([
      ["a/one:medium", "medium", 8192],
      ["a/one:high", "high", 24_576],
    ]);
    for (const { bidder, endpoint: its } of arms) {
      expect(bidder).toMatchObject({ model: "one", onlyByName: true, enabled: true, arm: { of: "a/one" } });
      expect(bidder.reasoningTokens).toBe(its.reasoningTokens);
      expect(bidder.expected.firstTokenMs).toBeGreaterThan(thinker.expected.firstTokenMs);
    }
  });

  it("leave three quarters of a context, and are never narrower than what the operator set", () => {
    const small = bidderOf("a/small", { contextTokens: 40_000, reasoningTokens: 9_000 });
    expect(armed({}, small).map(({ bidder }) => bidder.reasoningTokens)).toEqual([9_000, 9_000, 10_000]);
  });

  it("has nobody who cannot be told, or thinks as long as can be", () => {
    const { reasoning: _, ...untold } = endpoint;
    expect(withArms({ bidder: thinker, endpoint: untold }, none)).toEqual([{ bidder: thinker, endpoint: untold }]);
    expect(armed({ reasoning: "high" })).toHaveLength(1);
    expect(armed({ reasoning: "none" }).map(({ bidder }) => bidder.arm?.effort)).toEqual([
      undefined,
      "low",
      "medium",
      "high",
    ]);
  });

  it("are switched as their operator says, and go where their bidder goes", () => {
    const [own, medium, high] = armed(
      {},
      thinker,
      new Map([
        ["a/one:medium", false],
        ["a/one:high", true],
      ]),
    );
    expect(own?.bidder.arms).toEqual(["high"]);
    expect(medium?.bidder.enabled).toBe(false);
    expect(high?.bidder).not.toHaveProperty("onlyByName");
    const off = armed({}, { ...thinker, enabled: false }, new Map([["a/one:high", true]]));
    expect(off.map(({ bidder }) => bidder.enabled)).toEqual([false, false, false]);
    expect(off[0]?.bidder.arms).toBeUndefined();
    const hidden = armed({}, { ...thinker, onlyByName: true }, new Map([["a/one:high", true]]));
    expect(hidden.every(({ bidder }) => bidder.onlyByName)).toBe(true);
  });

  it("give way to a bidder of their name", () => {
    const ids = withArms({ bidder: thinker, endpoint }, none, new Set(["a/one:high"])).map(({ bidder }) => bidder.id);
    expect(ids).toEqual(["a/one", "a/one:medium"]);
  });

  it("has each default model that can be told how long to think", () => {
    const bindings = { OPENAI_API_KEY: "k", ANTHROPIC_API_KEY: "k", GOOGLE_GENERATIVE_AI_API_KEY: "k", AI: {} };
    for (const configured of defaultBidders(bindings, Date.parse("2026-11-28"))) {
      const [own] = withArms(configured, none);
      const told = configured.endpoint.reasoning !== undefined && configured.bidder.enabled;
      expect([configured.bidder.id, own?.bidder.arms?.includes("high") ?? false]).toEqual([configured.bidder.id, told]);
    }
  });
});

describe("thinking on a budget, as older models of Anthropic do", () => {
  let provider: Provider;
  beforeAll(async () => {
    provider = await startProvider();
  });
  afterAll(() => provider.close());
  const sent = async (model: string, reasoningTokens: number, maxOutputTokens: number) => {
    const its: Endpoint = {
      type: "anthropic",
      model,
      baseUrl: `${provider.url}/v1`,
      reasoning: "low",
      reasoningTokens,
    };
    provider.script(model, {});
    const call = callOf({ messages: [{ role: "user", content: "Why?" }], maxOutputTokens });
    expect((await collect(streamAnthropic(targetOf(its), call, never))).failure).toBeNull();
    return provider.ledger().at(-1)?.body as {
      max_tokens: number;
      thinking?: { type: string; budget_tokens?: number };
    };
  };

  it("keeps to the room that money is set aside for, whatever the SDK makes of an effort", async () => {
    const body = await sent("claude-sonnet-4-5", 2048, 500);
    expect(body.max_tokens).toBe(2548);
    expect(body.thinking).toEqual({ type: "enabled", budget_tokens: 2048 });
  });

  it("is left out where it would leave no answer", async () => {
    const body = await sent("claude-sonnet-4-5", 0, 500);
    expect(body).toMatchObject({ max_tokens: 500, thinking: { type: "disabled" } });
  });

  it("is none of models that have no budget", async () => {
    const body = await sent("claude-opus-5-5", 2048, 500);
    expect(body.max_tokens).toBe(2548);
    expect(body.thinking).toMatchObject({ type: "adaptive" });
  });
});
