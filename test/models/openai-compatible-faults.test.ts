import { describe, expect, it } from "vitest";
import type { Target } from "../../src/models/endpoint.ts";
import { streamChatCompletions } from "../../src/models/openai-compatible/chat-stream.ts";
import { now } from "../provider/ledger.ts";
import { startProvider } from "../provider/provider.ts";
import type { Script } from "../provider/script.ts";
import { bidderOf, callOf, collect, never, until } from "./call.ts";
import { provider, run, six, target, timeouts } from "./chat-endpoint.ts";

describe("time-outs, each its own reason, each closes the upstream", () => {
  it.each([
    ["hang-before-headers", "connect-timeout", { connectMs: 80 }],
    ["hang-before-first-token", "first-token-timeout", { firstTokenMs: 80 }],
    ["stall", "stall-timeout", { betweenTokensMs: 80 }],
  ] as const)("%s -> %s", async (fault, reason, times) => {
    const got = await run({ pieces: six, fault }, timeouts(times));
    expect(got.failure?.reason).toBe(reason);
    expect(got.tookMs).toBeLessThan(1500);
    expect(await until(() => provider.ledger()[0]?.end === "client-closed")).toBe(true);
  });

  it("a slow but steady stream -> total-timeout, with what was seen counted", async () => {
    const got = await run({ pieces: Array(100).fill("word "), betweenMs: 15 }, timeouts({ totalMs: 150 }));
    expect(got.failure?.reason).toBe("total-timeout");
    expect(got.usage?.source).toBe("counted");
    expect(got.usage?.output).toBeGreaterThan(0);
    expect(await until(() => provider.ledger()[0]?.end === "client-closed")).toBe(true);
  });

  it("steady tokens never stall", async () => {
    const got = await run({ pieces: six, betweenMs: 60 }, timeouts({ betweenTokensMs: 250 }));
    expect(got.failure).toBeNull();
  });

  it("a local server's first call may take long, headers included; the second may not", async () => {
    const local = target();
    local.endpoint = { ...local.endpoint, local: true };
    const short = callOf(timeouts({ connectMs: 60, firstTokenMs: 60 }));
    provider.script("m", [
      { headersAfterMs: 200, text: "loaded" },
      { headersAfterMs: 200, text: "late" },
    ]);
    const first = await collect(streamChatCompletions(local, short, never));
    expect(first.text).toBe("loaded");
    const second = await collect(streamChatCompletions(local, short, never));
    expect(second.failure?.reason).toBe("connect-timeout");
  });
});

describe("broken streams are never passed off as complete", () => {
  it.each([
    ["reset", "connection-lost"],
    ["clean-cut", "truncated"],
    ["error-frame", "error-frame"],
    ["garbage-line", "malformed-stream"],
    ["garbage-json", "malformed-stream"],
    ["long-line", "too-large"],
  ] as const)("%s -> %s, after the tokens that came", async (fault, reason) => {
    const got = await run({ pieces: six, fault, betweenMs: 1 });
    expect(got.failure?.reason).toBe(reason);
    expect(got.finish).toBeNull();
    expect(six.join("").startsWith(got.text)).toBe(true);
    expect(got.text).not.toBe("");
    expect(got.usage).toMatchObject({ source: "counted" });
    expect(got.usage?.output).toBeGreaterThan(0);
  });

  it.each([
    ["reset-before-headers", "connection-lost"],
    ["html-page", "malformed-stream"],
    ["empty", "empty-answer"],
    ["refusal", "refused"],
    ["content-filter", "content-filter"],
  ] as const)("%s -> %s", async (fault, reason) => {
    const got = await run({ fault, pieces: six });
    expect(got.failure?.reason).toBe(reason);
    expect(got.finish).toBeNull();
  });

  it("nobody listens -> connection-lost, and nothing is billed", async () => {
    const closed = await startProvider();
    await closed.close();
    const lost = target();
    lost.endpoint = { ...lost.endpoint, baseUrl: `${closed.url}/v1` };
    const got = await collect(streamChatCompletions(lost, callOf(), never));
    expect(got.failure?.reason).toBe("connection-lost");
    expect(got.usage).toBeNull();
  });

  it("an answer without end is cut at its size", async () => {
    const got = await run({ pieces: Array(40).fill("x".repeat(10_000)), betweenMs: 0 }, { maxOutputTokens: 1 });
    expect(got.failure?.reason).toBe("too-large");
    expect(got.text.length).toBeLessThanOrEqual(300_000);
  });

  it("a duplicated chunk cannot be told from text that repeats: it is passed on as sent", async () => {
    const got = await run({ pieces: six, fault: "duplicate-chunk", faultAfter: 1 });
    expect(got.text).toBe("One two two three four five six.");
    expect(got.usage?.source).toBe("provider");
  });

  it("a duplicated chunk of a stream that numbers its events is dropped, and told", async () => {
    const got = await run({ pieces: six, fault: "duplicate-numbered", faultAfter: 3 });
    expect(got.text).toBe(six.join(""));
    expect(got.usage?.source).toBe("provider");
  });

  it("wrong JSON is text here; the reader of answers judges it", async () => {
    const got = await run({ fault: "wrong-json" });
    expect(got.failure).toBeNull();
    expect(got.text).toContain('"confidence": }');
  });
});

