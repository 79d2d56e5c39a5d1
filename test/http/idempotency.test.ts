import { describe, expect, it } from "vitest";
import { twoModels } from "./bidders.ts";
import { testServer } from "./memory-ports.ts";
import { answers } from "./scripts.ts";

const keyed = (key: string) => ({ "idempotency-key": key });

describe("an idempotency key", () => {
  it("makes one job of the same body, however its fields are ordered, and says that it is a repeat", async () => {
    const server = testServer();
    const first = await server.ask("/v1/jobs", { body: { text: "Hi.", kind: "answer" }, headers: keyed("k1") });
    const second = await server.ask("/v1/jobs", { body: { kind: "answer", text: "Hi." }, headers: keyed("k1") });
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(first.headers.get("idempotent-replayed")).toBeNull();
    expect(second.headers.get("idempotent-replayed")).toBe("true");
    const repeat = await second.json();
    expect(repeat.id).toBe((await first.json()).id);
    expect(repeat.status).toBe("succeeded");
    expect(server.jobs.jobs.size).toBe(1);
  });

  it("of a batch is a header: one in its body is refused, since a retry would make the jobs again", async () => {
    const server = testServer();
    const body = { jobs: [{ text: "Hi." }], idempotencyKey: "k1" };
    const response = await server.ask("/v1/jobs:batch", { body });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ field: "idempotencyKey", detail: expect.stringContaining("jobs") });
    expect(server.jobs.jobs.size).toBe(0);
  });

  it("refuses another body under the same key with 422", async () => {
    const server = testServer();
    await server.ask("/v1/jobs", { body: { text: "Hi." }, headers: keyed("k1") });
    const other = await server.ask("/v1/jobs", { body: { text: "Ho." }, headers: keyed("k1") });
    expect(other.status).toBe(422);
    expect(await other.json()).toMatchObject({ code: "idempotency-mismatch" });
    expect(server.jobs.jobs.size).toBe(1);
  });

  it.each(["", "a b", "k".repeat(256), "ключ", "k".repeat(10_000)])("refuses a malformed key", async (key) => {
    const server = testServer();
    for (const path of ["/v1/jobs", "/v1/chat/completions", "/v1/jobs:batch"]) {
      const response = await server.app.request(path, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          authorization: "Bearer operator-key-of-these-tests",
          "idempotency-key": encodeURI(key),
          ...(key === "" || key === "a b" ? { "idempotency-key": key } : {}),
          ...(key === "ключ" ? { "idempotency-key": "k\u00e9" } : {}),
        },
        body: JSON.stringify({ text: "Hi.", model: "atomic", messages: [{ role: "user", content: "Hi." }] }),
      });
      expect(response.status, path).toBe(400);
    }
    expect(server.jobs.jobs.size).toBe(0);
  });

  it("replays a chat completion from its job", async () => {
    const server = testServer();
    server.runs(answers("Once."));
    const body = { model: "atomic", messages: [{ role: "user", content: "Hi." }] };
    const first = await (await server.ask("/v1/chat/completions", { body, headers: keyed("c1") })).json();
    server.runs(answers("Twice."));
    const again = await server.ask("/v1/chat/completions", { body, headers: keyed("c1") });
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect(await again.json()).toEqual(first);
    expect(server.jobs.jobs.size).toBe(1);
    const other = { ...body, messages: [{ role: "user", content: "Ho." }] };
    const refused = await server.ask("/v1/chat/completions", { body: other, headers: keyed("c1") });
    expect(refused.status).toBe(422);
    expect((await refused.json()).error.code).toBe("idempotency_mismatch");
  });
});

