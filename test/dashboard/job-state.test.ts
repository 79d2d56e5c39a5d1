import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { shortId } from "../../src/dashboard/format.js";
import { apply, emptyJob, totals } from "../../src/dashboard/job-state.js";
import { reconcileCost } from "../../src/engine/reconcile.ts";
import { attemptOf } from "../../src/job/evolve.ts";
import { viewOf } from "../../src/job/job-view.ts";
import { singlePlan } from "../../src/plan/templates.ts";
import { bidderOf, flush, requestOf, says, World } from "../engine/world.ts";
import type { MemoryJob } from "../http/memory-jobs.ts";
import { testServer } from "../http/memory-ports.ts";
import {
  answers,
  begin,
  failedAttempt,
  finished,
  joined,
  refuses,
  started,
  streamed,
  succeed,
} from "../http/scripts.ts";

async function run(script: Parameters<ReturnType<typeof testServer>["runs"]>[0]): Promise<MemoryJob> {
  const server = testServer();
  server.runs(script);
  await server.ask("/v1/jobs?wait=true", { body: { text: "Hi" } });
  const job = server.jobs.last();
  if (job === undefined) throw new Error("no job");
  return job;
}

function folded(job: { log: readonly object[] }) {
  const state = emptyJob();
  for (const event of job.log) apply(state, JSON.parse(JSON.stringify(event)));
  return state;
}

const losesOne = (job: MemoryJob) => {
  begin(job);
  job.write(
    started("a1", "openai/small"),
    streamed("a1", 0, "Hel"),
    failedAttempt("a1"),
    started("a2", "workers-ai/@cf/meta/llama", 1),
    {
      type: "verdict-reached",
      microtask: "answer",
      attempt: "a2",
      judge: null,
      verdict: {
        on: "whole",
        result: "accept",
        criteria: [{ criterion: "criteria/0", class: "monotone", result: "accept", evidence: "5 characters" }],
      },
    },
    finished("a2", "Hello"),
    joined("a2", "Hello"),
  );
  succeed(job, "Hello");
};

