import { abortAllDurableObjects } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, inject, it } from "vitest";
import type { JobView } from "../../src/job/job-view.ts";
import { addBidder, call, eventsOf, keyOf, post, viewOf } from "./api.ts";
import { languageSpecialists } from "./call.ts";

describe("a job in its object", () => {
  it("answers a closed question by embedded specialists, and settles it into D1", async () => {
    const response = await post("/v1/jobs?wait=20", {
      text: "Please send me the invoice by Friday.",
      kind: "action-request",
      bidders: ["embedded/imperative-rules", "embedded/compromise-verbs"],
    });
    expect(response.status).toBe(200);
    const view = (await response.json()) as JobView;
    expect(view.status).toBe("succeeded");
    expect(view.answer?.value).toMatchObject({ label: "action-request" });
    const log = await eventsOf(view.id);
    expect(log.map((e) => e.seq)).toEqual(log.map((_, i) => i + 1));
    expect(log.at(-1)?.type).toBe("settlement-sent");
    await expect
      .poll(() => env.DB.prepare("select status from jobs where id = ?").bind(view.id).first("status"), {
        timeout: 10_000,
      })
      .toBe("succeeded");
  });

  it("is not put to a specialist that the operator switched off", async () => {
    const flip = (enabled: boolean) =>
      call("/v1/bidders/embedded/vader", { method: "PUT", body: JSON.stringify({ enabled }) });
    expect((await flip(false)).status).toBe(200);
    try {
      const listed = await (await call("/v1/bidders/embedded/vader")).json();
      expect(listed).toMatchObject({ id: "embedded/vader", enabled: false });
      // Named: the files share one market, and its models are slow or broken on purpose.
      const bidders = ["embedded/vader", "embedded/afinn-165", "embedded/wink"];
      const answer = await post("/v1/jobs?wait=true", { text: "I love it.", kind: "sentiment", bidders });
      const { id } = (await answer.json()) as { id: string };
      const excluded = (await eventsOf(id)).flatMap((e) => (e.type === "award-made" ? e.decision.excluded : []));
      expect(excluded).toContainEqual({ bidder: "embedded/vader", reason: "it is switched off" });
      expect((await call("/v1/bidders/embedded/vader", { method: "DELETE" })).status).toBe(400);
    } finally {
      await flip(true);
    }
    expect(await (await call("/v1/bidders/embedded/vader")).json()).toMatchObject({ enabled: true });
  });

  it("goes on from its log when the object is killed in mid-job", async () => {
    await addBidder("test/slow", inject("providerUrl"), { text: "one two three four five six", betweenMs: 100 });
    const made = await post("/v1/jobs", { text: "Count.", bidders: ["test/slow"] });
    expect(made.status).toBe(202);
    const { id } = (await made.json()) as { id: string };
    await expect
      .poll(async () => (await viewOf(id)).microtasks[0]?.attempts.length ?? 0, { timeout: 5000 })
      .toBeGreaterThan(0);
    await abortAllDurableObjects();
    await expect.poll(async () => (await viewOf(id)).status, { timeout: 15_000 }).toBe("succeeded");
    const log = await eventsOf(id);
    expect(log.some((e) => e.type === "epoch-started")).toBe(true);
    expect(log.filter((e) => e.type === "job-ended")).toHaveLength(1);
  });
});

describe("tenants", () => {
  it("never see each other's jobs, events or lists", async () => {
    const [one, two] = [await keyOf("one"), await keyOf("two")];
    const { id } = (await (
      await post(
        "/v1/jobs?wait=20",
        { text: "Guten Tag, wie geht es Ihnen?", kind: "language", bidders: languageSpecialists },
        one,
      )
    ).json()) as JobView;
    for (const path of [`/v1/jobs/${id}`, `/v1/jobs/${id}/events`, `/v1/jobs/${id}/explain`]) {
      expect((await call(path, {}, one)).status, path).toBe(200);
      expect((await call(path, {}, two)).status, path).toBe(404);
    }
    expect((await call(`/v1/jobs/${id}/cancel`, { method: "POST" }, two)).status).toBe(404);
    expect((await post("/v1/feedback", { job: id, label: "de" }, two)).status).toBe(404);
    expect(JSON.stringify(await (await call("/v1/jobs", {}, two)).json())).not.toContain(id);
  });
});
