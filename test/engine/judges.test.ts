import { describe, expect, it } from "vitest";
import { explain } from "../../src/job/explain.ts";
import type { Bidder } from "../../src/market/bidder.ts";
import type { ModelCall } from "../../src/race/model-port.ts";
import { bidderOf, requestOf, type Script, says, World } from "./world.ts";

const verdict = (result: "accept" | "reject"): Script =>
  says(JSON.stringify({ results: [{ criterion: 0, result, evidence: "so it is" }] }), 1, 50);
const price = (x: number) => ({ inputPerMtok: x * 1_000_000_000, outputPerMtok: 4 * x * 1_000_000_000 });
const judged = { criteria: [], judged: ["It names a city."] };
/** Too small for the task, large enough for a judge's answer: it is in no line-up. */
const onlyJudges = (id: string, more: Partial<Bidder> = {}) => bidderOf(id, { contextTokens: 100, ...more });

describe("what judging may cost without a budget", () => {
  const dear = onlyJudges("c/judge", { price: price(1_000) });

  it("is a share of what the job is worth; the explanation says when that stops a look", async () => {
    const world = new World([bidderOf("a/one"), dear], (call) =>
      call.kind === "judge" ? verdict("accept") : says("Paris."),
    );
    world.accept(requestOf({ contract: judged }));
    const job = await world.settle();
    expect(job.status).toBe("succeeded");
    expect(job.microtasks[0]?.attempts.map((a) => a.role)).toEqual(["leader"]);
    expect(explain(job).microtasks[0]?.sentences.join(" ")).toContain("its share of what the job is worth");
  });

  it("stops a comparison too, and says why", async () => {
    const world = new World([bidderOf("a/one"), bidderOf("b/two"), dear], (call) =>
      says(call.kind === "judge" ? '{"better":"ONE"}' : `${call.bidder} says so`),
    );
    world.accept(requestOf({ strategy: "best-of", contract: judged }));
    const job = await world.settle();
    expect(job.status).toBe("succeeded");
    expect(job.microtasks[0]?.attempts.some((a) => a.role === "judge")).toBe(false);
    expect(explain(job).microtasks[0]?.sentences.join(" ")).toContain("its share of what the job is worth");
  });

  it("is more where more is at stake", async () => {
    const world = new World([bidderOf("a/one"), dear], (call) =>
      call.kind === "judge" ? verdict("accept") : says("Paris."),
    );
    world.accept(requestOf({ contract: judged, valueNano: 1_000_000_000_000 }));
    const job = await world.settle();
    expect(job.microtasks[0]?.attempts.map((a) => [a.role, a.bidder])).toEqual([
      ["leader", "a/one"],
      ["judge", "c/judge"],
    ]);
  });
});

describe("a judge without a word", () => {
  it("leaves the answer unsure; it was given the shape of its answer", async () => {
    let shape: unknown;
    const world = new World([bidderOf("a/one"), onlyJudges("c/judge")], (call) => {
      if (call.kind === "judge") shape = call.schema;
      return says(call.kind === "judge" ? "It looks fine to me." : "Paris.");
    });
    world.accept(requestOf({ contract: judged, valueNano: 1_000_000_000_000 }));
    const job = await world.settle();
    expect(job.status).toBe("succeeded");
    expect(shape).toMatchObject({ properties: { results: { type: "array" } } });
    expect(job.answer?.unsure).toEqual([
      { part: "answer", why: "No judge decided whether it is accepted: the judge's answer could not be read." },
    ]);
  });
});

describe("judges that a request names", () => {
  const three = [bidderOf("a/one"), bidderOf("b/two"), bidderOf("c/judge", { region: "eu" })];
  const run = async (more: object, script: (call: ModelCall) => Script = () => says("Paris.")) => {
    const calls: ModelCall[] = [];
    const world = new World(three, (call) => {
      calls.push(call);
      return call.kind === "judge" ? verdict("accept") : script(call);
    });
    world.accept(requestOf({ contract: judged, valueNano: 1_000_000_000_000, ...more }));
    return { job: await world.settle(), asked: calls.map((call) => [call.kind, call.bidder]) };
  };

  it("judge what one bidder alone answers, and are asked for no answer", async () => {
    const alone = await run({ bidders: ["a/one"] });
    expect(alone.asked).toEqual([["answer", "a/one"]]);
    expect(alone.job.microtasks[0]?.joined?.how).toBe("only-one-left");
    const named = await run({ bidders: ["a/one"], judges: ["c/judge"] });
    expect(named.asked).toEqual([
      ["answer", "a/one"],
      ["judge", "c/judge"],
    ]);
    expect(named.job.microtasks[0]?.joined?.how).toBe("first-pass");
    const failing = await run({ bidders: ["a/one"], judges: ["c/judge"] }, () => says("", 1));
    expect(failing.asked.every(([kind, bidder]) => (kind === "judge") === (bidder === "c/judge"))).toBe(true);
  });

  it("are the only ones that do, held to region and retention like all", async () => {
    const { asked } = await run({ judges: ["c/judge"] });
    expect(asked.filter(([kind]) => kind === "judge")).toEqual([["judge", "c/judge"]]);
    const kept = await run({ judges: ["c/judge"], region: "us" });
    expect(kept.asked.filter(([kind]) => kind === "judge")).toEqual([]);
  });

  it("merge no answers: that is for who may be asked", async () => {
    const bidders = ["a/one", "b/two"];
    const { job } = await run({ bidders, judges: ["c/judge"], strategy: "fusion" }, (call) =>
      says(`${call.bidder} says Paris.`),
    );
    const merged = job.microtasks[0]?.attempts.filter((a) => a.role === "fusion").map((a) => a.bidder);
    expect(merged?.length).toBe(1);
    expect(bidders).toContain(merged?.[0]);
  });
});

describe("a judge that is in the line-up", () => {
  const run = async (bidders: Bidder[], script: (call: ModelCall) => Script) => {
    const world = new World(bidders, script);
    world.accept(requestOf({ contract: judged, valueNano: 1_000_000_000_000 }));
    const job = await world.settle();
    const [task] = job.microtasks;
    const lineUp = task?.decisions[0]?.award.map((place) => place.bidder) ?? [];
    return { job, lineUp, attempts: task?.attempts ?? [] };
  };

  it("is passed over for one that is not, although that is dearer", async () => {
    const bidders = [bidderOf("a/one"), bidderOf("b/two"), onlyJudges("c/judge", { price: price(3) })];
    const { lineUp, attempts } = await run(bidders, (call) =>
      call.kind === "judge" ? verdict("reject") : says("France."),
    );
    expect(lineUp).toEqual(expect.arrayContaining(["a/one", "b/two"]));
    const looks = attempts.filter((a) => a.role === "judge");
    expect(looks.length).toBe(2);
    expect(looks.every((a) => a.bidder === "c/judge")).toBe(true);
  });

  it("judges where nobody else can, and is then the last to be asked", async () => {
    const bidders = [bidderOf("a/one"), bidderOf("b/two"), bidderOf("c/three")];
    const { lineUp, attempts } = await run(bidders, (call) =>
      call.kind === "judge" ? verdict("reject") : says("France."),
    );
    expect(lineUp.length).toBe(3);
    const first = attempts.find((a) => a.role === "judge")?.bidder;
    const answers = attempts.filter((a) => a.role !== "judge").map((a) => a.bidder);
    expect(lineUp).toContain(first);
    expect(answers.at(-1)).toBe(first);
    expect(answers.length).toBe(3);
  });
});