describe("the job page's fold", () => {
  it("knows what a reader may say: approve what waits for it, rate what is joined and was not rated", () => {
    const job = emptyJob();
    const tell = (event: object) => apply(job, { seq: job.seq + 1, atMs: 1, ...event });
    const [task] = singlePlan(requestOf()).microtasks;
    tell({ type: "job-accepted", request: requestOf(), via: "http" });
    tell({ type: "microtasks-planned", plan: { source: "caller", microtasks: [task] }, why: "" });
    const [microtask] = job.microtasks;
    tell({ type: "microtask-waiting", microtask: "answer", wait: { untilMs: 5 } });
    expect(microtask).toMatchObject({ status: "waiting", awaitsApproval: false });
    tell({ type: "microtask-waiting", microtask: "answer", wait: { for: "approval" } });
    expect(microtask?.awaitsApproval).toBe(true);
    tell({ type: "approval-given", microtask: "answer", approved: true, note: "" });
    expect(microtask).toMatchObject({ awaitsApproval: false, rated: false });
    tell({ type: "feedback-given", microtask: "answer", good: true });
    expect([microtask?.rated, job.cancelRequested]).toEqual([true, false]);
    tell({ type: "cancel-requested", by: "client" });
    expect(job.cancelRequested).toBe(true);
  });

  it("has the leader's text as it streams: from the start after a change of leader, once where it is complete", () => {
    const job = emptyJob();
    const tell = (event: object) => apply(job, { seq: job.seq + 1, atMs: 1, microtask: "answer", ...event });
    const live = () => job.microtasks.flatMap((m) => m.attempts.filter((a) => a.id === m.leader)).map((a) => a.text);
    const [task] = singlePlan(requestOf()).microtasks;
    apply(job, { seq: 1, atMs: 1, type: "job-accepted", request: requestOf(), via: "http" });
    apply(job, {
      seq: 2,
      atMs: 1,
      type: "microtasks-planned",
      plan: { source: "caller", microtasks: [task] },
      why: "",
    });
    for (const attempt of ["a1", "a2"])
      tell({ type: "attempt-started", attempt, bidder: attempt, role: "parallel", why: "", reservedNano: 1 });
    expect(live()).toEqual([]);
    tell({ type: "text-streamed", attempt: "a1", offset: 0, text: "Hel" });
    tell({ type: "text-streamed", attempt: "a1", offset: 3, text: "lo" });
    expect(live()).toEqual(["Hello"]);
    tell({ type: "leader-changed", from: "a1", to: "a2", policy: "restart" });
    expect(live()).toEqual([""]);
    tell({ type: "text-streamed", attempt: "a2", offset: 0, text: "Good day" });
    expect(live()).toEqual(["Good day"]);
    tell({ type: "attempt-finished", attempt: "a2", text: "Good day.", usage: { output: 3 }, costNano: 1 });
    tell({ type: "text-streamed", attempt: "a2", offset: 8, text: "." });
    expect(live()).toEqual(["Good day."]);
  });

  it("is told of every type of event by name", () => {
    const page = readFileSync(new URL("../../src/dashboard/job-page.js", import.meta.url), "utf8");
    const folder = new URL("../../src/", import.meta.url);
    const files = ["job/job-event.ts", "job/delivery-event.ts", "race/race-event.ts", "plan/plan-event.ts"];
    for (const file of [...files, "market/market-event.ts", "money/money-event.ts"])
      for (const [, type] of readFileSync(new URL(file, folder), "utf8").matchAll(/^[ |(&]*\{?\s*type: "([a-z-]+)"/gm))
        expect(page, type).toContain(`"${type}"`);
  });

  it.each([
    ["an answer", answers("Hello.", ["Hel", "lo."])],
    ["a failure", refuses("bidders-failed", "All failed.")],
    ["a fall-back", losesOne],
  ])("agrees with the server's view of %s", async (_, script) => {
    const job = await run(script);
    const state = folded(job);
    const view = viewOf(job.job);
    expect(state).toMatchObject({
      seq: view.seq,
      status: view.status,
      plan: view.plan,
      answer: view.answer,
      error: view.error,
    });
    expect(totals(state).costNano / 1e9).toBeCloseTo(view.costUsd, 12);
    expect(state.microtasks.map((m) => m.attempts.map((a) => [a.id, a.bidder, a.status, a.costNano / 1e9]))).toEqual(
      view.microtasks.map((m) => m.attempts.map((a) => [a.id, a.bidder, a.status, a.costUsd])),
    );
    expect(state.microtasks.map((m) => m.attempts.find((a) => a.id === m.winner)?.bidder ?? null)).toEqual(
      view.microtasks.map((m) => m.winner),
    );
    expect(state.log).toHaveLength(job.log.length);
  });

  it("agrees on the bill of a race that was cut, lost in a restart, run again, and corrected by its provider", async () => {
    const bidders = [bidderOf("a/one"), bidderOf("b/two"), bidderOf("c/three")];
    const world = new World(bidders, (call) =>
      says(`It is Paris, by the river. ${"And so on. ".repeat(call.seed % 7)}`, 50),
    );
    const criteria = [{ type: "contains" as const, text: "Paris", must: true, ignoreCase: false }];
    world.accept(requestOf({ strategy: "race", delivery: "live", contract: { criteria, judged: [] } }));
    for (let i = 0; i < 6; i++) {
      await flush();
      world.step();
    }
    world.boot();
    const job = await world.settle();
    const attempts = job.microtasks.flatMap((m) => m.attempts);
    expect(attempts.map((a) => a.status)).toEqual(expect.arrayContaining(["orphaned", "cancelled", "complete"]));
    const bill = ({
      costNano,
      savedNano,
      savedTokens,
    }: {
      costNano: number;
      savedNano: number;
      savedTokens: number;
    }) => [costNano, savedNano, savedTokens];
    const agree = () => {
      const shown = folded(world).microtasks.flatMap((m) => m.attempts);
      const held = world.run?.job.microtasks.flatMap((m) => m.attempts) ?? [];
      expect(shown.map(bill)).toEqual(held.map(bill));
      expect(totals(folded(world)).costNano).toBe(world.run?.job.costNano);
    };
    agree();
    const cut = attempts.find((a) => a.status === "cancelled" && a.usage?.source !== "provider") ?? expect.fail();
    const run = world.run ?? expect.fail();
    const { savedTokens } = cut;
    expect(savedTokens).toBeGreaterThan(2);
    const output = (cut.usage?.output ?? 0) + 2;
    expect(reconcileCost(run, cut.id, { input: 40, output, source: "provider" })).toBeNull();
    agree();
    expect(attemptOf(run.job, cut.id)?.savedTokens).toBe(savedTokens - 2);
  });

  it("shows who lost and why, and what the verdict rests on", async () => {
    const state = folded(await run(losesOne));
    expect(state.microtasks[0]?.attempts).toMatchObject([
      { status: "failed", text: "Hel", note: "connection-lost: The connection was lost." },
      { status: "complete", verdict: "accept on the whole", criteria: [{ evidence: "5 characters" }] },
    ]);
  });

  it("says how many values were kept from a bidder", async () => {
    const world = new World([bidderOf("a/one")], () => says("To [EMAIL_1]."));
    const redact = { identifiers: ["email" as const], terms: ["Ann"] };
    world.accept(requestOf({ input: { type: "text", text: "Ann is a@b.io" }, redact }));
    await world.settle();
    expect([...folded(world).microtasks.values()].flatMap((m) => m.attempts.map((a) => a.keptFrom))).toEqual([2]);
  });

  it("takes every event once, and notes those of a later version", async () => {
    const job = await run(answers("Hello.", ["Hello."]));
    const state = folded(job);
    const before = JSON.stringify(state);
    for (const event of job.log) apply(state, event);
    expect(JSON.stringify(state)).toBe(before);
    apply(state, { type: "thing-of-tomorrow", seq: state.seq + 1, atMs: 1 });
    expect(state.log.at(-1)?.type).toBe("thing-of-tomorrow");
  });
});

it("shortens ids so that they stay apart", () => {
  expect(shortId(`job_${"a1".repeat(32)}_0123456789abcdef`)).toBe("job_a1a1a1a1…");
  const fast = (end: string) => shortId(`job_f03-01a218cb45b6dccaecacc2143da${end}_9c8ddd6d814a2e20`);
  expect([fast("333ab"), fast("333ac")]).toEqual(["job_f03…333ab", "job_f03…333ac"]);
});
