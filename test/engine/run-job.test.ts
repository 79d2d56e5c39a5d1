import { describe, expect, it } from "vitest";
import { onWire } from "../../src/error.ts";
import { fold } from "../../src/job/evolve.ts";
import type { LoggedEvent } from "../../src/job/job-event.ts";
import type { FailureReason } from "../../src/market/settlement.ts";
import { type ModelCall, ModelFailure, type RequestFault } from "../../src/race/model-port.ts";
import { bidderOf, fails, Killed, requestOf, type Script, says, World } from "./world.ts";

const types = (log: LoggedEvent[]): string[] => log.map((e) => e.type);
const two = [bidderOf("a/one"), bidderOf("b/two")];

describe("a job of one microtask", () => {
  it("is planned, auctioned, run, judged, joined, answered and settled", async () => {
    const world = new World([bidderOf("a/one")], () => says("Paris."));
    world.accept(
      requestOf({
        contract: { criteria: [{ type: "contains", text: "Paris", must: true, ignoreCase: false }], judged: [] },
      }),
    );
    const job = await world.settle();
    expect(job.status).toBe("succeeded");
    expect(job.answer?.text).toBe("Paris.");
    expect(types(world.log)).toEqual(
      expect.arrayContaining([
        "job-accepted",
        "microtasks-planned",
        "award-made",
        "attempt-started",
        "attempt-finished",
        "verdict-reached",
        "microtask-joined",
        "job-ended",
        "settlement-prepared",
        "settlement-sent",
      ]),
    );
    expect(job.costNano).toBe(Math.ceil((20 * 1_000_000_000 + 2 * 4_000_000_000) / 1e6));
    expect([...world.settled.keys()]).toEqual(["job_test/answer"]);
    expect(world.settled.get("job_test/answer")?.attempts[0]?.outcome).toMatchObject({ worth: 1, source: "criteria" });
  });

  it("falls back to the next bidder on an error, and says what failed", async () => {
    const world = new World(two, (call) => (call.bidder === first ? fails("overloaded") : says("Paris.")));
    let first = "";
    world.accept(requestOf());
    first = world.run?.job.microtasks[0]?.decisions[0]?.award[0]?.bidder ?? "";
    const job = await world.settle();
    expect(job.status).toBe("succeeded");
    expect(job.microtasks[0]?.attempts.map((a) => [a.status, a.failure])).toEqual([
      ["failed", "overloaded"],
      ["complete", null],
    ]);
  });

  it("tries another bidder when the criteria reject, then fails with what each one did", async () => {
    const world = new World(two, () => says("London."));
    world.accept(
      requestOf({
        contract: { criteria: [{ type: "contains", text: "Paris", must: true, ignoreCase: false }], judged: [] },
      }),
    );
    const job = await world.settle();
    expect(job.status).toBe("failed");
    expect(job.error?.code).toBe("not-accepted");
    expect(new Set(job.microtasks[0]?.attempts.map((a) => a.bidder))).toEqual(new Set(["a/one", "b/two"]));
    expect([...world.settled.values()][0]?.attempts.every((a) => a.outcome?.worth === 0)).toBe(true);
  });

  it("asks a bidder once more when its answer breaks the schema", async () => {
    const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
    const world = new World([bidderOf("a/one")], (call: ModelCall) =>
      says(call.messages.length > 2 ? '{"city":"Paris"}' : '{"town":"Paris"}'),
    );
    world.accept(requestOf({ kind: "extract", contract: { schema, criteria: [], judged: [] } }));
    const job = await world.settle();
    expect(job.error).toBeNull();
    expect(job.answer?.value).toEqual({ city: "Paris" });
    expect(job.microtasks[0]?.attempts.map((a) => a.role)).toEqual(["leader", "reask"]);
  });

  it("cuts the losers of a race when one is committed on a prefix, and accounts for them", async () => {
    const three = [bidderOf("a/one"), bidderOf("b/two"), bidderOf("c/three")];
    const world = new World(three, (call) =>
      says(
        call.bidder === "b/two" ? "it is so yes ".repeat(5) : "well, let me think about this for a while ".repeat(20),
      ),
    );
    world.accept(
      requestOf({
        strategy: "race",
        delivery: "live",
        contract: { criteria: [{ type: "pattern", pattern: "so yes", must: true }], judged: [] },
      }),
    );
    const job = await world.settle();
    expect(job.answer?.text).toContain("it is so yes");
    const attempts = job.microtasks[0]?.attempts ?? [];
    const cut = attempts.filter((a) => a.status === "cancelled");
    expect(cut.length).toBeGreaterThanOrEqual(1);
    for (const a of cut) {
      expect(a.savedTokens).toBeGreaterThan(0);
      expect(a.costNano).toBeGreaterThan(0);
    }
    expect(types(world.log)).toContain("attempt-committed");
    expect(types(world.log).indexOf("attempt-committed")).toBeLessThan(types(world.log).indexOf("attempt-cancelled"));
    expect(world.calls.filter((c) => c.ended === "cut").length).toBe(cut.length);
  });

  it("has no say from a judge that is a contestant, and asks one that is not", async () => {
    const judged = requestOf({ contract: { criteria: [], judged: ["It names a city."] } });
    const alone = new World([bidderOf("a/one")], () => says("Paris."));
    alone.accept(judged);
    const without = await alone.settle();
    expect(without.status).toBe("succeeded");
    expect(without.microtasks[0]?.attempts.map((a) => a.role)).toEqual(["leader"]);
    const verdict = '{"results":[{"criterion":0,"result":"reject","evidence":"a country"}]}';
    const world = new World(two, (call) => (call.kind === "judge" ? says(verdict) : says("France.")));
    world.accept(judged);
    const job = await world.settle();
    const [first, judge, second] = job.microtasks[0]?.attempts ?? [];
    expect(first?.wholeVerdict).toMatchObject({ result: "reject" });
    expect(judge).toMatchObject({ role: "judge", about: [first?.id] });
    expect(judge?.bidder).not.toBe(first?.bidder);
    // Nobody is left to judge the second: it is taken, and its verdict says that it was not judged.
    expect(job.answer?.text).toBe("France.");
    expect(second?.wholeVerdict?.criteria.at(-1)?.evidence).toContain("outside the contestants");
  });

  it("ends at its deadline, whatever the bidders do", async () => {
    const world = new World(two, () => [{ afterMs: 3_600_000 }]);
    world.accept(requestOf({ deadlineMs: 2_000 }));
    const began = world.nowMs;
    const job = await world.settle();
    expect(job.error?.code).toBe("deadline-exceeded");
    expect((job.endedAtMs ?? 0) - began).toBeLessThanOrEqual(2_001);
    expect(world.calls.every((c) => c.ended !== null)).toBe(true);
  });

  it("can be cancelled while it runs, once, and pays for what ran", async () => {
    const world = new World(two, () => says("slow ".repeat(100), 100));
    const run = world.accept(requestOf());
    setImmediate(() => {
      run.cancel("client");
      run.cancel("client");
    });
    const job = await world.settle();
    expect(job.status).toBe("cancelled");
    expect(types(world.log).filter((t) => t === "cancel-requested")).toHaveLength(1);
    expect(job.microtasks[0]?.attempts.every((a) => a.status !== "running")).toBe(true);
  });

  it("fails as a bad request where all who were asked say that it is one, and as a bidder's failure where one does not", async () => {
    const refused = (fault?: RequestFault): Script => [
      { afterMs: 5, fail: new ModelFailure("client-error", "HTTP 400", { status: 400, ...(fault ? { fault } : {}) }) },
    ];
    const failed = async (...scripts: Script[]) => {
      const world = new World(two, (call) => scripts[call.bidder === two[0]?.id ? 0 : 1] ?? []);
      world.accept(requestOf());
      const { error } = await world.settle();
      return [error?.code, error?.reason];
    };
    expect(await failed(refused("refused"), refused("too-long"))).toEqual(["invalid-request", "refused-by-providers"]);
    expect(await failed(refused("too-long"), refused("too-long"))).toEqual(["invalid-request", "context-length"]);
    expect(await failed(refused("refused"), refused())).toEqual(["bidders-failed", undefined]);
    expect(await failed(refused("refused"), fails("server-error"))).toEqual(["bidders-failed", undefined]);
  });

  it("is not accepted where all models refuse, which was paid for; a bidder's failure, paid as well, where one only broke", async () => {
    const ends = (reason: FailureReason): Script => [{ afterMs: 5, fail: new ModelFailure(reason, "no") }];
    const failed = async (...reasons: [FailureReason, FailureReason]) => {
      const world = new World(two, (call) => ends(reasons[call.bidder === two[0]?.id ? 0 : 1]));
      world.accept(requestOf());
      const { error } = await world.settle();
      return [error?.code, error?.reason];
    };
    expect(await failed("refused", "refused")).toEqual(["not-accepted", "refused"]);
    expect(await failed("content-filter", "refused")).toEqual(["not-accepted", "refused"]);
    expect(await failed("refused", "connection-lost")).toEqual(["bidders-failed", "paid"]);
  });

  it("says that failures were paid for where calls broke off when they had begun, so that no client pays again unasked", async () => {
    const breaks: Script = [
      { afterMs: 5, part: { type: "text", text: "Paris is" } },
      { afterMs: 5, fail: new ModelFailure("truncated", "cut") },
    ];
    const world = new World(two, (call) => (call.bidder === two[0]?.id ? breaks : fails("server-error")));
    world.accept(requestOf());
    const job = await world.settle();
    expect(job.error).toMatchObject({ code: "bidders-failed", reason: "paid" });
    expect(onWire(job.error ?? { code: "internal" })).toMatchObject({ openaiStatus: 422, retryable: false });
    expect(onWire({ code: "bidders-failed" })).toMatchObject({ openaiStatus: 502, retryable: true });
  });

  it("says that it is too long where all would take a shorter one", async () => {
    const text = "word ".repeat(3000);
    const failed = async (...sizes: number[]) => {
      const bidders = sizes.map((contextTokens, i) => bidderOf(`p${i}/m`, { contextTokens }));
      const world = new World([...bidders, bidderOf("q/off", { enabled: false })], () => fails("server-error"));
      world.accept(requestOf({ input: { type: "text", text } }));
      const { error } = await world.settle();
      return [error?.code, error?.reason];
    };
    expect(await failed(1000, 2000)).toEqual(["no-bidder", "context-length"]);
    expect(await failed(1000, 100_000)).toEqual(["bidders-failed", undefined]);
  });

  it("says how to add a bidder when none can serve", async () => {
    const world = new World([bidderOf("embedded/lead", { serves: ["summarise"] })], () => says("x"));
    world.accept(requestOf());
    const job = await world.settle();
    expect(job.status).toBe("failed");
    expect(job.error?.code).toBe("no-bidder");
    expect(job.error?.message).toMatch(/OPENAI_API_KEY|bidders/);
  });
});

