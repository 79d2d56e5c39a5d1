import OpenAI from "openai";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { LoggedEvent } from "../../src/job/job-event.ts";
import type { ConfiguredBidder } from "../../src/models/endpoint.ts";
import { operatorKey } from "../http/memory-ports.ts";
import { type Provider, startProvider } from "../provider/provider.ts";
import { startLiveServer } from "./live-server.ts";
import { bidderOf } from "./world.ts";

/** The policy "continue" between real sockets: a client, the app, the engine, the model port, a scripted provider. */
const timeouts = { connectMs: 2_000, firstTokenMs: 2_000, betweenTokensMs: 2_000, totalMs: 8_000 };
const six = ["One, ", "two, ", "thrée, ", "four, ", "five, ", "six."];
const whole = six.join("");
const given = six.slice(0, 2).join("");

let provider: Provider;
let server: Awaited<ReturnType<typeof startLiveServer>>;
let client: OpenAI;

beforeAll(async () => {
  provider = await startProvider();
  const configured = (id: string, model: string): ConfiguredBidder => ({
    bidder: bidderOf(id, { model, continuesPrefix: true, expected: { firstTokenMs: 5_000, tokensPerSecond: 100 } }),
    endpoint: { type: "openai-compatible", model, baseUrl: `${provider.url}/v1`, prefixMark: "prefix" },
  });
  server = await startLiveServer(
    [configured("p/breaks", "breaks"), configured("q/able", "able")],
    timeouts,
    "p/breaks",
  );
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: operatorKey, maxRetries: 0 });
});
afterAll(async () => {
  await server.close();
  await provider.close();
});

beforeEach(() => {
  provider.reset();
  provider.script("breaks", { pieces: six, betweenMs: 130, fault: "reset" });
  provider.script("able", ({ body }) => {
    const last = (body.messages as { role: string; content: string }[]).at(-1);
    const told = last?.role === "assistant" ? last.content : "";
    return { text: whole.slice(told.length), pieceChars: 4, betweenMs: 60, usage: { input: 40, output: 7 } };
  });
});

const native = { text: "Count to six.", delivery: "live", leaderChange: "continue" };
const headers = { "content-type": "application/json", authorization: `Bearer ${operatorKey}` };
const ask = { model: "atomic", atomic: { delivery: "live", leader_change: "continue" } } as const;

/** Events of a job from `after` on, as its client reads them; `most`: it hangs up after so many. */
async function eventsOf(id: string, after: number, most = Number.POSITIVE_INFINITY): Promise<LoggedEvent[]> {
  const hangUp = new AbortController();
  const response = await fetch(`${server.url}/v1/jobs/${id}/events`, {
    headers: { ...headers, ...(after > 0 ? { "last-event-id": String(after) } : {}) },
    signal: hangUp.signal,
  });
  const events: LoggedEvent[] = [];
  if (response.status === 204 || response.body === null) return events;
  let rest = "";
  try {
    for await (const bytes of response.body.pipeThrough(new TextDecoderStream())) {
      rest += bytes;
      const frames = rest.split("\n\n");
      rest = frames.pop() ?? "";
      for (const frame of frames) {
        const data = frame.split("\n").find((line) => line.startsWith("data: "));
        if (data === undefined || !frame.includes("\nid: ")) continue;
        events.push(JSON.parse(data.slice(6)) as LoggedEvent);
        if (events.length >= most) return events;
      }
    }
  } finally {
    hangUp.abort();
  }
  return events;
}

/** What a client holds who obeys the events: each batch must lie where its offset says. */
function shown(events: readonly LoggedEvent[]): string {
  let text = "";
  for (const event of events) {
    if (event.type === "leader-changed") {
      expect(event).toMatchObject({
        policy: "continue",
        fromBidder: "p/breaks",
        toBidder: "q/able",
        offset: text.length,
      });
    }
    if (event.type !== "text-streamed") continue;
    expect(event.offset).toBe(text.length);
    text += event.text;
  }
  return text;
}

