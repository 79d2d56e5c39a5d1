import { describe, expect, it } from "vitest";
import { giveApproval } from "../../src/engine/approval.ts";
import type { JobEventType, LoggedEvent } from "../../src/job/job-event.ts";
import { viewOf } from "../../src/job/job-view.ts";
import { ledgerOf } from "../../src/job/ledger.ts";
import { ledgerTotals } from "../../src/money/ledger.ts";
import type { Microtask } from "../../src/plan/microtask.ts";
import { bidderOf, flush, requestOf, says, World } from "../engine/world.ts";
import { check } from "./check.ts";
import type { Evidence } from "./evidence.ts";

const secret = "What is the capital of France?";

const task = (id: string, more: Partial<Microtask> = {}): Microtask => ({
  ...{ id, kind: "answer", instruction: "", input: [{ from: "job" }], contract: { criteria: [], judged: [] } },
  ...{ needs: [], required: true, valueNano: null },
  ...more,
});

/** A draft, then a send that a person approves, a webhook for both, a budget: what every witness of it saw. */
async function evidence(): Promise<Evidence> {
  const world = new World([bidderOf("a/one"), bidderOf("b/two")], () => says("Done."));
  const run = world.accept(
    requestOf({
      plan: {
        microtasks: [task("draft"), task("send", { needs: ["draft"], wait: { for: "approval" } })],
        assembly: { type: "single", of: "send" },
      },
      webhook: { url: "https://receiver.example/hook" },
      budgetNano: 1_000_000_000,
      deadlineMs: 3_600_000,
      delivery: "live",
    }),
  );
  for (;;) {
    await flush();
    if (run.idleUntilMs !== "now" || !world.step()) break;
  }
  expect(giveApproval(run, "send", true, "")).toBeNull();
  const job = await world.settle();
  const { costNano, chargeNano } = ledgerTotals(ledgerOf(job));
  return {
    job: job.id,
    log: structuredClone(world.log),
    shown: job,
    view: JSON.parse(JSON.stringify(viewOf(job))) as Evidence["view"],
    calls: world.calls.map(({ attempt, bidder, startedAtMs }) => ({
      ...{ attempt, bidder, startedAtMs, endedAtMs: startedAtMs, cut: null, billedNano: 10 },
      logAtStart: world.log.find((e) => e.type === "attempt-started" && e.attempt === attempt)?.seq ?? 0,
    })),
    clients: [{ name: "reader", events: structuredClone(world.log) }],
    sink: [...world.settled].map(([key, settlement]) => ({ key, settlement })),
    posts: world.posts.map(({ id, body }) => ({ id, body, taken: true, logAt: world.log.length })),
    words: [{ microtask: "send", approved: true, taken: true }],
    tenant: {
      ...{ capNano: 2_000_000_000, highestNano: 1_000_000_000, costNano, billedNano: 20 },
      ...{ settled: { costNano, chargeNano }, jobHoldsNano: null },
    },
    commits: null,
    boots: [1_000_000],
    leaseMs: 30_000,
    defects: [],
    console: ["a line"],
    secrets: [secret],
  };
}

/** Events numbered anew, in the log and at the client: what is doctored is the log itself, not its numbers. */
function rewrite(e: Evidence, change: (log: LoggedEvent[]) => LoggedEvent[]): void {
  e.log = change(e.log).map((event, i) => ({ ...event, seq: i + 1 }));
  for (const client of e.clients) client.events = structuredClone(e.log);
}
const without = (e: Evidence, type: JobEventType) => rewrite(e, (log) => log.filter((event) => event.type !== type));
const twice = (e: Evidence, type: JobEventType) =>
  rewrite(e, (log) => log.flatMap((event) => (event.type === type ? [event, event] : [event])));
const edit = <T extends JobEventType>(e: Evidence, type: T, change: object) =>
  rewrite(e, (log) => log.map((event) => (event.type === type ? ({ ...event, ...change } as LoggedEvent) : event)));
/** Moves the last event of a type to the front of the first of another. */
const hasten = (e: Evidence, type: JobEventType, before: JobEventType) =>
  rewrite(e, (log) => {
    const moved = log.findLast((event) => event.type === type);
    const rest = log.filter((event) => event !== moved);
    const at = rest.findIndex((event) => event.type === before);
    return moved === undefined ? log : [...rest.slice(0, at), moved, ...rest.slice(at)];
  });

