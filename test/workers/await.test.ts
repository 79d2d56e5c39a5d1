import { abortAllDurableObjects } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { JobView } from "../../src/job/job-view.ts";
import { bidder, call, keyOf, post } from "./call.ts";

const listed = async (key: Record<string, string>) =>
  ((await (await call("/v1/jobs", {}, key)).json()) as { jobs: { id: string; status: string }[] }).jobs;

describe("a job whose caller waits", () => {
  it("shows in its tenant's list when it lasts, and comes with its end", async () => {
    const model = await bidder("awaited", { text: "one two three", betweenMs: 500, pieceChars: 4 });
    const key = await keyOf("waiter");
    const answer = post("/v1/jobs?wait=20", { text: "Count.", bidders: [model] }, key);
    await expect.poll(() => listed(key), { timeout: 5000 }).toMatchObject([{ status: "running" }]);
    const view = (await (await answer).json()) as JobView;
    expect(view).toMatchObject({ status: "succeeded", answer: { text: "one two three" } });
    await expect.poll(() => listed(key), { timeout: 15_000 }).toMatchObject([{ id: view.id, status: "succeeded" }]);
  });

  it("is one job and is answered although its object is reset meanwhile", async () => {
    const model = await bidder("reset", { text: "one two three", betweenMs: 500, pieceChars: 4 });
    const key = await keyOf("patient");
    const answer = post("/v1/jobs?wait=30", { text: "Count.", bidders: [model] }, key);
    await expect.poll(() => listed(key), { timeout: 5000 }).toMatchObject([{ status: "running" }]);
    await abortAllDurableObjects();
    const response = await answer;
    expect([response.status, response.headers.get("idempotent-replayed")]).toEqual([200, null]);
    const view = (await response.json()) as JobView;
    expect(view).toMatchObject({ status: "succeeded", answer: { text: "one two three" } });
    expect(view.microtasks[0]?.attempts.map((a) => a.status)).toEqual(["orphaned", "complete"]);
    await expect.poll(() => listed(key), { timeout: 15_000 }).toMatchObject([{ id: view.id, status: "succeeded" }]);
  });
});
