import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import worker from "../../src/worker.ts";

const operator = { authorization: "Bearer operator-key-of-the-tests" };

const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  exports.default.fetch(`https://atomic.test${path}`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", ...operator, ...headers },
  });

describe("a job with a name", () => {
  it("is one job for 100 posts at once", async () => {
    const responses = await Promise.all(
      Array.from({ length: 100 }, () =>
        post("/v1/jobs", { text: "Bonjour tout le monde.", kind: "language" }, { "idempotency-key": "hundred" }),
      ),
    );
    const bodies = (await Promise.all(responses.map((r) => r.json()))) as { id: string }[];
    expect(responses.map((r) => r.status)).toEqual(Array(100).fill(202));
    expect(new Set(bodies.map((b) => b.id)).size).toBe(1);
    expect(responses.filter((r) => r.headers.get("idempotent-replayed") === null)).toHaveLength(1);
    const other = await post("/v1/jobs", { text: "Hola.", kind: "language" }, { "idempotency-key": "hundred" });
    expect(other.status).toBe(422);
  });

  it("is one job for a message that the queue delivers three times", async () => {
    const body = { tenant: "queued", job: { text: "Guten Morgen, meine Damen.", kind: "language" } };
    const id = crypto.randomUUID();
    const deliver = async (attempts: number) => {
      const batch = createMessageBatch("atomic-intake", [{ id, timestamp: new Date(0), attempts, body }]);
      const ctx = createExecutionContext();
      await worker.queue(batch, env, ctx);
      return getQueueResult(batch, ctx);
    };
    for (const attempts of [1, 2, 3]) expect((await deliver(attempts)).explicitAcks).toEqual([id]);
    const count = () => env.DB.prepare("select count(*) n from jobs where tenant = 'queued'").first("n");
    await expect.poll(count, { timeout: 10_000 }).toBe(1);
  });

  it("is dropped and named when a message can never be a job", async () => {
    const bad = { tenant: "queued", job: { text: "x", kindd: "language" } };
    const batch = createMessageBatch("atomic-intake", [{ id: "bad", timestamp: new Date(0), attempts: 1, body: bad }]);
    const ctx = createExecutionContext();
    await worker.queue(batch, env, ctx);
    expect((await getQueueResult(batch, ctx)).explicitAcks).toEqual(["bad"]);
  });
});
