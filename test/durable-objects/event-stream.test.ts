import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EventStreams, type StreamState } from "../../durable-objects/event-stream.ts";
import { JobLog } from "../../durable-objects/job-log.ts";
import type { LoggedEvent } from "../../src/job/job-event.ts";
import { SqliteStorage } from "../durability/sqlite-storage.ts";

const event = (seq: number, text = "x"): LoggedEvent => ({
  type: "text-streamed",
  microtask: "m",
  attempt: "m.1",
  offset: 0,
  text,
  seq,
  atMs: seq,
});

class Home {
  readonly log = new JobLog(new SqliteStorage());
  readonly streams = new EventStreams();
  state: StreamState = "live";

  write(...events: LoggedEvent[]): void {
    this.log.append(events, 1);
    this.streams.publish(events);
  }

  read(after = 0): ReadableStreamDefaultReader<Uint8Array> {
    const source = { page: (from: number, max: number) => this.log.page(from, max), state: () => this.state };
    const stream = this.streams.subscribe(source, after);
    if (stream === null) throw new Error("refused");
    return stream.getReader();
  }

  over(): void {
    this.state = "over";
    this.streams.settle();
  }
}

async function numbers(reader: ReadableStreamDefaultReader<Uint8Array>, until = Number.POSITIVE_INFINITY) {
  const seen: number[] = [];
  const decoder = new TextDecoder();
  for (let rest = ""; (seen.at(-1) ?? 0) < until; ) {
    const { done, value } = await reader.read();
    if (done) break;
    const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") seen.push((JSON.parse(line) as LoggedEvent).seq);
    // A stream that repeats itself would be read for ever.
    if (new Set(seen).size < seen.length) throw new Error(`The stream repeats itself: ${seen.slice(-5)}.`);
  }
  return seen;
}
const upTo = (n: number, from = 1) => Array.from({ length: n - from + 1 }, (_, i) => from + i);

describe("the readers of a job", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "Date"] }));
  afterEach(() => void vi.useRealTimers());

  it("get the log and then every commit, without gap or repeat, wherever they begin", async () => {
    const home = new Home();
    home.write(event(1), event(2));
    const readers = [0, 1, 2].map((after) => home.read(after));
    const all = readers.map((reader) => numbers(reader));
    home.write(event(3));
    await Promise.resolve();
    home.write(event(4), event(5));
    home.write(event(6));
    home.over();
    expect(await Promise.all(all)).toEqual([upTo(6), upTo(6, 2), upTo(6, 3)]);
    expect(home.streams.size).toBe(0);
  });

  it("miss nothing that is written between their coming and their first read", async () => {
    const home = new Home();
    home.write(event(1));
    const reader = home.read();
    home.write(event(2));
    const first = numbers(reader, 2);
    home.write(event(3));
    expect(await first).toEqual([1, 2, 3].slice(0, (await first).length));
    home.over();
    expect((await first).concat(await numbers(reader))).toEqual([1, 2, 3]);
  });

  it("can be fifty, each at its own pace", async () => {
    const home = new Home();
    const all = Array.from({ length: 50 }, (_, i) => numbers(home.read(i % 3)));
    for (let seq = 1; seq <= 40; seq++) {
      home.write(event(seq));
      if (seq % 7 === 0) await Promise.resolve();
    }
    home.over();
    for (const [i, seen] of (await Promise.all(all)).entries()) expect(seen).toEqual(upTo(40, (i % 3) + 1));
  });

  it("hold no memory when they are slow, are dropped, and can resume", async () => {
    const home = new Home();
    const reader = home.read();
    home.write(event(1));
    expect(await numbers(reader, 1)).toEqual([1]);
    for (let seq = 2; seq <= 30; seq++) home.write(event(seq, "y".repeat(100_000)));
    vi.advanceTimersByTime(40_000);
    expect(home.streams.size).toBe(0);
    const rest = await numbers(reader);
    home.over();
    expect(rest.concat(await numbers(home.read(rest.at(-1) ?? 1)))).toEqual(upTo(30, 2));
  });

  it("hear a heartbeat every 10 s, and are sent away after 60 s of a job that only waits", async () => {
    const home = new Home();
    home.write(event(1));
    home.state = "waiting";
    const reader = home.read(1);
    let beats = 0;
    const ended = (async () => {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        if (new TextDecoder().decode(value) === "\n") beats++;
      }
    })();
    for (let s = 0; s < 70; s += 10) {
      await vi.advanceTimersByTimeAsync(10_000);
    }
    await ended;
    expect(beats).toBeGreaterThanOrEqual(5);
    expect(home.streams.size).toBe(0);
  });

  it("are sent away by the next heartbeat of a job that is over without a last commit", async () => {
    const home = new Home();
    home.write(event(1));
    const seen = numbers(home.read());
    await vi.advanceTimersByTimeAsync(10_000);
    expect(home.streams.size).toBe(1);
    home.state = "over";
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await seen).toEqual([1]);
    expect(home.streams.size).toBe(0);
  });

  it("stay as long as the job is live", async () => {
    const home = new Home();
    const reader = home.read();
    const seen = numbers(reader, 1);
    for (let s = 0; s < 600; s += 10) await vi.advanceTimersByTimeAsync(10_000);
    expect(home.streams.size).toBe(1);
    home.write(event(1));
    expect(await seen).toEqual([1]);
    await reader.cancel();
    expect(home.streams.size).toBe(0);
  });
});
