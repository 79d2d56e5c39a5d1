import { describe, expect, it, vi } from "vitest";
import type { MemoryJob } from "./memory-jobs.ts";
import { type TestServer, testServer } from "./memory-ports.ts";
import { SseReader } from "./read-sse.ts";
import { begin, finished, joined, stalls, started, streamed, succeed } from "./scripts.ts";

async function submit(server: TestServer): Promise<{ id: string; job: MemoryJob }> {
  const { id } = await (await server.ask("/v1/jobs", { body: { text: "Hi" } })).json();
  const job = server.jobs.last();
  if (job === undefined) throw new Error("no job");
  return { id, job };
}

const idOf = (frame: string[]) => Number(frame.find((l) => l.startsWith("id: "))?.slice(4));
const dataOf = (frame: string[]) => JSON.parse(frame.find((l) => l.startsWith("data: "))?.slice(6) ?? "null");

describe("GET /v1/jobs/{id}/events", () => {
  it("replays the log, tails it, beats, and ends with the job", async () => {
    const server = testServer();
    server.runs(stalls);
    const { id, job } = await submit(server);
    const response = await server.ask(`/v1/jobs/${id}/events`);
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const reader = new SseReader(response);
    expect(await reader.next()).toEqual(["retry: 2000"]);
    for (const type of ["job-accepted", "microtasks-planned", "award-made", "attempt-started"]) {
      const frame = await reader.next();
      expect(frame?.[0]).toBe(`event: ${type}`);
    }
    job.beat();
    expect(await reader.next()).toEqual([": beat"]);
    job.write(streamed("a1", 0, "He\nllo"));
    const frame = (await reader.next()) ?? [];
    expect(frame).toEqual(["event: text-streamed", `data: ${JSON.stringify(job.log.at(-1))}`, "id: 5"]);
    job.write(finished("a1", "He\nllo"), joined("a1", "He\nllo"));
    succeed(job, "He\nllo");
    expect((await reader.all()).map((f) => f[0])).toEqual([
      "event: attempt-finished",
      "event: microtask-joined",
      "event: job-ended",
      "event: settlement-prepared",
      "event: settlement-sent",
    ]);
  });

  it("resumes behind the last event a client saw, wherever it was cut", async () => {
    const server = testServer();
    const { id, job } = await submit(server);
    await vi.waitFor(() => expect(job.log.at(-1)?.type).toBe("settlement-sent"));
    for (let seen = 0; seen < job.log.length; seen++) {
      for (const how of [
        { path: `?after=${seen}` },
        { path: "?after=1", headers: { "last-event-id": String(seen) } },
        { path: `?after=${seen}`, headers: { "last-event-id": "" } },
      ]) {
        const frames = await new SseReader(
          await server.ask(`/v1/jobs/${id}/events${how.path}`, { headers: how.headers }),
        ).all();
        expect(frames.slice(1).map(idOf)).toEqual(job.log.slice(seen).map((e) => e.seq));
        expect(frames.slice(1).map(dataOf)).toEqual(job.log.slice(seen));
      }
    }
  });

  it("tells a browser that came back for more that there is none", async () => {
    const server = testServer();
    const { id, job } = await submit(server);
    await vi.waitFor(() => expect(job.log.at(-1)?.type).toBe("settlement-sent"));
    const response = await server.ask(`/v1/jobs/${id}/events`, {
      headers: { "last-event-id": String(job.log.length) },
    });
    expect(response.status).toBe(204);
  });

  it.each(["x", "-1", "1.5", "99", "9".repeat(40), "1e3", "NaN"])("refuses the resume id %j", async (given) => {
    const server = testServer();
    const { id } = await submit(server);
    const byHeader = await server.ask(`/v1/jobs/${id}/events`, { headers: { "last-event-id": given } });
    const byQuery = await server.ask(`/v1/jobs/${id}/events?after=${given}`);
    for (const [response, field] of [
      [byHeader, "Last-Event-ID"],
      [byQuery, "after"],
    ] as const) {
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        code: "invalid-request",
        field,
        detail: expect.stringContaining("Leave it out to start over"),
      });
    }
  });

  it("lets go of the job when the client leaves, and does not cancel it", async () => {
    const server = testServer();
    server.runs(stalls);
    const { id, job } = await submit(server);
    const reader = new SseReader(await server.ask(`/v1/jobs/${id}/events`));
    await reader.next();
    expect(job.streams.size).toBe(1);
    await reader.leave();
    await vi.waitFor(() => expect(job.streams.size).toBe(0));
    expect(job.cancelled).toBeNull();
  });

  it("ends when the object restarts, so that the client comes back with its place", async () => {
    const server = testServer();
    server.runs(begin);
    const { id, job } = await submit(server);
    const reader = new SseReader(await server.ask(`/v1/jobs/${id}/events`));
    for (let i = 0; i < 4; i++) await reader.next();
    job.breakStreams();
    expect(await reader.next()).toBeNull();
    const again = new SseReader(await server.ask(`/v1/jobs/${id}/events`, { headers: { "last-event-id": "3" } }));
    await again.next();
    job.write(started("a1", "openai/small"));
    expect(idOf((await again.next()) ?? [])).toBe(4);
    await again.leave();
  });
});
