import { beforeAll, describe, expect, inject, it } from "vitest";
import type { ConfiguredBidder, Endpoint } from "../../src/models/endpoint.ts";
import { createModelPort } from "../../src/models/model-ports.ts";
import type { AiBinding } from "../../src/models/workers-ai/ai-binding.ts";
import type { Timeouts } from "../../src/race/model-port.ts";
import { bidderOf, callOf, collect } from "../models/call.ts";
import type { LedgerEntry } from "../provider/ledger.ts";

/** The same faults as in test/models, in the runtime that serves: its fetch, streams and timers are not Node's. */
const url = inject("providerUrl");
const six = ["Grüße, ", "two ", "three ", "four ", "five ", "six."];
const long: Timeouts = { connectMs: 8000, firstTokenMs: 8000, betweenTokensMs: 8000, totalMs: 20_000 };

const endpoints: Endpoint[] = [
  { type: "openai-compatible", model: "w-compatible", baseUrl: `${url}/v1` },
  { type: "openai", model: "gpt-5.4-nano", baseUrl: `${url}/v1`, apiKeySecretName: "OPENAI_API_KEY" },
  { type: "anthropic", model: "claude-haiku-5-5", baseUrl: `${url}/v1`, apiKeySecretName: "ANTHROPIC_API_KEY" },
  {
    type: "google",
    model: "gemini-3.8-flash",
    baseUrl: `${url}/v1beta`,
    apiKeySecretName: "GOOGLE_GENERATIVE_AI_API_KEY",
  },
  { type: "workers-ai", model: "@cf/w/llama" },
];

const AI: AiBinding = {
  run: async (model, inputs, options) => {
    const { signal } = options as { signal: AbortSignal };
    const body = JSON.stringify({ model, ...(inputs as object) });
    return (await fetch(`${url}/v1/chat/completions`, { method: "POST", body, signal })).body;
  },
};
const bindings = { OPENAI_API_KEY: "a", ANTHROPIC_API_KEY: "b", GOOGLE_GENERATIVE_AI_API_KEY: "c", AI };

const script = (model: string, of: object) =>
  fetch(`${url}/script`, { method: "POST", body: JSON.stringify({ model, script: of }) });
const lastOf = async (model: string) =>
  ((await (await fetch(`${url}/ledger`)).json()) as LedgerEntry[]).filter((entry) => entry.model === model).at(-1);
const endedAs = async (model: string, end: LedgerEntry["end"]) => {
  for (let i = 0; i < 100; i++) {
    if ((await lastOf(model))?.end === end) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return false;
};

describe.each(endpoints)("$type in workerd", (endpoint) => {
  const configured: ConfiguredBidder = { bidder: bidderOf({ id: "t/m" }), endpoint };
  const open = (signal: AbortSignal, timeouts = long) =>
    createModelPort(bindings, [configured]).stream(callOf({ bidder: "t/m", timeouts }), signal);
  const run = async (of: object, timeouts = long) => {
    await script(endpoint.model, of);
    return collect(open(new AbortController().signal, timeouts));
  };

  beforeAll(async () => {
    // Loads the SDK, whose time is not the provider's.
    await script(endpoint.model, { text: "ok" });
    await collect(open(new AbortController().signal));
  });

  it("streams an answer", async () => {
    const got = await run({ pieces: six, fault: "split-utf8", usage: { input: 9, output: 6 } });
    expect(got.failure).toBeNull();
    expect(got.text).toBe(six.join(""));
    expect(got.usage).toMatchObject({ input: 9, output: 6, source: "provider" });
    expect(got.parts[0]?.type).toBe("open");
  });

  it.each([
    ["reset", "connection-lost"],
    ["clean-cut", "truncated"],
    ["error-frame", "error-frame"],
    ["garbage-json", "malformed-stream"],
    ["long-line", "too-large"],
    ["empty", "empty-answer"],
  ])("%s -> %s", async (fault, reason) => {
    const got = await run({ pieces: six, fault });
    expect(got.failure?.reason).toBe(reason);
    expect(got.finish).toBeNull();
  });

  it.each([
    ["hang-before-headers", "connect-timeout", { connectMs: 150 }],
    ["hang-before-first-token", "first-token-timeout", { firstTokenMs: 150 }],
    ["stall", "stall-timeout", { betweenTokensMs: 150 }],
  ])("%s -> %s", async (fault, reason, times) => {
    const got = await run({ pieces: six, fault }, { ...long, ...times });
    expect(got.failure?.reason).toBe(reason);
    expect(await endedAs(endpoint.model, "client-closed")).toBe(true);
  });

  it("closes the upstream on abort", async () => {
    await script(endpoint.model, { pieces: Array(2000).fill("more "), betweenMs: 20 });
    const controller = new AbortController();
    let texts = 0;
    let chunksAtAbort = 0;
    const got = await collect(open(controller.signal), (part) => {
      if (part.type !== "text" || ++texts !== 3) return;
      chunksAtAbort = texts;
      controller.abort();
    });
    expect(got.failure).toBeNull();
    expect(got.finish).toBeNull();
    expect(await endedAs(endpoint.model, "client-closed")).toBe(true);
    // Frames before the first piece, what was in flight, and not the other two thousand.
    expect((await lastOf(endpoint.model))?.chunkCount).toBeLessThan(chunksAtAbort + 30);
  });
});