describe("a repeat of what would be refused today", () => {
  const model = twoModels[1]?.id ?? "";
  const bodies = {
    "/v1/jobs": { text: "Hi.", bidders: [model] },
    "/v1/jobs?wait=5": { text: "Hi.", bidders: [model] },
    "/v1/chat/completions": { model, messages: [{ role: "user", content: "Hi." }] },
    "/v1/responses": { model, input: "Hi." },
  };

  it.each(Object.entries(bodies))("is the job that is there, when its bidder is gone: POST %s", async (path, body) => {
    const server = testServer();
    const first = await server.ask(path, { body, headers: keyed("k1") });
    await server.ports.market.deleteBidder(model);
    const again = await server.ask(path, { body, headers: keyed("k1") });
    expect(again.status).toBe(first.status);
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect((await again.json()).id).toBe((await first.json()).id);
    // Neither another name nor another body is that job.
    const refusal = path.startsWith("/v1/jobs") ? 400 : 404;
    expect((await server.ask(path, { body, headers: keyed("k2") })).status).toBe(refusal);
    expect((await server.ask(path, { body: { ...body, temperature: 1 }, headers: keyed("k1") })).status).toBe(refusal);
    expect((await server.ask(path, { body })).status).toBe(refusal);
    expect(server.jobs.jobs.size).toBe(1);
  });

  it("is the jobs that are there, of a batch", async () => {
    const server = testServer();
    const body = { jobs: [{ text: "Hi.", bidders: [model] }, { text: "Ho." }] };
    const first = await (await server.ask("/v1/jobs:batch", { body, headers: keyed("b1") })).json();
    await server.ports.market.deleteBidder(model);
    const again = await server.ask("/v1/jobs:batch", { body, headers: keyed("b1") });
    expect(again.status).toBe(202);
    const ids = (made: { jobs: { id: string }[] }) => made.jobs.map((job) => job.id);
    expect(ids(await again.json())).toEqual(ids(first));
    const other = await server.ask("/v1/jobs:batch", { body, headers: keyed("b2") });
    expect(other.status).toBe(400);
    expect(await other.json()).toMatchObject({ field: "jobs[0].bidders[0]" });
  });
});

describe("POST /v1/jobs:batch", () => {
  const jobs = ["one", "two", "three"].map((text) => ({ text }));

  it("makes one job an item, and a repeat makes none", async () => {
    const server = testServer();
    const first = await server.ask("/v1/jobs:batch", { body: { jobs }, headers: keyed("b1") });
    expect(first.status).toBe(202);
    const made = (await first.json()).jobs as { index: number; id: string; repeated: boolean }[];
    expect(made.map((j) => j.index)).toEqual([0, 1, 2]);
    const again = (await (await server.ask("/v1/jobs:batch", { body: { jobs }, headers: keyed("b1") })).json()).jobs;
    expect(again.map((j: { id: string }) => j.id)).toEqual(made.map((j) => j.id));
    expect(again.every((j: { repeated: boolean }) => j.repeated)).toBe(true);
    expect(server.jobs.jobs.size).toBe(3);
  });

  it("tells a changed item apart from the others", async () => {
    const server = testServer();
    await server.ask("/v1/jobs:batch", { body: { jobs }, headers: keyed("b1") });
    const changed = [{ text: "one" }, { text: "zwei" }, { text: "three" }];
    const response = await server.ask("/v1/jobs:batch", { body: { jobs: changed }, headers: keyed("b1") });
    expect(response.status).toBe(207);
    const results = (await response.json()).jobs;
    expect(results[1].error).toMatchObject({ code: "idempotency-mismatch", status: 422 });
    expect(results[0].repeated && results[2].repeated).toBe(true);
  });

  it("gives a batch without a key one of its own", async () => {
    const server = testServer();
    const body = await (await server.ask("/v1/jobs:batch", { body: { jobs } })).json();
    expect(body.idempotencyKey).toMatch(/^[\x21-\x7e]{1,255}$/);
    await server.ask("/v1/jobs:batch", { body: { jobs } });
    expect(server.jobs.jobs.size).toBe(6);
    await server.ask("/v1/jobs:batch", { body: { jobs }, headers: keyed(body.idempotencyKey) });
    expect(server.jobs.jobs.size).toBe(6);
  });

  it.each([
    [{ jobs: Array.from({ length: 10_000 }, () => ({ text: "x" })) }, 413, "jobs"],
    [{ jobs: [] }, 400, "jobs"],
    [{ jobs: { text: "x" } }, 400, "jobs"],
    [[], 400, "jobs"],
    [{ jobs: [{ text: "x" }, { text: "y", kindd: "answer" }] }, 400, "jobs[1].kindd"],
    [{ jobs: [{ text: "x" }, 7] }, 400, "jobs[1]"],
  ])("refuses a bad batch whole", async (body, status, field) => {
    const server = testServer();
    const response = await server.ask("/v1/jobs:batch", { body });
    expect(response.status).toBe(status);
    expect((await response.json()).field).toBe(field);
    expect(server.jobs.jobs.size).toBe(0);
  });
});
