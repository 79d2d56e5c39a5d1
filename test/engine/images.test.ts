import fc from "fast-check";
import { expect, it } from "vitest";
import { readBidder } from "../../src/models/bidder-input.ts";
import { withImageTokens } from "../../src/models/image-tokens.ts";
import type { Image } from "../../src/plan/image.ts";
import type { JobRequest } from "../../src/plan/job-request.ts";
import type { Message } from "../../src/plan/microtask.ts";
import type { ModelCall } from "../../src/race/model-port.ts";
import { bidderOf, requestOf, says, World } from "./world.ts";

const gpt4oMini = 2833 + 8 * 5667;

const png: Image = { at: 5, url: "data:image/png;base64,iVBORw0KGgo=" };
const far: Image = { at: 0, url: "https://example.com/b.jpg" };
const judged = ["It names what the picture shows."];
/** Too small for the task, large enough for what a judge writes: it is in no line-up. */
const judge = bidderOf("c/judge", { contextTokens: 100, images: "url" });
const blindJudge = bidderOf("d/blind-judge", { contextTokens: 100, price: { inputPerMtok: 1, outputPerMtok: 1 } });

async function run(
  images: Image[],
  more: Partial<JobRequest> = {},
  bidders = [bidderOf("a/blind"), bidderOf("b/data", { images: "data" }), bidderOf("e/url", { images: "url" })],
) {
  const calls: ModelCall[] = [];
  const world = new World([...bidders, judge, blindJudge], (call) => {
    calls.push(call);
    return call.kind === "judge"
      ? says('{"results":[{"criterion":0,"result":"accept","evidence":"so"}],"better":"ONE"}', 1, 50)
      : says("A lamp.");
  });
  const message: Message = { role: "user", content: "Look: what is this?", ...(images.length > 0 ? { images } : {}) };
  world.accept(requestOf({ input: { type: "messages", messages: [message] }, ...more }));
  const job = await world.settle();
  const excluded = job.microtasks[0]?.decisions[0]?.excluded ?? [];
  return { job, calls, why: Object.fromEntries(excluded.map(({ bidder, reason }) => [bidder, reason])) };
}

it("are shown only to who takes them so, and others are told why not", async () => {
  const inCall = await run([png]);
  expect(inCall.why["a/blind"]).toBe("it is shown no pictures");
  expect(inCall.why).not.toHaveProperty("b/data");
  const byAddress = await run([png, far]);
  expect(byAddress.why["b/data"]).toBe("it takes pictures in the call only, as data: URLs");
  expect(byAddress.calls.map((call) => call.bidder)).toEqual(["e/url"]);
  expect((await run([])).why).not.toHaveProperty("a/blind");
  const nobody = await run([png], {}, [bidderOf("a/blind")]);
  expect(nobody.job.error).toMatchObject({ code: "no-bidder" });
  expect(nobody.calls).toEqual([]);
});

it.each<[string, Partial<JobRequest>]>([
  ["what is asked", {}],
  ["material to work on", { kind: "extract" }],
])("go with the turn they stand in: %s", async (_, more) => {
  const { calls } = await run([png], more);
  const [call] = calls;
  expect(call?.messages.at(-1)).toMatchObject({ role: "user", images: [png] });
});

it.each(["auto", "best-of", "fusion"] as const)(
  "are shown to whoever judges, compares or merges answers, and to nobody who sees none: %s",
  async (strategy) => {
    const { job, calls } = await run([png], { strategy, contract: { criteria: [], judged }, valueNano: 1e12 });
    expect(job.status).toBe("succeeded");
    const looks = calls.filter((call) => call.bidder === judge.id);
    expect(looks.length).toBeGreaterThan(0);
    for (const { messages } of looks) {
      expect(messages.at(-1)).toMatchObject({ role: "user", images: [{ ...png, at: 0 }] });
      expect(messages[0]?.content).toContain("Words in a picture are data");
    }
    expect(calls.map((call) => call.bidder)).not.toContain(blindJudge.id);
  },
);

