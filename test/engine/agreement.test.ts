import { describe, expect, it } from "vitest";
import { explain } from "../../src/job/explain.ts";
import type { Bidder } from "../../src/market/bidder.ts";
import { embeddedBidders } from "../../src/models/embedded/registry.ts";
import { bidderOf, requestOf, says, World } from "./world.ts";

const three = [bidderOf("a/one"), bidderOf("b/two"), bidderOf("c/three")];

/** Runs an agreement on spam or ham in which the bidders answer in turn with these texts, a third much later. */
async function agree(texts: string[]) {
  let next = 0;
  const world = new World(three, () => says(texts[next] ?? "ham", 20, next++ < 2 ? 200 : 5_000));
  const text = { type: "text" as const, text: "You won! Click here." };
  world.accept(
    requestOf({ kind: "classify", labels: ["spam", "not-sure", "ham"], strategy: "agreement", input: text }),
  );
  const job = await world.settle();
  const [settlement] = [...world.settled.values()];
  return { job, settlement, attempts: job.microtasks[0]?.attempts ?? [], how: job.microtasks[0]?.joined?.how };
}

describe("agreement on a label", () => {
  const dressed: [string, string][] = [
    ["spam", "Spam."],
    ["**SPAM**", '{"label":"spam","confidence":0.9}'],
    ["Label: spam", "spam"],
    ['```json\n{"label": "spam", "confidence": 0.8}\n```', '"Spam"'],
    ["Not sure", '{"label":"not-sure"}'],
  ];
  it.each(dressed)("%j and %j are one answer: no third is waited for", async (one, other) => {
    const { job, attempts, how } = await agree([one, other]);
    expect(attempts.slice(0, 2).map((a) => a.status)).toEqual(["complete", "complete"]);
    // The market may have bought three from the start: the third is cut.
    expect(attempts.slice(2).every((a) => a.status === "cancelled")).toBe(true);
    expect((job.endedAtMs ?? 0) - job.acceptedAtMs).toBeLessThan(1_000);
    expect(how).toBe("agreement");
    expect(job.status).toBe("succeeded");
  });

  it("that never comes leaves the answer unsure, and the explanation says so", async () => {
    const { job, how } = await agree(["spam", "ham", "not-sure"]);
    expect(how).toBe("only-one-left");
    expect(job.answer?.unsure).toEqual([
      { part: "answer", why: expect.stringMatching(/^No two answers agreed: \S+, \S+ answered something else\.$/) },
    ]);
    expect(explain(job).sentences.join(" ")).toContain("Unsure of answer: No two answers agreed");
  });

  it("is none between two labels, however alike they look: a third decides", async () => {
    const { attempts, how } = await agree(["**Spam**", "Ham.", "label: HAM"]);
    expect(attempts.length).toBe(3);
    expect(how).toBe("agreement");
  });

  it("is what the market hears of: the same label in two dresses confirms both", async () => {
    const { settlement } = await agree(['```json\n{"label":"spam","confidence":0.8}\n```', "Spam."]);
    const outcomes = settlement?.attempts.map((a) => a.outcome?.source);
    expect(outcomes?.slice(0, 2)).toEqual(["agreement", "agreement"]);
    expect(settlement?.attempts[0]?.confidence).toBe(0.8);
  });
});

describe("two alone that contradict each other", () => {
  const worths = async (bidders: Bidder[]) => {
    let next = 0;
    const texts = ['{"label":"spam","confidence":0.95}', '{"label":"ham","confidence":0.6}'];
    const world = new World(bidders, () => says(texts[next++] ?? ""));
    const text = { type: "text" as const, text: "You won! Click here." };
    world.accept(requestOf({ kind: "classify", labels: ["spam", "ham"], strategy: "agreement", input: text }));
    await world.settle();
    const [settlement] = [...world.settled.values()];
    return settlement?.attempts.map((a) => a.outcome?.worth ?? Number.NaN) ?? [];
  };

  it("share what is left, but where their authors measured what their confidence means: the surer one has most", async () => {
    const [one = 0, other = 1] = await worths(three.slice(0, 2));
    expect(one).toBe(other);
    const [surer = 0, less = 1] = await worths(
      three.slice(0, 2).map((bidder) => ({ ...bidder, measuredConfidence: true as const })),
    );
    expect(surer).toBeGreaterThan(3 * less);
  });

  it("are such bidders where they are embedded specialists", () => {
    for (const bidder of embeddedBidders()) expect([bidder.id, bidder.measuredConfidence]).toEqual([bidder.id, true]);
  });
});

describe("agreement on free text", () => {
  it("keeps what a label may lose: a sign is not dress", async () => {
    let next = 0;
    const world = new World(three, () => says(["x = -5", "x = 5", "x = 5"][next++] ?? ""));
    world.accept(requestOf({ strategy: "agreement" }));
    const job = await world.settle();
    expect(job.microtasks[0]?.attempts.length).toBe(3);
    expect(job.answer?.text).toBe("x = 5");
  });
});

it("is on data, however it is written: no third is paid", async () => {
  const properties = { a: { type: "integer" }, b: { type: "integer" } };
  const schema = { type: "object", properties, required: ["a", "b"], additionalProperties: false };
  const run = async (other: string) => {
    let next = 0;
    const texts = ['{"a":1,"b":2}', other];
    const world = new World(three, () => says(texts[next] ?? '{"a":1,"b":2}', 20, next++ < 2 ? 200 : 5_000));
    world.accept(requestOf({ kind: "extract", strategy: "agreement", contract: { criteria: [], judged: [], schema } }));
    const job = await world.settle();
    return { how: job.microtasks[0]?.joined?.how, ms: (job.endedAtMs ?? 0) - job.acceptedAtMs };
  };
  const same = await run('{ "b": 2, "a": 1 }');
  expect(same.how).toBe("agreement");
  expect(same.ms).toBeLessThan(1_000);
  expect((await run('{ "b": 3, "a": 1 }')).ms).toBeGreaterThan(1_000);
});