describe("abort", () => {
  const abortAt = async (script: Script, when: "now" | "opened" | "third-token", over: Partial<Target> = {}) => {
    provider.script("m", script);
    const controller = new AbortController();
    let abortedAtMs = 0;
    const abort = () => {
      abortedAtMs = now();
      controller.abort();
    };
    let texts = 0;
    if (when === "now") void until(() => provider.ledger().length === 1).then(abort);
    const got = await collect(streamChatCompletions(target(over), callOf(), controller.signal), (part) => {
      if (when === "opened" && part.type === "open") setTimeout(abort, 10);
      if (when === "third-token" && part.type === "text" && ++texts === 3) abort();
    });
    const returnedAfterMs = now() - abortedAtMs;
    expect(await until(() => provider.ledger()[0]?.end !== "open")).toBe(true);
    return { got, abortedAtMs, returnedAfterMs, entry: provider.ledger()[0] };
  };
  const endless: Script = { pieces: Array(2000).fill("more "), betweenMs: 3 };

  it.each([
    ["before headers", { fault: "hang-before-headers" }, "now"],
    ["before the first token", { fault: "hang-before-first-token" }, "opened"],
    ["in mid-stream", endless, "third-token"],
    ["while it stalls", { pieces: six, fault: "stall", faultAfter: 3 }, "third-token"],
  ] as const)("%s: returns at once without an end, and the upstream is closed", async (_, script, when) => {
    const { got, entry, abortedAtMs, returnedAfterMs } = await abortAt(script as Script, when);
    expect(got.failure).toBeNull();
    expect(got.finish).toBeNull();
    expect(returnedAfterMs).toBeLessThan(500);
    expect(entry?.end).toBe("client-closed");
    expect((entry?.clientClosedAtMs ?? Number.POSITIVE_INFINITY) - abortedAtMs).toBeLessThan(500);
  });

  it("lets the upstream send at most one chunk more, within 50 ms, by its own ledger", async () => {
    for (let i = 0; i < 5; i++) {
      provider.reset();
      const { entry, abortedAtMs } = await abortAt({ pieces: Array(2000).fill("more "), betweenMs: 5 }, "third-token");
      const later = entry?.chunks.filter((chunk) => chunk.atMs > abortedAtMs) ?? [];
      expect(later.length).toBeLessThanOrEqual(1);
      for (const chunk of later) expect(chunk.atMs - abortedAtMs).toBeLessThan(50);
    }
  });

  it("counts what was seen where cancelling stops the bill, and bounds it where it does not", async () => {
    const { got } = await abortAt(endless, "third-token");
    expect(got.usage?.source).toBe("counted");
    expect(got.usage?.output).toBeLessThan(50);
    provider.reset();
    const billed = await abortAt(endless, "third-token", { bidder: bidderOf({ cancelStopsBill: false }) });
    expect(billed.got.usage).toMatchObject({ source: "bounded", output: 256 });
  });

  it("asks nothing when the signal was aborted before", async () => {
    const got = await collect(streamChatCompletions(target(), callOf(), AbortSignal.abort()));
    expect(got.parts).toEqual([]);
    expect(provider.ledger()).toEqual([]);
  });

  it("closes the upstream when the consumer just stops reading", async () => {
    provider.script("m", endless);
    for await (const part of streamChatCompletions(target(), callOf(), never)) if (part.type === "text") break;
    expect(await until(() => provider.ledger()[0]?.end === "client-closed")).toBe(true);
  });
});

it("says nothing of prompt or key in any failure", async () => {
  for (const fault of ["status-401", "status-429", "error-frame", "garbage-json", "reset", "html-page"] as const) {
    const { failure } = await run({ pieces: six, fault });
    expect(failure).not.toBeNull();
    const said = `${failure?.message} ${failure?.stack} ${JSON.stringify(failure)} ${String(failure?.cause)}`;
    expect(said).not.toContain("sk-scripted-secret");
    expect(said).not.toContain("prompt-marker");
  }
});