describe("a plan of several microtasks", () => {
  it("runs dependencies first and hands their results on", async () => {
    const seen: string[] = [];
    const world = new World([bidderOf("a/one")], (call) => {
      seen.push(call.text);
      return says(call.text.startsWith("What") ? "first result" : "second result");
    });
    const base = { instruction: "", contract: { criteria: [], judged: [] }, required: true, valueNano: null };
    world.accept(
      requestOf({
        plan: {
          microtasks: [
            { id: "b", kind: "answer", input: [{ from: "microtask", id: "a" }], needs: ["a"], ...base },
            { id: "a", kind: "answer", input: [{ from: "job" }], needs: [], ...base },
          ],
          assembly: { type: "object", fields: { first: "a", second: "b" } },
        },
      }),
    );
    const job = await world.settle();
    expect(job.answer?.value).toEqual({ first: "first result", second: "second result" });
    expect(seen).toEqual(["What is the capital of France?", "first result"]);
  });

  it("is refused when it has a cycle", async () => {
    const world = new World([bidderOf("a/one")], () => says("x"));
    const base = {
      kind: "answer" as const,
      instruction: "",
      input: [],
      contract: { criteria: [], judged: [] },
      required: true,
      valueNano: null,
    };
    world.accept(
      requestOf({
        plan: {
          microtasks: [
            { id: "a", needs: ["b"], ...base },
            { id: "b", needs: ["a"], ...base },
          ],
          assembly: { type: "single", of: "a" },
        },
      }),
    );
    const job = await world.settle();
    expect(job.error).toMatchObject({ code: "invalid-plan" });
    expect(job.error?.message).toContain("cycle");
  });

  it("plans by a model when one is there, and validates its plan like a stranger's", async () => {
    const plan = JSON.stringify({
      microtasks: [
        { id: "facts", kind: "extract", instruction: "List facts.", needs: [] },
        { id: "text", kind: "answer", instruction: "Write.", needs: ["facts"] },
      ],
      answer: "text",
    });
    const world = new World([bidderOf("a/one")], (call) => says(call.kind === "plan" ? plan : `done ${call.kind}`));
    world.accept(requestOf({ plan: "auto" }));
    const job = await world.settle();
    expect(job.planSource).toBe("planner");
    expect(job.microtasks.map((m) => m.task.id)).toEqual(["plan", "facts", "text"]);
    expect(job.answer?.text).toBe("done answer");
    const circular = '{"microtasks":[{"id":"x","kind":"answer","instruction":"","needs":["x"]}],"answer":"x"}';
    const hostile = new World([bidderOf("a/one")], (call) => says(call.kind === "plan" ? circular : "plain"));
    hostile.accept(requestOf({ plan: "auto" }));
    const plain = await hostile.settle();
    expect(plain.planSource).toBe("single");
    expect(plain.answer?.text).toBe("plain");
  });
});