describe("an answer that another bidder goes on with", () => {
  it("is asked for with the delivered text as the assistant's own beginning", async () => {
    const response = await fetch(`${server.url}/v1/jobs?wait=20`, {
      method: "POST",
      headers,
      body: JSON.stringify(native),
    });
    expect(((await response.json()) as { answer: { text: string } }).answer.text).toBe(whole);
    const asked = provider.ledger().find((entry) => entry.model === "able")?.body;
    const sent = (asked?.messages ?? []) as object[];
    expect(sent.at(-1)).toEqual({ role: "assistant", content: given.trimEnd(), prefix: true });
    const [, second] = server.last().job.microtasks[0]?.attempts ?? [];
    expect(second?.usage).toMatchObject({ input: 40, output: 7, source: "provider" });
  });

  it("is the same in the native stream from wherever a client takes it up", async () => {
    const response = await fetch(`${server.url}/v1/jobs`, { method: "POST", headers, body: JSON.stringify(native) });
    const { id } = (await response.json()) as { id: string };
    const live = await eventsOf(id, 0);
    expect(shown(live)).toBe(whole);
    expect(live.some((event) => event.type === "leader-changed")).toBe(true);
    const log = server.last().log;
    for (let at = 1; at < log.length; at++) {
      const before = await eventsOf(id, 0, at);
      const after = await eventsOf(id, before.at(-1)?.seq ?? 0);
      expect([...before, ...after]).toEqual(live);
    }
  }, 20_000);

  it("is the same when the client hangs up after every few events while it is written", async () => {
    const response = await fetch(`${server.url}/v1/jobs`, { method: "POST", headers, body: JSON.stringify(native) });
    const { id } = (await response.json()) as { id: string };
    const events: LoggedEvent[] = [];
    for (let most = 1; ; most = 1 + (most % 3)) {
      const more = await eventsOf(id, events.at(-1)?.seq ?? 0, most);
      if (more.length === 0) break;
      events.push(...more);
    }
    expect(events.map((event) => event.seq)).toEqual(server.last().log.map((event) => event.seq));
    expect(shown(events)).toBe(whole);
  });

  it("goes on in a chat stream, which says who took over and where", async () => {
    const stream = await client.chat.completions.create({
      ...ask,
      stream: true,
      stream_options: { include_usage: true },
      messages: [{ role: "user", content: "Count to six." }],
    });
    let text = "";
    const said: unknown[] = [];
    let usage = 0;
    for await (const chunk of stream) {
      const extra = (chunk as unknown as { atomic?: { leader_changed?: { at: number } } }).atomic?.leader_changed;
      if (extra !== undefined) {
        said.push(extra);
        expect(extra.at).toBe(text.length);
      }
      text += chunk.choices[0]?.delta.content ?? "";
      usage = chunk.usage?.completion_tokens ?? usage;
    }
    expect(text).toBe(whole);
    expect(said).toEqual([{ policy: "continue", from: "p/breaks", to: "q/able", at: given.length }]);
    // The client was given both parts.
    expect(usage).toBe(7 + Math.ceil(given.length / 4));
  });

  it("goes on in a responses stream, and from any sequence number of it", async () => {
    type Event = { type: string; sequence_number: number; delta?: string; atomic?: { leader_changed: object } };
    const events: Event[] = [];
    const stream = await client.responses.create({ ...ask, stream: true, input: "Count to six." });
    for await (const event of stream) events.push(event as unknown as Event);
    const textOf = (all: readonly Event[]) =>
      all.map((e) => (e.type === "response.output_text.delta" ? (e.delta ?? "") : "")).join("");
    expect(textOf(events)).toBe(whole);
    expect(events.at(-1)?.type).toBe("response.completed");
    expect(events.flatMap((e) => (e.atomic === undefined ? [] : [e.atomic.leader_changed]))).toEqual([
      { policy: "continue", from: "p/breaks", to: "q/able", at: given.length },
    ]);
    const id = (events[0] as unknown as { response: { id: string } }).response.id;
    for (const { sequence_number: seen } of events.slice(0, -1)) {
      const rest: Event[] = [];
      for await (const event of await client.responses.retrieve(id, { stream: true, starting_after: seen }))
        rest.push(event as unknown as Event);
      expect(textOf([...events.slice(0, seen + 1), ...rest])).toBe(whole);
    }
  });

  it("ends an OpenAI stream with an error where the other starts over in its own words", async () => {
    provider.script("breaks", { pieces: six, betweenMs: 20, fault: "reset", faultAfter: 5 });
    provider.script("able", { text: "One, two, thrée, and so on.", pieceChars: 3 });
    const stream = await client.chat.completions.create({
      ...ask,
      stream: true,
      messages: [{ role: "user", content: "Count to six." }],
    });
    let text = "";
    await expect(
      (async () => {
        for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
      })(),
    ).rejects.toThrow();
    expect(text).toBe(six.slice(0, 5).join(""));
    expect(server.last().job.microtasks[0]?.attempts[1]?.failure).toBe("repeated-prefix");
  });
});
