import { describe, expect, it } from "vitest";
import { answerParts } from "../../src/http/answer-parts.ts";
import { completion } from "../../src/http/openai/chat-chunks.ts";
import { explain } from "../../src/job/explain.ts";
import { viewOf } from "../../src/job/job-view.ts";
import { webhookBody } from "../../src/job/webhook-body.ts";
import { learn } from "../../src/market/market.ts";
import type { Settlement } from "../../src/market/settlement.ts";
import { scriptOf } from "../../src/plan/script.ts";
import type { Finish, ModelCall } from "../../src/race/model-port.ts";
import { bidderOf, requestOf, type Script, says, World } from "./world.ts";

/** An answer that ends in another way than by "stop". */
const ends = (text: string, finish: Finish, said?: string): Script => [
  ...says(text).slice(0, -1),
  { afterMs: 0, part: { type: "end", finish, ...(said === undefined ? {} : { said }) } },
];

/** The finish_reason an OpenAI client gets for the job in this log. */
async function openAiReason(world: World): Promise<unknown> {
  async function* events() {
    yield* world.log;
  }
  for await (const part of answerParts(events(), false)) {
    if (part.type !== "done") continue;
    const body = completion({ job: "job_test", model: "atomic", createdAtMs: 0 }, part.answer);
    return (body as { choices: { finish_reason: string }[] }).choices[0]?.finish_reason;
  }
  return undefined;
}

/** A market that has learned of a/one that its answers are short. */
function shortWriter(world: World): void {
  for (let i = 0; i < 40; i++) {
    const settlement: Settlement = {
      key: `before/${i}`,
      tenant: "t",
      kind: "answer",
      features: { inputChars: 30, script: scriptOf("What is it?") },
      atMs: world.nowMs,
      attempts: [
        {
          attempt: "answer.1",
          bidder: "a/one",
          role: "leader",
          round: 1,
          claimed: { accept: 0.9, costNano: 1, totalMs: 500 },
          confidence: null,
          outcome: { worth: 1, source: "feedback", reliability: { trueAccept: 0.99, trueReject: 0.99 } },
          failure: null,
          costNano: 1,
          firstTokenMs: 200,
          totalMs: 400,
          censored: false,
          timed: true,
          inputTokens: 10,
          outputTokens: 10,
        },
      ],
    };
    learn(world.state, settlement, world.bidders);
  }
}

const caps = (world: World) => world.log.flatMap((e) => (e.type === "attempt-started" ? [e.maxOutputTokens] : []));

const amount = { type: "object", properties: { amount: { type: "integer" } }, required: ["amount"] };

describe("an answer with a schema that was cut off", () => {
  it.each(["length", "unknown"] as const)("is not closed for it (%s): the next one is asked", async (finish) => {
    const world = new World([bidderOf("a/one"), bidderOf("b/two")], (call) =>
      call.bidder === "a/one" ? ends('{"amount": 12', finish) : says('{"amount": 1234}'),
    );
    world.accept(requestOf({ kind: "extract", contract: { schema: amount, criteria: [], judged: [] } }));
    expect((await world.settle()).answer?.value).toEqual({ amount: 1234 });
  });

  it("is mended where its model ended it: only a bracket is missing", async () => {
    const world = new World([bidderOf("a/one")], () => ends('{"amount": 12', "stop"));
    world.accept(requestOf({ kind: "extract", contract: { schema: amount, criteria: [], judged: [] } }));
    expect((await world.settle()).answer?.value).toEqual({ amount: 12 });
  });

  it("still names its label, unless that may be the beginning of another", async () => {
    const run = async (labels: string[]) => {
      const world = new World([bidderOf("a/one")], () => ends('{"label":"urgent","why":"because', "length"));
      world.accept(requestOf({ kind: "classify", labels }));
      return (await world.settle()).answer?.value;
    };
    expect(await run(["urgent", "later"])).toEqual({ label: "urgent" });
    expect(await run(["urgent", "urgent-legal"])).toBeUndefined();
  });
});

