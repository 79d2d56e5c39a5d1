import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import worker from "../../src/worker.ts";
import { message } from "../store/messages.ts";
import { call, keyOf, languageSpecialists } from "./call.ts";

/** What becomes of one message of a queue that the Worker was made a consumer of. */
async function deliver(queue: string, body: unknown) {
  const id = crypto.randomUUID();
  const batch = createMessageBatch(queue, [{ id, timestamp: new Date(0), attempts: 1, body }]);
  const ctx = createExecutionContext();
  await worker.queue(batch, env, ctx);
  const { explicitAcks, retryMessages } = await getQueueResult(batch, ctx);
  return explicitAcks.includes(id) ? "taken" : retryMessages.length === 1 ? "comes again" : "lost";
}
const count = (tenant: string) =>
  env.DB.prepare("select count(*) n from jobs where tenant = ?").bind(tenant).first("n");

it("dead letters of settlements are settled by the same Worker, once", async () => {
  const late = message(1, { tenant: "late", createdAtMs: Date.now(), endedAtMs: Date.now() });
  for (const _ of [1, 2]) expect(await deliver("atomic-settlements-dead", late)).toBe("taken");
  expect(await count("late")).toBe(1);
  expect(await deliver("atomic-settlements-dead", { of: "newer code" })).toBe("comes again");
});

it("dead letters of the intake become jobs", async () => {
  const job = { text: "Guten Morgen, meine Damen.", kind: "language", bidders: languageSpecialists };
  expect(await deliver("atomic-intake-dead", { tenant: "late-intake", job })).toBe("taken");
  const key = await keyOf("late-intake");
  const list = async () => (await (await call("/v1/jobs", {}, key)).json()) as { jobs: object[] };
  await expect.poll(list, { timeout: 20_000 }).toMatchObject({ jobs: [{ via: "queue" }] });
});
