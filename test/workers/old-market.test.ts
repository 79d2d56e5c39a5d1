import { expect, inject, it, vi } from "vitest";
import type { LedgerEntry } from "../provider/ledger.ts";
import { addBidder, call, eventsOf, post, viewOf } from "./api.ts";

const provider = inject("providerUrl");

it("a job that waited asks nobody who was switched off meanwhile, though its object was never away", async () => {
  await addBidder("old/one", provider, { text: "Here." });
  const plan = { microtasks: [{ id: "a", kind: "answer", wait: { for: "approval" } }] };
  const made = await post("/v1/jobs", { text: "Are you there?", bidders: ["old/one"], plan });
  const { id } = (await made.json()) as { id: string };
  // A reader keeps the object where it is.
  const reader = await call(`/v1/jobs/${id}/events`);
  await call("/v1/bidders/old/one", { method: "PUT", body: JSON.stringify({ enabled: false }) });
  const now = Date.now;
  const later = vi.spyOn(Date, "now").mockImplementation(() => now() + 11_000);
  try {
    expect((await post(`/v1/jobs/${id}/approvals/a`, { approved: true })).status).toBe(202);
    await expect.poll(async () => (await viewOf(id)).status, { timeout: 10_000 }).toBe("failed");
  } finally {
    later.mockRestore();
    await reader.body?.cancel();
  }
  expect((await viewOf(id)).error).toMatchObject({ code: "no-bidder" });
  expect((await eventsOf(id)).map((event) => event.type)).not.toContain("attempt-started");
});

it.each(["durable", "fast"])(
  "a job that runs for long does not fall back on who was switched off: %s",
  async (lane) => {
    const bidders = [`${lane}-off/one`, `${lane}-off/two`];
    const models = bidders.map((id) => id.replaceAll("/", "-"));
    for (const id of bidders) await addBidder(id, provider, { headersAfterMs: 1_500, fault: "status-500" });
    const asked = async () => {
      const ledger = (await (await fetch(`${provider}/ledger`)).json()) as LedgerEntry[];
      return ledger.flatMap(({ model }) => (models.includes(model ?? "") ? [model ?? ""] : []));
    };
    const waited = post("/v1/jobs?wait=true", { text: "Are you there?", bidders, lane, strategy: "single" });
    await expect.poll(asked, { timeout: 5_000 }).toHaveLength(1);
    const [first = ""] = await asked();
    const other = bidders[1 - models.indexOf(first)] ?? "";
    await call(`/v1/bidders/${other}`, { method: "PUT", body: JSON.stringify({ enabled: false }) });
    const now = Date.now;
    const later = vi.spyOn(Date, "now").mockImplementation(() => now() + 11_000);
    try {
      expect(await (await waited).json()).toMatchObject({ status: "failed" });
    } finally {
      later.mockRestore();
    }
    // Its own second chance after a failure in passing, and nobody else.
    expect(new Set(await asked())).toEqual(new Set([first]));
  },
);
