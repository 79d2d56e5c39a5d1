import { env } from "cloudflare:workers";
import { describe, expect, inject, it } from "vitest";
import type { Explanation } from "../../src/job/explain.ts";
import type { JobView } from "../../src/job/job-view.ts";
import type { BreaksState } from "../../src/market/break-record.ts";
import type { LedgerEntry } from "../provider/ledger.ts";
import { addBidder, call, keyOf, post, viewOf } from "./api.ts";

const url = inject("providerUrl");
const ledgerOf = async (model: string) =>
  ((await (await fetch(`${url}/ledger`)).json()) as LedgerEntry[]).filter((entry) => entry.model === model);

describe("a race in its objects", () => {
  it("holds a bidder's cap over jobs in several objects, and tells what each waited", async () => {
    // On loopback a server takes one call at a time unless its operator says otherwise.
    await addBidder("cap/one", url, { text: "one two three four", betweenMs: 40 });
    const made = await Promise.all(
      Array.from({ length: 4 }, () => post("/v1/jobs?wait=20", { text: "Count.", bidders: ["cap/one"] })),
    );
    const views = (await Promise.all(made.map((response) => response.json()))) as JobView[];
    expect(views.map((view) => view.status)).toEqual(Array(4).fill("succeeded"));
    const calls = (await ledgerOf("cap-one")).sort((a, b) => a.receivedAtMs - b.receivedAtMs);
    expect(calls).toHaveLength(4);
    for (const [i, entry] of calls.entries())
      if (i > 0) expect(entry.receivedAtMs).toBeGreaterThanOrEqual(calls[i - 1]?.endedAtMs ?? 0);
    const queued = views.map((view) => view.microtasks[0]?.attempts[0]?.queuedMs ?? -1).sort((a, b) => a - b);
    expect(queued[3]).toBeGreaterThan(300);
  });

  it("cuts a loser's connection within 50 ms and one chunk, by the provider's ledger, and adds it to the month", async () => {
    const key = await keyOf("racer");
    const slow = { pieces: Array(500).fill("waiting "), betweenMs: 20 };
    await addBidder("race/fast", url, {
      pieces: ["It ", "is ", "Paris ", "indeed, ", "by ", "the ", "river."],
      betweenMs: 30,
    });
    await addBidder("race/slow", url, slow);
    const view = (await (
      await post(
        "/v1/jobs?wait=20",
        {
          text: "Where?",
          strategy: "race",
          bidders: ["race/fast", "race/slow"],
          contract: { criteria: [{ type: "contains", text: "Paris" }] },
        },
        key,
      )
    ).json()) as JobView;
    expect(view.answer?.text).toBe("It is Paris indeed, by the river.");
    await expect.poll(async () => (await viewOf(view.id, key)).settled, { timeout: 10_000 }).toBe(true);
    const attempts = (await viewOf(view.id, key)).microtasks[0]?.attempts ?? [];
    const cut = attempts.find((a) => a.bidder === "race/slow")?.cut;
    expect(cut).toMatchObject({ why: "committed-other" });
    const [entry] = await ledgerOf("race-slow");
    expect(entry?.end).toBe("client-closed");
    const late = entry?.chunks.filter((chunk) => chunk.atMs > (cut?.askedAtMs ?? 0) + 50) ?? [];
    expect(late).toEqual([]);
    expect((entry?.clientClosedAtMs ?? Number.POSITIVE_INFINITY) - (cut?.askedAtMs ?? 0)).toBeLessThanOrEqual(50);
    await expect
      .poll(
        async () => {
          const { months } = (await (await call("/v1/usage", {}, key)).json()) as {
            months: { jobs: number; savedTokens: number }[];
          };
          return months[0];
        },
        { timeout: 10_000 },
      )
      .toMatchObject({ jobs: 1, savedTokens: cut?.savedTokens });
  });

  it("commits on a prefix until such prefixes broke, then holds the commit back, and says at what risk", async () => {
    const filler = Array.from({ length: 12 }, (_, i) => `word${i} `);
    await addBidder("bet/breaks", url, { pieces: ["Paris ", ...filler, "not ", "Rome."], betweenMs: 10 });
    await addBidder("bet/sound", url, { pieces: ["Paris ", ...filler, "indeed."], betweenMs: 40, headersAfterMs: 300 });
    const race = async () => {
      const view = (await (
        await post("/v1/jobs?wait=20", {
          text: "Where?",
          kind: "draft",
          strategy: "race",
          bidders: ["bet/breaks", "bet/sound"],
          contract: {
            criteria: [
              { type: "contains", text: "Paris" },
              { type: "contains", text: "Rome", must: false },
            ],
          },
        })
      ).json()) as JobView;
      expect(view.status, JSON.stringify([view.error, view.microtasks[0]?.attempts])).toBe("succeeded");
      const told = (await (await call(`/v1/jobs/${view.id}/explain`)).json()) as Explanation;
      return told.microtasks[0]?.sentences.join("\n") ?? "";
    };
    expect(await race()).toMatch(/\(0 of 0 such prefixes broke\): the race committed to it/);
    await expect
      .poll(
        async () => {
          const part = await env.DB.prepare("select body from market_parts where part = 'breaks'").first<string>(
            "body",
          );
          return (JSON.parse(part ?? '{"rows":[]}') as BreaksState).rows.filter((row) => row.kind === "draft");
        },
        { timeout: 10_000 },
      )
      .toContainEqual(expect.objectContaining({ bidder: "bet/breaks", criteria: "contains" }));
    // A Worker decides on what it read at most 10 s ago, and learns meanwhile how long such answers are.
    await expect
      .poll(race, { timeout: 25_000, interval: 1_000 })
      .toMatch(/risk of at most \d+\.\d+ % \([1-9]\d* of \d+ such prefixes broke\): the commit was held back/);
  });
});
