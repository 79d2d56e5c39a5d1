import { describe, expect, it } from "vitest";
import { createEmbeddedPort } from "../../../src/models/embedded/embedded-port.ts";
import { embeddedBidders } from "../../../src/models/embedded/registry.ts";
import type { ModelCall, ModelPart } from "../../../src/race/model-port.ts";

const call = (bidder: string, text: string, changes: Partial<ModelCall> = {}): ModelCall => ({
  attempt: "attempt-1",
  bidder,
  kind: "language",
  messages: [],
  text,
  labels: null,
  schema: null,
  maxOutputTokens: 100,
  temperature: null,
  seed: 1,
  timeouts: { connectMs: 1000, firstTokenMs: 1000, betweenTokensMs: 1000, totalMs: 1000 },
  ...changes,
});
async function read(stream: AsyncIterable<ModelPart>): Promise<ModelPart[]> {
  const parts: ModelPart[] = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

describe("embedded port", () => {
  it("streams open, text, usage without tokens, end", async () => {
    const parts = await read(
      createEmbeddedPort().stream(
        call("embedded/eld-small", "How are you today, my friend?"),
        new AbortController().signal,
      ),
    );
    expect(parts.map(({ type }) => type)).toEqual(["open", "text", "usage", "end"]);
    expect(parts[1]).toMatchObject({ text: expect.stringContaining('"label":"en"') });
    expect(parts[2]).toEqual({ type: "usage", usage: { input: 0, output: 0, source: "counted" } });
    expect(parts[3]).toEqual({ type: "end", finish: "stop" });
  });

  it("sends a long answer in parts that join to the whole and cut no character", async () => {
    const text = `Write to ${"😀é".repeat(300)} Please confirm the order by Friday, ${"😀".repeat(90)} thank you.`;
    const parts = await read(
      createEmbeddedPort().stream(call("embedded/slot-reply", text, { kind: "draft" }), new AbortController().signal),
    );
    const texts = parts.flatMap((part) => (part.type === "text" ? [part.text] : []));
    expect(texts.length).toBeGreaterThan(1);
    expect(texts.every((part) => part.isWellFormed())).toBe(true);
    expect(texts.join("")).toMatch(/^\[Template reply/);
  });

  it("runs calls one after another, in their order", async () => {
    const port = createEmbeddedPort();
    const ended: string[] = [];
    await Promise.all(
      ["embedded/compromise-entities", "embedded/lead", "embedded/franc"].map(async (bidder) => {
        await read(port.stream(call(bidder, "John went to Paris. ".repeat(200)), new AbortController().signal));
        ended.push(bidder);
      }),
    );
    expect(ended).toEqual(["embedded/compromise-entities", "embedded/lead", "embedded/franc"]);
  });

  it("ends at once when it is aborted, while it waits for its turn", async () => {
    const port = createEmbeddedPort();
    const first = read(
      port.stream(call("embedded/compromise-entities", "a b c. ".repeat(1000)), new AbortController().signal),
    );
    const abort = new AbortController();
    const second = port.stream(call("embedded/franc", "bonjour tout le monde"), abort.signal)[Symbol.asyncIterator]();
    expect((await second.next()).value).toEqual({ type: "open" });
    const waiting = second.next();
    abort.abort();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect((await first).at(-1)).toEqual({ type: "end", finish: "stop" });
  });

  it("refuses a bidder that is none of its own", async () => {
    const stream = createEmbeddedPort().stream(call("openai/gpt", "x"), new AbortController().signal);
    await expect(read(stream)).rejects.toMatchObject({ name: "ModelFailure", reason: "client-error" });
  });
});

describe("embedded bidders", () => {
  it("are free, named embedded/..., and serve the kinds of triage", () => {
    const bidders = embeddedBidders();
    expect(new Set(bidders.map(({ id }) => id)).size).toBe(bidders.length);
    for (const bidder of bidders) {
      expect(bidder.id).toBe(`embedded/${bidder.model}`);
      expect(bidder.price).toEqual({ inputPerMtok: 0, outputPerMtok: 0 });
    }
    const served = new Set(bidders.flatMap(({ serves }) => (serves === "generative" ? [] : serves)));
    expect([...served].sort()).toEqual(
      ["action-request", "draft", "entities", "language", "sentiment", "spam", "summarise"].sort(),
    );
  });
});
