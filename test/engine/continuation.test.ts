import { describe, expect, it } from "vitest";
import type { LoggedEvent } from "../../src/job/job-event.ts";
import type { Bidder } from "../../src/market/bidder.ts";
import type { JobRequest } from "../../src/plan/job-request.ts";
import { type ModelCall, ModelFailure } from "../../src/race/model-port.ts";
import { bidderOf, requestOf, type Script, says, World } from "./world.ts";

const able = { continuesPrefix: true };
const opening = "It is a city on the Seine, ";
const rest = "and its name is Paris.";

/** Text in pieces, 30 ms apart, then the failure. */
const breaksAfter = (text: string, reason: ModelFailure["reason"] = "connection-lost"): Script => [
  { afterMs: 20, part: { type: "open" } },
  ...text.split(/(?<= )/).map((word) => ({ afterMs: 30, part: { type: "text" as const, text: word } })),
  { afterMs: 30, fail: new ModelFailure(reason, "scripted") },
];

const live = (more: Partial<JobRequest> = {}): JobRequest =>
  requestOf({ delivery: "live", leaderChange: "continue", ...more });

/** What a model that goes on from any beginning of the answer says. */
const restFor = (call: ModelCall): string =>
  (opening + rest).slice(call.continues ? (call.messages.at(-1)?.content.length ?? 0) : 0);

/** A world in which `leader` leads. Calls are kept, so that a test sees what a bidder was sent. */
function worldLedBy(leader: string, bidders: Bidder[], script: (call: ModelCall) => Script, request = live()) {
  for (let seed = 1; seed < 500; seed++) {
    const sent: ModelCall[] = [];
    const world = new World(bidders, (call) => {
      sent.push(call);
      return script(call);
    });
    const run = world.accept(request, seed);
    const [first] = run.job.microtasks[0]?.decisions[0]?.award ?? [];
    if (first?.bidder === leader && first.role === "leader") return { world, sent };
    run.stop();
  }
  throw new Error(`no seed lets ${leader} lead`);
}

/** What a client holds who obeys the log: every batch must lie where its offset says. */
function shown(log: readonly LoggedEvent[]): string {
  let text = "";
  for (const event of log) {
    if (event.type === "leader-changed" && event.policy !== "continue") text = "";
    if (event.type === "leader-changed" && event.policy === "continue") expect(event.offset).toBe(text.length);
    if (event.type !== "text-streamed") continue;
    expect(event.offset).toBe(text.length);
    text += event.text;
  }
  return text;
}

const changes = (log: readonly LoggedEvent[]) => log.filter((e) => e.type === "leader-changed");
const two = [bidderOf("a/one", able), bidderOf("b/two", able)];
const byBidder = (first: Script, others: Script) => (call: ModelCall) => (call.bidder === "a/one" ? first : others);

