import { describe, expect, inject, it } from "vitest";
import type { Explanation } from "../../src/job/explain.ts";
import type { JobView } from "../../src/job/job-view.ts";
import type { LedgerEntry } from "../provider/ledger.ts";
import { call, eventsOf, keyOf, post, viewOf } from "./api.ts";

const url = inject("providerUrl");
const verdict = (result: string) => `{"results":[{"criterion":0,"result":"${result}","evidence":"it says so"}]}`;

/** A bidder of the scripted provider. With 256 tokens of context it may judge, and no task fits it. */
async function put(id: string, input: number, script: object, more: object = {}): Promise<void> {
  const model = id.replaceAll("/", "-");
  const endpoint = { type: "openai-compatible", model, baseUrl: `${url}/v1` };
  const body = JSON.stringify({ endpoint, price: { input, output: 4 * input }, ...more });
  expect((await call(`/v1/bidders/${id}`, { method: "PUT", body })).status).toBe(200);
  await fetch(`${url}/script`, { method: "POST", body: JSON.stringify({ model, script }) });
}

describe("the audit of a judge, in its objects", () => {
  it("begins after the answer is with the client, is billed to nobody, and is learned of the judge", async () => {
    await put("audit/racer", 1, { text: "Paris." });
    await put("audit/judge", 2, { text: verdict("accept") }, { contextTokens: 256 });
    await put("audit/strong", 8, { text: verdict("reject"), headersAfterMs: 2_500 }, { contextTokens: 256 });
    const key = await keyOf("audited");
    const made = await post(
      "/v1/jobs?wait=20",
      {
        text: "Where?",
        bidders: ["audit/racer", "audit/judge", "audit/strong"],
        contract: { judged: ["It names the capital."] },
      },
      key,
    );
    const view = (await made.json()) as JobView;
    const answeredAtMs = Date.now();
    expect(view).toMatchObject({ status: "succeeded", answer: { text: "Paris." }, settled: false });
    await expect.poll(async () => (await viewOf(view.id, key)).settled, { timeout: 15_000 }).toBe(true);
    const ledger = (await (await fetch(`${url}/ledger`)).json()) as LedgerEntry[];
    const auditor = ledger.filter((entry) => entry.model === "audit-strong");
    expect(auditor).toHaveLength(1);
    expect(auditor[0]?.endedAtMs).toBeGreaterThan(answeredAtMs);
    const told = (await (await call(`/v1/jobs/${view.id}/explain`, {}, key)).json()) as Explanation;
    expect(told.microtasks[0]?.sentences.join("\n")).toContain(
      "audit/judge's accept of answer.1 was drawn for an audit (100.0 % are): audit/strong says reject, it contradicts.",
    );
    const lines = (await (await call(`/v1/jobs/${view.id}/ledger.csv`, {}, key)).text()).split("\n");
    expect(lines.filter((line) => line.includes("audit/strong"))).toHaveLength(1);
    const ended = (await viewOf(view.id, key)).costUsd;
    expect(ended).toBeGreaterThan(view.costUsd);
    // D1 has it when the queue was read; this isolate reads it again within 10 s.
    await expect
      .poll(
        async () => {
          const { standing } = (await (await call("/v1/bidders/audit/judge")).json()) as {
            standing: { judge: { audits: number; trueReject: number } | null };
          };
          return standing.judge;
        },
        { timeout: 25_000, interval: 500 },
      )
      .toMatchObject({ audits: 1, trueReject: 0.6364 });
  });

  it("is an event of the job's log", async () => {
    const made = await post("/v1/jobs?wait=20", {
      text: "Where?",
      bidders: ["audit/racer", "audit/judge", "audit/strong"],
      contract: { judged: ["It names the capital."] },
    });
    const { id } = (await made.json()) as JobView;
    // Who reads along does not wait for the audit; who comes back reads of it.
    const first = await eventsOf(id);
    expect(first.some((event) => event.type === "job-ended")).toBe(true);
    expect(first.some((event) => event.type === "judge-audited")).toBe(false);
    await expect.poll(async () => (await viewOf(id)).settled, { timeout: 15_000 }).toBe(true);
    const log = [...first, ...(await eventsOf(id, first.at(-1)?.seq))];
    expect(log.map((event) => event.seq)).toEqual(log.map((_, i) => i + 1));
    const at = (type: string) => log.findIndex((event) => event.type === type);
    expect(at("judge-audited")).toBeGreaterThan(at("job-ended"));
    expect(at("microtask-charged")).toBeGreaterThan(at("judge-audited"));
    expect(log[at("judge-audited")]).toMatchObject({ judge: "audit/judge", auditor: "audit/strong", found: "reject" });
  });
});