describe("what the chaos tests found", () => {
  const judge = (better: string) => says(JSON.stringify({ better }));

  it("does not double the text of a complete answer that takes the lead when it is accepted", async () => {
    const verdict = (result: string) =>
      says(JSON.stringify({ results: [{ criterion: 0, result, evidence: "so it is" }] }), 1, 2_000);
    const world = new World([bidderOf("a/one"), bidderOf("b/two"), bidderOf("c/three")], (call) =>
      call.kind === "judge" ? verdict("accept") : says("first second third.", call.bidder === "a/one" ? 5 : 100),
    );
    world.accept(
      requestOf({ strategy: "race", delivery: "live", contract: { criteria: [], judged: ["It is short."] } }),
    );
    const job = await world.settle();
    const joined = job.microtasks[0]?.joined;
    expect(joined?.text).toBe("first second third.");
    const shown = new Map<string, string>();
    for (const e of world.log)
      if (e.type === "text-streamed") shown.set(e.attempt, (e.offset === 0 ? "" : shown.get(e.attempt)) + e.text);
    expect(shown.get(joined?.attempt ?? "")).toBe(joined?.text);
  });

  it("ends a comparison that the judge's share of the budget cannot pay, instead of asking for ever", async () => {
    for (const budgetNano of [1_000_000, 3_000_000, 6_000_000, 9_000_000, 12_000_000]) {
      const world = new World(two.concat(bidderOf("c/judge")), (call) =>
        call.kind === "judge" ? judge("ONE") : says(`${call.bidder} says so`),
      );
      world.accept(
        requestOf({ strategy: "best-of", budgetNano, contract: { criteria: [], judged: ["It is short."] } }),
      );
      const job = await world.settle();
      expect(job.status).not.toBe("running");
      expect(world.log.length).toBeLessThan(60);
    }
  });

  it("writes nothing when an ended job is opened again", async () => {
    const world = new World(two, () => says("Paris."));
    world.accept(requestOf());
    await world.settle();
    const rows = world.log.length;
    for (let look = 0; look < 5; look++) expect(world.boot().finished).toBe(true);
    expect(world.log.length).toBe(rows);
  });
});