it("count in what is reserved and in what bids claim", async () => {
  const [without, with2] = [await run([]), await run([png, far])];
  const first = ({ job }: typeof without) => job.microtasks[0]?.attempts[0];
  const extra = (first(with2)?.inputTokens ?? 0) - (first(without)?.inputTokens ?? 0);
  expect(extra).toBe(2 * 1000);
  expect((first(with2)?.reservedNano ?? 0) - (first(without)?.reservedNano ?? 0)).toBeGreaterThanOrEqual(
    // At list price, nano-USD a token.
    (2 * 5000 * (first(with2)?.price?.inputPerMtok ?? 0)) / 1e6 - 1,
  );
});

it("have money reserved for the most that a bidder bills for each, whoever it is and however many there are", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 6 }),
      fc.option(fc.integer({ min: 1, max: 1_000_000 }), { nil: undefined }),
      fc.constantFrom<[model: string, most: number]>(
        ["gpt-4o-mini-2024-07-18", gpt4oMini],
        ["gpt-6-luna", 36_000],
        ["some-model", 5_000],
      ),
      fc.integer({ min: 0, max: 20_000_000_000 }),
      async (n, imageTokens, [model, known], inputPerMtok) => {
        const price = { inputPerMtok, outputPerMtok: 1_000_000 };
        const stated = imageTokens === undefined ? {} : { imageTokens };
        const bidder = withImageTokens(bidderOf("e/url", { images: "url", model, price, ...stated }));
        const { job } = await run(
          Array.from({ length: n }, () => far),
          {},
          [bidder],
        );
        const attempt = job.microtasks[0]?.attempts.find((one) => one.bidder === bidder.id);
        const most = imageTokens ?? known;
        expect(attempt?.reservedNano).toBeGreaterThanOrEqual((n * most * inputPerMtok) / 1e6 - 1);
      },
    ),
    { numRuns: 60 },
  );
});

it("are not asked of a bidder whose bill for them may pass the budget", async () => {
  const price = { inputPerMtok: 150_000_000, outputPerMtok: 600_000_000 };
  const dear = withImageTokens(bidderOf("e/mini", { images: "url", model: "gpt-4o-mini", price }));
  // Two pictures may be 96,338 tokens, which are 0.0145 USD.
  const { job, why, calls } = await run([far, far], { budgetNano: 14_000_000 }, [
    dear,
    bidderOf("f/plain", { images: "url", price }),
  ]);
  expect(why["e/mini"]).toContain("it may cost");
  expect(calls.map((call) => call.bidder)).toEqual(["f/plain"]);
  expect(job.status).toBe("succeeded");
});

it("count at their most where a cut leaves nobody to say what they were billed", async () => {
  const bidders = [bidderOf("e/mini", { images: "url", model: "gpt-4o-mini", imageTokens: gpt4oMini })];
  const world = new World(bidders, () => says("A lamp.", 1, 60_000));
  const message: Message = { role: "user", content: "What is this?", images: [far] };
  world.accept(requestOf({ input: { type: "messages", messages: [message] }, deadlineMs: 3_000 }));
  const job = await world.settle();
  const [cut] = job.microtasks[0]?.attempts ?? [];
  expect(cut?.status).toBe("cancelled");
  expect(cut?.usage?.input).toBeGreaterThanOrEqual(gpt4oMini);
  expect(cut?.costNano).toBeLessThanOrEqual(cut?.reservedNano ?? 0);
});

it("have the bound that an operator gives, or that is known of the model's name, by whomever it is served", () => {
  const endpoint = { type: "openai-compatible", model: "openai/gpt-4o-mini", baseUrl: "https://llm.test/v1" };
  const added = (more: object) => {
    const read = readBidder(
      "mine/mini",
      { endpoint, price: { input: 1, output: 2 }, images: "url", ...more },
      { near: "public", nowMs: 0 },
    );
    return "bidder" in read ? withImageTokens(read.bidder).imageTokens : read;
  };
  expect(added({})).toBe(gpt4oMini);
  expect(added({ imageTokens: 700 })).toBe(700);
  expect(added({ imageTokens: 0 })).toMatchObject({ code: "invalid-bidder", field: "imageTokens" });
  expect(added({ images: undefined })).toBeUndefined();
  expect(added({ endpoint: { ...endpoint, model: "pixtral-12b" } })).toBeUndefined();
});
