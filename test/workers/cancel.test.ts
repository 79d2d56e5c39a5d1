import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { JobView } from "../../src/job/job-view.ts";
import { seeded } from "../durability/seeded.ts";
import { bidder, call, keyOf, post } from "./call.ts";

type Told = { entries: { type: "cost" | "charge"; usd: number }[] };

const races = 60;
const seed = 20_261_125;

/** Reads a job's stream and cancels when so many events have come; 0: at once, without reading. */
async function cancelAfter(id: string, key: Record<string, string>, events: number, lateMs: number): Promise<void> {
  const stop = () => call(`/v1/jobs/${id}/cancel`, { method: "POST" }, key);
  if (events > 0) {
    const reader = (await call(`/v1/jobs/${id}/events`, {}, key)).body
      ?.pipeThrough(new TextDecoderStream())
      .getReader();
    for (let seen = 0; reader !== undefined && seen < events; ) {
      const { done, value } = await reader.read();
      if (done) break;
      seen += value.split("\n").filter((line) => line.startsWith("data:")).length;
    }
    if (lateMs > 0) await new Promise((resolve) => setTimeout(resolve, lateMs));
    const response = await stop();
    await reader?.cancel();
    expect([202, 409]).toContain(response.status);
  } else expect([202, 409]).toContain((await stop()).status);
}

describe("a cancel against an accept, through the job's own object", () => {
  it(`has two outcomes in ${races} races, and ledger, view, D1 and the tenant's books agree`, async () => {
    const model = await bidder("cancelled", { text: "It is ok, is it not?", betweenMs: 8 }, { concurrency: 1000 });
    const key = await keyOf("canceller");
    const random = seeded(seed);
    const ids: string[] = [];
    for (let n = 0; n < races; n += 10)
      ids.push(
        ...(await Promise.all(
          Array.from({ length: 10 }, async () => {
            const [events, lateMs] = [random.int(0, 12), random.chance(0.5) ? 0 : random.int(0, 60)];
            const { id } = (await (
              await post("/v1/jobs", { text: "Is it?", bidders: [model] }, key)
            ).json()) as JobView;
            await cancelAfter(id, key, events, lateMs);
            return id;
          }),
        )),
      );
    const view = async (id: string) => (await (await call(`/v1/jobs/${id}`, {}, key)).json()) as JobView;
    let [costNano, chargeNano, accepted] = [0, 0, 0];
    for (const id of ids) {
      await expect.poll(async () => (await view(id)).settled, { timeout: 15_000 }).toBe(true);
      const job = await view(id);
      const told = (await (await call(`/v1/jobs/${id}/ledger`, {}, key)).json()) as Told;
      const entries = told.entries.map(({ type, usd }) => ({ type, nano: Math.round(usd * 1e9) }));
      const costs = entries.filter((entry) => entry.type === "cost");
      const charges = entries.filter((entry) => entry.type === "charge");
      const cost = costs.reduce((sum, entry) => sum + entry.nano, 0);
      const won = job.status === "succeeded";
      expect(["succeeded", "cancelled"], `seed ${seed}, ${id}`).toContain(job.status);
      expect({ answer: job.answer?.text ?? null, charges: charges.map((entry) => entry.nano) }, id).toEqual(
        won ? { answer: "It is ok, is it not?", charges: [cost] } : { answer: null, charges: [] },
      );
      expect(costs.length, id).toBe(job.microtasks.flatMap((m) => m.attempts).length);
      expect(Math.round(job.costUsd * 1e9), id).toBe(cost);
      const csv = (await (await call(`/v1/jobs/${id}/ledger.csv`, {}, key)).text()).trim().split("\r\n").slice(1);
      expect(csv.filter((line) => line.includes(",charge,")).length, id).toBe(charges.length);
      expect(csv.filter((line) => line.includes(",cost,")).length, id).toBe(costs.length);
      const row = () =>
        env.DB.prepare("select status, cost_nano from jobs where id = ?").bind(id).first<Record<string, unknown>>();
      await expect.poll(row, { timeout: 15_000 }).toEqual({ status: job.status, cost_nano: cost });
      costNano += cost;
      chargeNano += charges.reduce((sum, entry) => sum + entry.nano, 0);
      if (won) accepted++;
    }
    console.log(`seed ${seed}: ${accepted} accepted, ${ids.length - accepted} cancelled`);
    expect(accepted).toBeGreaterThan(0);
    expect(accepted).toBeLessThan(races);
    const usage = (await (await call("/v1/usage", {}, key)).json()) as { months: { jobs: number; costUsd: number }[] };
    expect(usage.months.map((m) => [m.jobs, Math.round(m.costUsd * 1e9)])).toEqual([[races, costNano]]);
    const books = await env.TENANT.get(env.TENANT.idFromName("canceller")).months(1);
    expect(books).toMatchObject([{ jobs: races, costNano, chargeNano }]);
  });
});