describe("durability of the loop", () => {
  const script = (call: ModelCall): Script =>
    call.bidder === "a/one" ? fails("server-error") : says("Paris, of course.");

  it("ends in the same answer when the process dies after any write", async () => {
    const request = requestOf({
      contract: { criteria: [{ type: "contains", text: "Paris", must: true, ignoreCase: false }], judged: [] },
    });
    const whole = new World(two, script);
    whole.accept(request);
    await whole.settle();
    const answer = whole.run?.job.answer;
    const writes = whole.log.length;
    expect(writes).toBeGreaterThan(8);
    let crashes = 0;
    for (let after = 1; after <= writes; after++) {
      const world = new World(two, script);
      world.commitsLeft = after;
      const died = await endOrDie(world, request);
      if (!died) continue;
      crashes++;
      const wasWhole = types(world.log).includes("attempt-finished");
      const calls = world.calls.length;
      world.commitsLeft = null;
      world.nowMs += 30_000;
      const run = world.boot();
      if (!run.accepted)
        run.accept({ type: "job-accepted", job: "job_test", tenant: "t", request, seed: 7, via: "http" });
      const job = await world.settle();
      expect(job.answer, `killed after write ${after}`).toEqual(answer);
      // An answer that was whole is taken as it is; nothing else is, and is asked for again.
      expect(world.calls.length > calls, `killed after write ${after}`).toBe(!wasWhole);
      expect(fold(world.log)?.status).toBe("succeeded");
      expect(types(world.log).filter((t) => t === "job-ended")).toHaveLength(1);
      expect([...world.settled.keys()]).toEqual(["job_test/answer"]);
      expect(world.log.map((e) => e.seq)).toEqual(world.log.map((_, i) => i + 1));
    }
    expect(crashes).toBeGreaterThan(6);
  });

  it("parks a job that kills its process again and again", async () => {
    const world = new World([bidderOf("a/one")], () => [{ afterMs: 3_600_000 }]);
    world.accept(requestOf());
    for (let boot = 0; boot < 3; boot++) world.boot();
    const job = await world.settle();
    expect(job.status).toBe("parked");
    expect(world.log.length).toBeGreaterThan(5);
  });
});