describe("the policy continue", () => {
  it("has another bidder go on from the delivered text, says so in the log, and loses no character", async () => {
    const { world, sent } = worldLedBy("a/one", two, byBidder(breaksAfter(opening), says(rest)));
    const job = await world.settle();
    expect(job.answer?.text).toBe(opening + rest);
    expect(shown(world.log)).toBe(opening + rest);
    expect(changes(world.log)).toMatchObject([
      {
        from: "answer.1",
        to: "answer.2",
        policy: "continue",
        fromBidder: "a/one",
        toBidder: "b/two",
        offset: opening.length,
      },
    ]);
    const second = sent[1];
    expect(second?.messages.at(-1)).toEqual({ role: "assistant", content: opening.trimEnd() });
    expect(second?.continues).toBe(true);
    expect(sent[0]?.continues).toBeUndefined();
  });

  it("counts the new tokens alone, and keeps the caller's cap on the whole", async () => {
    const quiet = says(rest).filter((step) => step.part?.type !== "usage");
    const { world, sent } = worldLedBy(
      "a/one",
      two,
      byBidder(breaksAfter(opening), quiet),
      live({ maxOutputTokens: 100 }),
    );
    const job = await world.settle();
    const [first, second] = job.microtasks[0]?.attempts ?? [];
    const tokens = second?.continues?.tokens ?? 0;
    expect(tokens).toBe(Math.ceil(opening.length / 4));
    expect(second?.usage?.output).toBeLessThan((first?.usage?.output ?? 0) + tokens);
    expect(second?.usage?.output).toBeLessThanOrEqual(rest.split(" ").length * 2);
    expect(sent[1]?.maxOutputTokens).toBe(100 - tokens);
    // What two wrote is no evidence for either, and no measure of an answer's length.
    const reports = [...world.settled.values()].flatMap((s) => s.attempts);
    expect(reports.find((r) => r.bidder === "b/two")).toMatchObject({ outcome: null, censored: true });
  });

  it("judges the whole text: what the opening has, the rest need not", async () => {
    const criteria = [
      { type: "contains" as const, text: "Seine", must: true, ignoreCase: false },
      { type: "contains" as const, text: "Paris", must: true, ignoreCase: false },
      { type: "length" as const, max: (opening + rest).length },
    ];
    const { world } = worldLedBy(
      "a/one",
      two,
      byBidder(breaksAfter(opening), says(rest)),
      live({ contract: { criteria, judged: [] } }),
    );
    const job = await world.settle();
    expect(job.answer?.text).toBe(opening + rest);
    expect(job.microtasks[0]?.attempts[1]?.wholeVerdict?.result).toBe("accept");
  });

  it("goes on twice, each time from all that was delivered", async () => {
    const three = [...two, bidderOf("c/three", able)];
    const { world } = worldLedBy("a/one", three, (call) => {
      if (call.bidder === "a/one") return breaksAfter(opening);
      return call.attempt === "answer.2" ? breaksAfter("and its name ") : says("is Paris.");
    });
    const job = await world.settle();
    expect(job.answer?.text).toBe(opening + rest);
    expect(shown(world.log)).toBe(opening + rest);
    expect(changes(world.log).map((e) => [e.policy, e.offset])).toEqual([
      ["continue", opening.length],
      ["continue", opening.length + 13],
    ]);
  });

  it("passes over bidders of the line-up that cannot, and asks the market for one that can", async () => {
    const bidders = [
      bidderOf("a/one"),
      bidderOf("b/two"),
      bidderOf("c/three"),
      bidderOf("d/four"),
      bidderOf("e/able", able),
    ];
    const { world, sent } = worldLedBy("a/one", bidders, byBidder(breaksAfter(opening), says(rest)));
    const job = await world.settle();
    expect(job.answer?.text).toBe(opening + rest);
    expect(sent.map((call) => call.bidder)).toEqual(["a/one", "e/able"]);
  });

  it.each(["restart", "fail"] as const)(
    "without a bidder that can it is %s, with the reason in the log",
    async (other) => {
      const bidders = [bidderOf("a/one"), bidderOf("b/two")];
      const { world } = worldLedBy(
        "a/one",
        bidders,
        byBidder(breaksAfter(opening), says("Paris.")),
        live({ leaderChangeElse: other }),
      );
      const job = await world.settle();
      const abandoned = world.log.find((e) => e.type === "continuation-abandoned");
      expect(abandoned).toMatchObject({ attempt: "answer.1", policy: other });
      expect(abandoned?.type === "continuation-abandoned" && abandoned.why).toContain("go on from delivered text");
      if (other === "fail") {
        expect(job.error?.code).toBe("bidders-failed");
        expect(world.calls).toHaveLength(1);
        return;
      }
      expect(job.answer?.text).toBe("Paris.");
      expect(shown(world.log)).toBe("Paris.");
      expect(changes(world.log)).toMatchObject([
        { policy: "restart", why: abandoned?.type === "continuation-abandoned" ? abandoned.why : "" },
      ]);
    },
  );

  it("does not go on from text that a filter stopped", async () => {
    const { world, sent } = worldLedBy("a/one", two, byBidder(breaksAfter(opening, "content-filter"), says("Paris.")));
    const job = await world.settle();
    expect(job.answer?.text).toBe("Paris.");
    expect(changes(world.log)).toMatchObject([
      { policy: "restart", why: "the delivered text's author ended with content-filter" },
    ]);
    expect(sent[1]?.continues).toBeUndefined();
  });

  it("trims what a model repeats, once", async () => {
    const { world } = worldLedBy("a/one", two, byBidder(breaksAfter(opening), says(opening + rest)));
    const job = await world.settle();
    expect(job.answer?.text).toBe(opening + rest);
    expect(shown(world.log)).toBe(opening + rest);
  });

  it("gives up a model that starts over, before a character of it is delivered", async () => {
    const three = [...two, bidderOf("c/three", able)];
    const { world } = worldLedBy("a/one", three, (call) => {
      if (call.bidder === "a/one") return breaksAfter(opening);
      return call.attempt === "answer.2" ? says("It is a city on the Loire, I think.") : says(rest);
    });
    const job = await world.settle();
    expect(job.answer?.text).toBe(opening + rest);
    expect(shown(world.log)).toBe(opening + rest);
    expect(job.microtasks[0]?.attempts[1]?.failure).toBe("repeated-prefix");
  });

  it("books its whole allowance for one that starts over where cancelling stops no bill: its stream was left", async () => {
    const deaf = { ...able, cancelStopsBill: false };
    const three = [bidderOf("a/one", able), bidderOf("b/two", deaf), bidderOf("c/three", deaf)];
    const { world } = worldLedBy("a/one", three, (call) => {
      if (call.bidder === "a/one") return breaksAfter(opening);
      return call.attempt === "answer.2" ? says("It is a city on the Loire, I think.") : says(rest);
    });
    const [, second] = (await world.settle()).microtasks[0]?.attempts ?? [];
    expect(second?.failure).toBe("repeated-prefix");
    expect(second?.usage).toMatchObject({ source: "bounded", output: second?.maxOutputTokens });
  });

  it("does not take a cut text for an answer because a model adds nothing to it", async () => {
    const { world } = worldLedBy("a/one", two, (call) => {
      if (call.attempt === "answer.1") return breaksAfter(opening);
      return call.continues ? says("") : says("It is Paris.");
    });
    const job = await world.settle();
    expect(job.microtasks[0]?.attempts[1]?.failure).toBe("empty-answer");
    expect(job.answer?.text).toBe("It is Paris.");
    expect(shown(world.log)).toBe("It is Paris.");
    expect(changes(world.log)).toMatchObject([
      { policy: "restart", why: "b/two had nothing to add to the delivered text" },
    ]);
  });

  it("cuts racers that were not given the text where somebody can be", async () => {
    const criteria = [{ type: "contains" as const, text: "Paris", must: true, ignoreCase: false }];
    const slow = says("I would say that it is most likely to be Paris.", 200, 3_000);
    for (const bidders of [two, [bidderOf("a/one"), bidderOf("b/two"), bidderOf("d/able", able)]]) {
      const { world, sent } = worldLedBy(
        "a/one",
        bidders,
        (call) => (call.continues ? says(rest) : call.bidder === "a/one" ? breaksAfter(opening) : slow),
        live({ strategy: "race", contract: { criteria, judged: [] } }),
      );
      const job = await world.settle();
      expect(job.answer?.text).toBe(opening + rest);
      expect(shown(world.log)).toBe(opening + rest);
      expect(sent.map((call) => call.continues)).toEqual([undefined, undefined, true]);
      expect(world.calls[1]?.ended).toBe("cut");
    }
  });

  it("lets a racer that was not given the text take over where nobody can be", async () => {
    const criteria = [{ type: "contains" as const, text: "Paris", must: true, ignoreCase: false }];
    const { world } = worldLedBy(
      "a/one",
      [bidderOf("a/one"), bidderOf("b/two")],
      byBidder(breaksAfter(opening), says("It is Paris.", 200, 3_000)),
      live({ strategy: "race", contract: { criteria, judged: [] } }),
    );
    const job = await world.settle();
    expect(shown(world.log)).toBe("It is Paris.");
    expect(job.answer?.text).toBe("It is Paris.");
    expect(changes(world.log)).toMatchObject([
      { policy: "restart", why: "it ran beside the delivered text and was not given it" },
    ]);
  });

  it("goes on from the log after the process died at any write", async () => {
    const script = (call: ModelCall) => (call.attempt === "answer.1" ? breaksAfter(opening) : says(restFor(call)));
    const whole = worldLedBy("a/one", two, script).world;
    await whole.settle();
    for (let after = 3; after <= whole.log.length; after++) {
      const { world } = worldLedBy("a/one", two, script);
      world.commitsLeft = Math.max(0, after - world.log.length);
      const dead = new Promise<void>((resolve) => (world.onKilled = resolve));
      await Promise.race([world.settle().catch(() => {}), dead]);
      world.commitsLeft = null;
      world.nowMs += 30_000;
      if (world.killed) world.boot();
      const job = await world.settle();
      expect(shown(world.log), `killed after ${after}`).toBe(job.answer?.text);
      expect(job.answer?.text).toBe(opening + rest);
    }
  });
});