describe("an answer that hit a cap", () => {
  it("of the caller's is taken, and says length everywhere", async () => {
    const world = new World([bidderOf("a/one")], () => ends("It was a dark and", "length"));
    world.accept(requestOf({ maxOutputTokens: 5 }));
    const job = await world.settle();
    expect(job.status).toBe("succeeded");
    const view = viewOf(job);
    expect(view.answer).toMatchObject({ text: "It was a dark and", finish: "length" });
    expect(view.microtasks[0]?.attempts.map((a) => a.finish)).toEqual(["length"]);
    const message = {
      id: "m",
      about: { topic: "job.succeeded" as const },
      state: "due" as const,
      attempts: 0,
      nextAtMs: 0,
      atMs: 0,
    };
    expect(JSON.parse(webhookBody(job, message)).data.answer.finish).toBe("length");
    expect(explain(job).microtasks[0]?.sentences.join(" ")).toContain("cut by its cap of 5 tokens");
    expect(await openAiReason(world)).toBe("length");
  });

  it("is the bidder's own where the caller set none; a label's and a budget's are less", async () => {
    const first = async (more: Parameters<typeof requestOf>[0], bidder = bidderOf("a/one")) => {
      const world = new World([bidder], () => says('{"label":"spam"}'));
      world.accept(requestOf(more));
      await world.settle();
      return caps(world)[0];
    };
    const wide = bidderOf("a/one", { maxOutputTokens: 16_384, contextTokens: 128_000 });
    expect(await first({}, wide)).toBe(16_384);
    expect(await first({ kind: "spam" }, wide)).toBe(32);
    expect(await first({ maxOutputTokens: 100 }, wide)).toBe(100);
    expect(await first({ budgetNano: 10_000_000_000, delivery: "accepted" }, wide)).toBe(1024);
    expect(await first({ budgetNano: 10_000_000_000, delivery: "live" }, wide)).toBe(4096);
    expect(await first({ delivery: "accepted" }, { ...wide, cancelStopsBill: false })).toBe(1024);
    // A call that asks for more than the window holds beside the prompt is refused by its provider.
    const small = bidderOf("a/one", { maxOutputTokens: 4096, contextTokens: 5000 });
    expect(await first({ input: { type: "text", text: "word ".repeat(2000) } }, small)).toBeLessThan(2600);
  });

  it("that was only usual is asked again with all that its bidder can write", async () => {
    const long = bidderOf("a/one", { maxOutputTokens: 16_384, contextTokens: 128_000, cancelStopsBill: false });
    const world = new World([long], (call: ModelCall) =>
      call.maxOutputTokens < 3000 ? ends("It begins", "length") : says("All 3,000 words."),
    );
    world.accept(requestOf({ delivery: "accepted" }));
    const job = await world.settle();
    expect(caps(world)).toEqual([1024, 16_384]);
    expect(job.answer).toMatchObject({ text: "All 3,000 words.", finish: "stop" });
  });

  it("that was learned is asked again with the full one, and its bidder is not blamed", async () => {
    const world = new World([bidderOf("a/one")], (call: ModelCall) =>
      call.maxOutputTokens < 1024 ? ends("Too long to fit", "length") : says("The whole of it."),
    );
    shortWriter(world);
    world.accept(requestOf());
    const job = await world.settle();
    expect(caps(world)).toEqual([256, 4096]);
    expect(job.answer).toMatchObject({ text: "The whole of it.", finish: "stop" });
    expect(viewOf(job).microtasks[0]?.attempts[0]).toMatchObject({ failure: "cut-short", finish: "length" });
    expect([...world.settled.values()][0]?.attempts[0]?.outcome).toBeNull();
  });

  it("that money cut goes to the next bidder, who gets all of it", async () => {
    const price = (x: number) => ({ inputPerMtok: x * 1_000_000_000, outputPerMtok: x * 4_000_000_000 });
    const bidders = [bidderOf("a/one", { price: price(10) }), bidderOf("b/two", { price: price(1) })];
    const world = new World(bidders, (call: ModelCall) =>
      call.bidder === "a/one" ? ends("It begins", "length") : says("The whole of it."),
    );
    // Enough for half of the dear one's 1000 tokens.
    world.accept(
      requestOf({ budgetNano: 22_000_000, maxOutputTokens: 1000, valueNano: 100_000_000_000, policy: "best" }),
    );
    const job = await world.settle();
    const [first, second] = job.microtasks[0]?.attempts ?? [];
    expect(first).toMatchObject({ bidder: "a/one", status: "failed", failure: "cut-short" });
    expect(first?.maxOutputTokens).toBeLessThan(1000);
    expect(second).toMatchObject({ bidder: "b/two", status: "complete", maxOutputTokens: 1000 });
    expect(job.answer).toMatchObject({ text: "The whole of it.", finish: "stop" });
  });
});

describe("an end that nobody knows", () => {
  it("is told as the provider told it, never as stop", async () => {
    const world = new World([bidderOf("a/one")], () => ends("Paris.", "other", "load"));
    world.accept(requestOf());
    const job = await world.settle();
    expect(viewOf(job).answer?.finish).toBe("other");
    expect(viewOf(job).microtasks[0]?.attempts[0]?.finish).toBe("load");
    expect(await openAiReason(world)).toBe("load");
  });

  it("or no end reason at all: what criteria accept is taken as unknown, what they reject is not", async () => {
    const contract = (text: string) => ({
      criteria: [{ type: "contains" as const, text, must: true, ignoreCase: false }],
      judged: [],
    });
    const world = new World([bidderOf("a/one")], () => ends("Paris.", "unknown"));
    world.accept(requestOf({ contract: contract("Paris") }));
    const job = await world.settle();
    expect(viewOf(job).answer?.finish).toBe("unknown");
    expect(await openAiReason(world)).toBe("unknown");
    const wrong = new World([bidderOf("a/one")], () => ends("Par", "unknown"));
    wrong.accept(requestOf({ contract: contract("Paris") }));
    expect((await wrong.settle()).status).toBe("failed");
  });
});

it("asks bidders to end at the request's stop sequences and to draw as it says, and never a judge", async () => {
  const asked: [string, string[] | undefined, object | undefined][] = [];
  const sampling = { topP: 0.5, seed: 3 };
  const world = new World([bidderOf("a/one"), bidderOf("b/two")], (call) => {
    asked.push([call.kind, call.stop, call.sampling]);
    return says(call.kind === "judge" ? '{"results":[{"criterion":0,"result":"accept","evidence":"ok"}]}' : "Paris.");
  });
  const contract = { criteria: [], judged: ["It is right."] };
  world.accept(requestOf({ stop: ["END"], sampling, contract, valueNano: 1e9 }));
  await world.settle();
  expect(asked).toEqual([
    ["answer", ["END"], sampling],
    ["judge", undefined, undefined],
  ]);
});
