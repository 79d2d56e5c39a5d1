import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { traceJob } from "../../durable-objects/trace-job.ts";
import type { LoggedEvent } from "../../src/job/job-event.ts";
import { bidderOf, requestOf, says, World } from "../engine/world.ts";

type Reply = [status: number, headers?: Record<string, string>, body?: string];

let log: readonly LoggedEvent[] = [];
let server: Server;
let said: string[] = [];
const bodies: string[] = [];

beforeAll(async () => {
  const w = new World([bidderOf("a/one")], () => says("Secret answer."));
  w.accept(requestOf({}));
  await w.settle();
  log = w.log;
});
beforeEach(() => {
  said = [];
  bodies.length = 0;
  vi.spyOn(console, "error").mockImplementation((line: string) => void said.push(line));
});
afterEach(() => {
  vi.restoreAllMocks();
  server?.closeAllConnections();
  server?.close();
});

/** A collector that answers so, one after the other, the last for good. null: it breaks the connection. */
async function collector(...replies: (Reply | null)[]): Promise<string> {
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      const reply = replies[Math.min(bodies.length, replies.length - 1)];
      bodies.push(body);
      if (reply === null || reply === undefined) return void request.socket.destroy();
      response.writeHead(reply[0], reply[1]).end(reply[2] ?? "{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`;
}

/** The waits before each further try, ms, which take no time here. */
async function traced(url: string): Promise<number[]> {
  const waits: number[] = [];
  const wait = async (ms: number) => void waits.push(ms);
  await traceJob({ ATOMIC_OTLP_URL: url }, "object-1", () => [...log], wait);
  return waits;
}

const lines = () => said.map((line) => JSON.parse(line) as object);

describe("a trace", () => {
  it("outlives a collector that is away for a moment: the same spans come again, and nothing is said", async () => {
    const waits = await traced(await collector([503], null, [200]));
    expect(bodies).toHaveLength(3);
    expect(new Set(bodies).size).toBe(1);
    expect(waits[0]).toBeGreaterThanOrEqual(1_000);
    expect(waits[1]).toBeGreaterThanOrEqual(5_000);
    expect(Math.max(...waits)).toBeLessThan(6_000);
    expect(said).toEqual([]);
  });

  it("is sent again no sooner than the collector says", async () => {
    const waits = await traced(await collector([429, { "retry-after": "20" }], [200]));
    expect(waits).toHaveLength(1);
    expect(waits[0]).toBeGreaterThanOrEqual(20_000);
    expect(waits[0]).toBeLessThan(23_000);
  });

  it.each<[string, Reply | null, number, number | null]>([
    ["after three tries", [503], 3, 503],
    ["after three tries that nobody answered", null, 3, null],
    ["at once where it was refused", [401], 1, 401],
    ["at once where the collector asks for minutes", [503, { "retry-after": "120" }], 1, 503],
  ])("is given up %s, and the console says so without its content", async (_, reply, tries, status) => {
    await traced(await collector(reply));
    expect(bodies).toHaveLength(tries);
    expect(lines()).toEqual([{ event: "trace-not-exported", object: "object-1", status, tries }]);
  });

  it("of which a part was not taken is told of, and not sent again", async () => {
    const partial = JSON.stringify({ partialSuccess: { rejectedSpans: "2", errorMessage: "Secret answer." } });
    await traced(await collector([200, {}, partial]));
    expect(bodies).toHaveLength(1);
    expect(lines()).toEqual([{ event: "trace-partly-rejected", object: "object-1", rejectedSpans: 2 }]);
  });

  it("waits only beside so many others: what is held is in memory", async () => {
    const url = await collector([503]);
    const env = { ATOMIC_OTLP_URL: url };
    let release: () => void = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let held = 0;
    const wait = async () => {
      held++;
      await released;
    };
    const all = Array.from({ length: 55 }, () => traceJob(env, "object-1", () => [...log], wait));
    await expect.poll(() => [held, said.length]).toEqual([50, 5]);
    release();
    await Promise.all(all);
    expect(lines()).toContainEqual({ event: "trace-not-exported", object: "object-1", status: 503, tries: 1 });
  });

  it("is not made where no collector is set: the log is not even read", async () => {
    let reads = 0;
    const read = () => {
      reads++;
      return [...log];
    };
    for (const env of [{}, { ATOMIC_OTLP_URL: "" }]) await traceJob(env, "object-1", read);
    expect(reads).toBe(0);
  });
});