/** Runs until the job is over or the log kills the process. */
async function endOrDie(world: World, request: ReturnType<typeof requestOf>): Promise<boolean> {
  const dead = new Promise<"dead">((resolve) => {
    world.onKilled = () => resolve("dead");
  });
  try {
    world.accept(request);
    return (await Promise.race([world.settle(), dead])) === "dead" || world.killed;
  } catch (error) {
    if (error instanceof Killed || world.killed) return true;
    throw error;
  }
}

describe("live delivery", () => {
  const shown = (log: LoggedEvent[]): string => {
    let text = "";
    for (const e of log) {
      if (e.type === "leader-changed") text = "";
      if (e.type === "text-streamed") text += e.text;
    }
    return text;
  };
  const three = [bidderOf("a/one"), bidderOf("b/two"), bidderOf("c/three")];
  const criteria = [{ type: "contains" as const, text: "Paris", must: true, ignoreCase: false }];
  // Whoever speaks first says nothing of Paris; the others do, later.
  const script = (call: ModelCall): Script =>
    call.seed % 3 === 0
      ? says("I think it may be one of several towns ".repeat(9), 20, 20)
      : says("It is Paris, by the river.", 20, 300);

  it("tells clients to drop the text of a leader that is not the one committed", async () => {
    const world = new World(three, script);
    world.accept(requestOf({ strategy: "race", delivery: "live", contract: { criteria, judged: [] } }), 8);
    const job = await world.settle();
    expect(job.answer?.text).toBe("It is Paris, by the river.");
    expect(types(world.log)).toContain("leader-changed");
    expect(shown(world.log)).toBe(job.answer?.text);
  });

  it("ends the job at a change of leader under the policy fail", async () => {
    const world = new World(three, script);
    world.accept(
      requestOf({ strategy: "race", delivery: "live", leaderChange: "fail", contract: { criteria, judged: [] } }),
      8,
    );
    const job = await world.settle();
    expect(job.error?.code).toBe("bidders-failed");
    expect(world.calls.every((c) => c.ended !== null)).toBe(true);
  });

  it("shows the whole answer when a hedge or fall-back gives it", async () => {
    const world = new World(two, (call) =>
      call.seed % 2 === 0
        ? [{ afterMs: 20, part: { type: "text", text: "It is" } }, ...fails("connection-lost")]
        : says("Rome, surely."),
    );
    for (const seed of [6, 7]) {
      const one = new World(two, world.script);
      one.accept(requestOf({ delivery: "live" }), seed);
      const job = await one.settle();
      expect(job.answer?.text).toBe("Rome, surely.");
      expect(shown(one.log)).toBe("Rome, surely.");
    }
  });
});
