import { describe, expect, it } from "vitest";
import { simulatedBidders } from "../../src/models/sim/presets.ts";
import { Seeded } from "../../src/models/sim/seeded.ts";
import { type Sleep, streamSim } from "../../src/models/sim/sim-stream.ts";
import type { ModelCall } from "../../src/race/model-port.ts";
import { callOf, collect, never, targetOf, toolsOf } from "./call.ts";

const mail = "Could you send the signed contract for the warehouse lease by Friday?";
const at = (name: string) => {
  const configured = simulatedBidders().find(({ bidder }) => bidder.id === `sim/${name}`);
  if (!configured) throw new Error(name);
  return targetOf(configured.endpoint, { ...configured, apiKey: null });
};
/** Sleeps take no time, and are added up. */
const recorder = () => {
  const waits: number[] = [];
  const sleep: Sleep = async (ms) => void waits.push(ms);
  return { waits, sleep };
};
const run = (name: string, over: Partial<ModelCall> = {}, sleep: Sleep = recorder().sleep) =>
  collect(
    streamSim(
      at(name),
      callOf({ bidder: `sim/${name}`, text: mail, kind: "draft", maxOutputTokens: 2000, ...over }),
      never,
      sleep,
    ),
  );

describe("simulated bidders", () => {
  it("are named as simulated, and judge or plan nothing", () => {
    for (const { bidder } of simulatedBidders()) {
      expect(bidder.id).toMatch(/^sim\//);
      expect(bidder.provider).toMatch(/^sim-/);
      expect(bidder.serves).not.toContain("judge");
      expect(bidder.serves).not.toBe("generative");
    }
  });

  it("say and wait the same for the same call, another thing for another seed", async () => {
    const [a, b] = [recorder(), recorder()];
    const first = await run("careful", { seed: 3 }, a.sleep);
    const again = await run("careful", { seed: 3 }, b.sleep);
    expect(again.text).toBe(first.text);
    expect(b.waits).toEqual(a.waits);
    expect((await run("careful", { seed: 4 })).text).not.toBe(first.text);
  });

  it("stream word by word, report usage, and end", async () => {
    const got = await run("steady");
    const texts = got.parts.filter((part) => part.type === "text");
    expect(texts.length).toBeGreaterThan(20);
    expect(got.usage).toMatchObject({ output: texts.length, source: "provider" });
    expect(got.finish).toBe("stop");
    expect(got.text).toContain("could signed".slice(0, 5));
  });

  it("have each their own way: one in German after a stock phrase, one as asked, one without end", async () => {
    const [quick, steady, careful] = await Promise.all([run("quick"), run("steady"), run("careful")]);
    expect(quick.text).toMatch(/^As an AI language model.*Vielen Dank/);
    expect(steady.text.split(" ").length).toBeLessThan(90);
    expect(steady.text).toMatch(/^Thank you/);
    expect(careful.text.split(" ").length).toBeGreaterThan(150);
  });

  it("differ in first token and speed as their profiles say, over many seeds", async () => {
    const medianFirst = async (name: string) => {
      const firsts: number[] = [];
      for (let seed = 0; seed < 60; seed++) {
        const { waits, sleep } = recorder();
        const got = await run(name, { seed, attempt: `a${seed}` }, sleep);
        if (!got.failure) firsts.push((waits[0] ?? 0) + (waits[1] ?? 0));
      }
      return firsts.sort((a, b) => a - b)[Math.floor(firsts.length / 2)] ?? 0;
    };
    expect(await medianFirst("quick")).toBeGreaterThan(90);
    expect(await medianFirst("quick")).toBeLessThan(160);
    expect(await medianFirst("careful")).toBeGreaterThan(400);
  });

  it("stop at max tokens and say so", async () => {
    const got = await run("careful", { maxOutputTokens: 12 });
    expect(got.finish).toBe("length");
    expect(got.usage?.output).toBe(12);
  });

  it("give a value of the schema, or a label of the set", async () => {
    const schema = {
      type: "object",
      properties: { when: { type: "string" }, sure: { type: "boolean" } },
      required: ["when"],
    };
    const seeds = await Promise.all([1, 2, 3, 4, 5, 6].map((seed) => run("careful", { schema, seed })));
    expect(seeds.some(({ text }) => Object.keys(JSON.parse(text) as object).join() === "when,sure")).toBe(true);
    const labels = ["spam", "ham"];
    const { text } = await run("steady", { labels, kind: "spam" });
    expect(labels).toContain((JSON.parse(text) as { label: string }).label);
  });

  it("really take time, and stop at once when aborted", async () => {
    const controller = new AbortController();
    const call = callOf({ bidder: "sim/quick", text: mail, kind: "draft" });
    const from = performance.now();
    let texts = 0;
    let abortedAt = 0;
    const got = await collect(streamSim(at("quick"), call, controller.signal), (part) => {
      if (part.type !== "text" || ++texts !== 3) return;
      abortedAt = performance.now();
      controller.abort();
    });
    expect(abortedAt - from).toBeGreaterThan(50);
    expect(performance.now() - abortedAt).toBeLessThan(500);
    expect(got.finish).toBeNull();
    expect(got.usage).toMatchObject({ source: "counted" });
  });

  it("fail now and then, with a typed reason", async () => {
    const reasons = new Set<string>();
    for (let seed = 0; seed < 600; seed++) {
      const { failure } = await run("quick", { seed, attempt: `a${seed}`, maxOutputTokens: 2 });
      if (failure) reasons.add(failure.reason);
    }
    expect([...reasons]).toEqual(["rate-limited"]);
  });
});

describe("simulated bidders that are offered tools", () => {
  const parsed = (text: string): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      return null;
    }
  };

  it("call one, piece by piece, with arguments of its form, the same for the same call", async () => {
    const [a, b] = [recorder(), recorder()];
    const first = await run("steady", { tools: toolsOf({ choice: { name: "time" } }) }, a.sleep);
    const again = await run("steady", { tools: toolsOf({ choice: { name: "time" } }) }, b.sleep);
    expect(first.text).toBe("");
    expect(first.calls).toEqual([{ id: "call_a1_0", name: "time", arguments: '{"zone":"could signed"}' }]);
    expect(first.callText).toBe('{"zone":"could signed"}');
    expect(first.finish).toBe("stop");
    const pieces = first.parts.filter((part) => part.type === "call-text").length;
    expect(pieces).toBe(6);
    expect(first.usage).toMatchObject({ output: pieces, source: "provider" });
    // Two waits until the first token, one before each other.
    expect(a.waits).toHaveLength(2 + pieces - 1);
    expect([again.calls, b.waits]).toEqual([first.calls, a.waits]);
  });

  it("choose by the text, and agree", async () => {
    const chosen = new Set<string>();
    for (const text of ["alpha", "beta", "gamma", "delta"]) {
      const [one, other] = await Promise.all(
        (["steady", "careful"] as const).map((name) => run(name, { text, tools: toolsOf() })),
      );
      expect(one?.calls[0]?.name).toBe(other?.calls[0]?.name);
      chosen.add(one?.calls[0]?.name ?? "");
    }
    expect(chosen).toEqual(new Set(["weather", "time"]));
  });

  it("answer in text after a tool's result, and where they may not call", async () => {
    const result = [...callOf().messages, { role: "tool" as const, call: "c1", content: "sunny" }];
    for (const over of [{ messages: result, tools: toolsOf() }, { tools: toolsOf({ choice: "none" }) }]) {
      const got = await run("steady", over);
      expect(got.text).toMatch(/^Thank you/);
      expect(got.calls).toEqual([]);
    }
  });

  it("break their arguments as often as their quality says", async () => {
    let broken = 0;
    for (let seed = 0; seed < 200; seed++) {
      const got = await run("quick", { seed, attempt: `a${seed}`, tools: toolsOf({ choice: { name: "time" } }) });
      if (got.failure === null && parsed(got.calls[0]?.arguments ?? "") === null) broken++;
    }
    // P = 0.4 of 200, less the few that fail.
    expect(broken).toBeGreaterThan(55);
    expect(broken).toBeLessThan(105);
  });

  it("call nothing that did not fit under the cap, and fail in mid-call like in mid-text", async () => {
    const cut = await run("steady", { tools: toolsOf(), maxOutputTokens: 2 });
    expect(cut.failure?.reason).toBe("empty-answer");
    expect(cut.callText).toHaveLength(8);
    expect(cut.usage).toMatchObject({ output: 2 });
  });
});

it("Seeded draws are uniform enough and log-normal around their median", () => {
  const draws = new Seeded("x");
  const values = Array.from({ length: 20_000 }, () => draws.logNormal(100, 0.5)).sort((a, b) => a - b);
  expect(values[10_000]).toBeGreaterThan(97);
  expect(values[10_000]).toBeLessThan(103);
  // Quantile 0.841 of a log-normal is median x e^sigma.
  expect(values[16_827]).toBeGreaterThan(155);
  expect(values[16_827]).toBeLessThan(175);
});