const doctored: [breach: string, doctor: (e: Evidence) => void][] = [
  ["accepted-stays: microtask draft was joined twice", (e) => twice(e, "microtask-joined")],
  ["accepted-stays: draft.1 was accepted with another text", (e) => edit(e, "microtask-joined", { text: "Else." })],
  ["accepted-stays: the job ended 2 times", (e) => twice(e, "job-ended")],
  ["attempts-accounted: attempt draft.1 has no end", (e) => without(e, "attempt-finished")],
  ["which the log does not know", (e) => edit(e, "attempt-started", { attempt: "else" })],
  ["before its row was written", (e) => e.calls.forEach((call) => (call.logAtStart = 1))],
  ["when the log had 0 attempts of it", (e) => e.calls.forEach((call) => (call.startedAtMs -= 1))],
  ["was called 2 times", (e) => void e.calls.push(...e.calls)],
  ["budget-holds", (e) => edit(e, "attempt-finished", { costNano: 2_000_000_000 })],
  [
    "cost-is-known: b/two bills",
    (e) => e.calls.forEach((call) => Object.assign(call, { bidder: "b/two", billedNano: 1e9 })),
  ],
  [
    "in all, and its attempts cost",
    (e) => e.calls.forEach((call) => Object.assign(call, { attempt: null, billedNano: 1e9 })),
  ],
  ["charged-iff-accepted: microtask draft was charged twice", (e) => twice(e, "microtask-charged")],
  ["charged-iff-accepted: microtask draft was accepted and never charged", (e) => without(e, "microtask-charged")],
  [
    "charged-iff-accepted: microtask send was charged and not accepted",
    (e) => hasten(e, "microtask-charged", "award-made"),
  ],
  ["charged before its job had ended", (e) => hasten(e, "microtask-charged", "job-ended")],
  ["charged-iff-accepted: microtask draft cost", (e) => edit(e, "microtask-charged", { chargeNano: 1 })],
  ["charged-iff-accepted: the job ended and was never made up", (e) => without(e, "settlement-prepared")],
  ["cap-holds: settled and lent were", (e) => Object.assign(e.tenant ?? {}, { highestNano: 2_000_000_001 })],
  ["cap-holds: the tenant's jobs cost", (e) => Object.assign(e.tenant ?? {}, { costNano: 2_000_000_001 })],
  ["cap-holds: providers bill", (e) => Object.assign(e.tenant ?? {}, { billedNano: 2_000_000_001 })],
  ["tenant-agrees: the tenant's books do not have", (e) => Object.assign(e.tenant ?? {}, { settled: null })],
  ["its tenant's books say", (e) => Object.assign(e.tenant?.settled ?? {}, { chargeNano: 1 })],
  ["tenant-agrees: the ended job still holds 5", (e) => Object.assign(e.tenant ?? {}, { jobHoldsNano: 5 })],
  ["waits-hold: award-made of send came without its approval", (e) => without(e, "approval-given")],
  ["waits-hold: microtask send was decided on twice", (e) => twice(e, "approval-given")],
  ["decided on and did not wait for it", (e) => hasten(e, "approval-given", "microtask-waiting")],
  ["two words on send were taken", (e) => void e.words.push(...e.words)],
  ["the log has another or none", (e) => e.words.forEach((word) => (word.approved = false))],
  ["began to wait twice", (e) => twice(e, "microtask-waiting")],
  [
    "ms before its time",
    (e) => edit(e, "microtasks-planned", { plan: { microtasks: [task("send", { wait: { untilMs: 9e12 } })] } }),
  ],
  ["webhooks-owed: the job ended and job.succeeded is not owed", (e) => without(e, "webhook-due")],
  ["is owed twice", (e) => twice(e, "webhook-due")],
  ["is still due", (e) => without(e, "webhook-delivered")],
  ["and nobody got it", (e) => (e.posts = [])],
  ["was sent before it was owed", (e) => e.posts?.forEach((post) => (post.logAt = 1))],
  ["was sent and is not owed", (e) => e.posts?.forEach((post) => (post.id = "else"))],
  ["was sent in two versions", (e) => void e.posts?.push(...e.posts.map((post) => ({ ...post, body: "{}" })))],
  ["folds-equal: the view", (e) => Object.assign(e.view ?? {}, { costUsd: 7 })],
  ["folds-equal: the job that is shown", (e) => Object.assign(e.shown ?? {}, { costNano: 7 })],
  ["keeps-secrets", (e) => void e.console.push(`{"message":"${secret}"}`)],
  [
    "settled-once: settlement job_test/draft was sent in two versions",
    (e) => void e.sink.push(...e.sink.map((s) => ({ ...s, settlement: s.settlement && { ...s.settlement, atMs: 1 } }))),
  ],
  ["was never settled", (e) => (e.sink = [])],
  ["streams-equal-log: client reader has event 4", (e) => e.clients.forEach((c) => c.events.splice(2, 1))],
  ["streams-equal-log: client reader has", (e) => e.clients.forEach((c) => c.events.pop())],
  ["log-is-whole: event 3 has number 4", (e) => void e.log.splice(2, 1)],
  ["ends-in-time: the job did not end", (e) => without(e, "job-ended")],
  ["ms after its deadline", (e) => edit(e, "job-ended", { atMs: 1_000_000 + 3_600_000 + 35_001 })],
  [
    "cancel-holds: attempt-started came after the cancel",
    (e) =>
      rewrite(e, ([first, ...rest]) =>
        first === undefined
          ? []
          : [first, { type: "cancel-requested", by: "client", seq: 0, atMs: first.atMs }, ...rest],
      ),
  ],
  ["shown-text-is-accepted", (e) => without(e, "text-streamed")],
  [
    "was cut (committed-other) before the log knew why",
    (e) => e.calls.forEach((call) => (call.cut = { why: "committed-other", logAt: 3 })),
  ],
];

describe("the checker", () => {
  it("finds nothing in what an honest job left", async () => {
    expect(check(await evidence())).toEqual([]);
  });

  it.each(doctored)("finds: %s", async (breach, doctor) => {
    const e = await evidence();
    doctor(e);
    expect(check(e).join("\n")).toContain(breach);
  });
});
