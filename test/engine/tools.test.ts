import { expect, it } from "vitest";
import type { Job } from "../../src/job/job.ts";
import type { Message } from "../../src/plan/microtask.ts";
import type { ToolCall, Tools } from "../../src/plan/tool.ts";
import type { ModelCall } from "../../src/race/model-port.ts";
import { bidderOf, Killed, requestOf, type Script, says, World } from "./world.ts";

const weather = {
  name: "get_weather",
  description: "The weather of a place.",
  parameters: {
    type: "object",
    properties: { city: { type: "string" }, days: { type: "integer", minimum: 1 } },
    required: ["city"],
    additionalProperties: false,
  },
};
const clock = { name: "get_time", description: "", parameters: { type: "object", properties: {} } };
const tools = (more: Partial<Tools> = {}): Tools => ({
  offered: [weather, clock],
  choice: "auto",
  parallel: true,
  ...more,
});

const call = (name: string, written: string, id = "call_1"): ToolCall => ({ id, name, arguments: written });

/** An answer that calls, its arguments in pieces. */
const asksFor = (calls: ToolCall[], text = ""): Script => [
  { afterMs: 100, part: { type: "open" } },
  ...(text === "" ? [] : [{ afterMs: 20, part: { type: "text" as const, text } }]),
  ...calls.flatMap((one) =>
    (one.arguments.match(/.{1,6}/gs) ?? []).map((piece) => ({
      afterMs: 10,
      part: { type: "call-text" as const, text: piece },
    })),
  ),
  ...calls.map((one) => ({ afterMs: 0, part: { type: "call" as const, call: one } })),
  { afterMs: 1, part: { type: "usage", usage: { input: 60, output: 12, source: "provider" } } },
  { afterMs: 0, part: { type: "end", finish: "stop" } },
];

const asked: Message[] = [
  { role: "system", content: "You are a weather service." },
  { role: "user", content: "How is Paris?" },
];
const request = (more: Parameters<typeof requestOf>[0] = {}) =>
  requestOf({ input: { type: "messages", messages: asked }, tools: tools(), delivery: "live", ...more });

async function run(
  script: (call: ModelCall, world: World) => Script,
  more: Parameters<typeof requestOf>[0] = {},
  bidders = [bidderOf("a/one"), bidderOf("b/two")],
): Promise<{ world: World; job: Job }> {
  const world = new World(bidders, script);
  world.accept(request(more));
  return { world, job: await world.settle() };
}
const attempts = (job: Job) => job.microtasks[0]?.attempts ?? [];

it("gives the caller a call that fits, and offers the tools to every attempt", async () => {
  const seen: ModelCall[] = [];
  const { job, world } = await run((one) => {
    seen.push(one);
    return asksFor([call("get_weather", '{"city":"Paris"}')]);
  });
  expect(job.status).toBe("succeeded");
  expect(job.answer).toMatchObject({ text: "", calls: [call("get_weather", '{"city":"Paris"}')], finish: "stop" });
  expect(seen.map((one) => one.tools)).toEqual([tools()]);
  expect(attempts(job)[0]?.wholeVerdict?.criteria).toEqual([
    { criterion: "calls", class: "final", result: "accept", evidence: 'get_weather({"city":"Paris"}) fits' },
  ]);
  expect(world.log.filter((e) => e.type === "text-streamed")).toEqual([]);
});

it("delivers the text beside a call as it comes, and the call at the end", async () => {
  const { job, world } = await run(() => asksFor([call("get_time", "")], "Let me look."));
  expect(world.log.flatMap((e) => (e.type === "text-streamed" ? [e.text] : [])).join("")).toBe("Let me look.");
  expect(job.answer).toMatchObject({ text: "Let me look.", calls: [call("get_time", "{}")] });
});

it("answers in text where nothing is called, held to the contract", async () => {
  const contract = {
    criteria: [{ type: "contains" as const, text: "sunny", must: true, ignoreCase: false }],
    judged: [],
  };
  const { job } = await run((one) => says(one.bidder === "a/one" ? "It rains." : "It is sunny."), { contract });
  expect(job.answer).toMatchObject({ text: "It is sunny." });
  expect(job.answer?.calls).toBeUndefined();
});

it("holds an answer that calls to its tools, not to criteria about text", async () => {
  const contract = { criteria: [{ type: "length" as const, min: 200 }], judged: [] };
  const { job } = await run(() => asksFor([call("get_time", "{}")], "Short."), { contract, delivery: "accepted" });
  expect(job.answer?.calls).toEqual([call("get_time", "{}")]);
});

it("shows a bidder what was wrong with its call, as the result of that call, once", async () => {
  const turns: Message[][] = [];
  const wrong = call("get_weather", '{"town":"Paris"}');
  const { job } = await run((one) => {
    turns.push(one.messages);
    return asksFor([
      one.messages.some((m) => m.role === "tool") ? call("get_weather", '{"city":"Paris"}', "call_2") : wrong,
    ]);
  });
  expect(attempts(job).map((a) => [a.role, a.wholeVerdict?.result])).toEqual([
    ["leader", "reject"],
    ["reask", "accept"],
  ]);
  const [said, result] = turns[1]?.slice(-2) ?? [];
  expect(said).toEqual({ role: "assistant", content: "", calls: [wrong] });
  expect(result).toMatchObject({ role: "tool", call: "call_1", content: expect.stringContaining("city") });
  expect(job.answer?.calls).toEqual([call("get_weather", '{"city":"Paris"}', "call_2")]);
});

it("asks the next bidder when the second try is wrong too, and says why when nobody is left", async () => {
  const { job } = await run(
    (one) => asksFor([one.bidder === "b/two" ? call("get_weather", '{"city":"Paris"}') : call("get_wether", "{}")]),
    { bidders: null },
    [
      bidderOf("a/one", {
        expected: { firstTokenMs: 10, tokensPerSecond: 1000 },
        price: { inputPerMtok: 0, outputPerMtok: 0 },
      }),
      bidderOf("b/two"),
    ],
  );
  expect(job.answer?.calls?.[0]?.name).toBe("get_weather");
  const { job: failed } = await run(() => asksFor([call("get_wether", "{}")]), {}, [bidderOf("a/one")]);
  expect(failed.error).toMatchObject({
    code: "not-accepted",
    message: expect.stringContaining('there is no tool "get_wether"'),
  });
});

it("mends arguments that are nearly right", async () => {
  const { job } = await run(() => asksFor([call("get_weather", '```json\n{"city": "Paris", "days": "3",}\n```')]));
  expect(JSON.parse(job.answer?.calls?.[0]?.arguments ?? "")).toEqual({ city: "Paris", days: 3 });
  expect(attempts(job)).toHaveLength(1);
  // The log keeps what the model wrote.
  expect(attempts(job)[0]?.calls[0]?.arguments).toContain("```");
});

it.each([
  ["required", tools({ choice: "required" }), says("It is sunny."), "and must"],
  [
    "named",
    tools({ choice: { name: "get_time" } }),
    asksFor([call("get_weather", '{"city":"x"}')]),
    "may call get_time only",
  ],
  ["none", tools({ choice: "none" }), asksFor([call("get_time", "{}")]), "may call nothing"],
  [
    "one at a time",
    tools({ parallel: false }),
    asksFor([call("get_time", "{}"), call("get_time", "{}", "call_2")]),
    "may call one",
  ],
] as const)("rejects what the choice of tools does not allow: %s", async (_, offered, script, why) => {
  const { job } = await run(() => [...script], { tools: offered }, [bidderOf("a/one")]);
  expect(job.error).toMatchObject({ code: "not-accepted", message: expect.stringContaining(why) });
});

it("does not cut a text on a prefix while a call may still come", async () => {
  const contract = { criteria: [{ type: "length" as const, max: 5 }], judged: [] };
  const { job } = await run(() => asksFor([call("get_time", "{}")], "Longer than five characters."), { contract });
  expect(attempts(job).map((a) => a.status)).toEqual(["complete"]);
  expect(job.status).toBe("succeeded");
});

it("takes two calls for the same, whatever the order of keys and the ids", async () => {
  const { job } = await run(
    (one) =>
      asksFor([
        one.bidder === "a/one"
          ? call("get_weather", '{"city":"Paris","days":2}')
          : call("get_weather", '{ "days": 2, "city": "Paris" }', "call_9"),
      ]),
    { strategy: "agreement", delivery: "accepted" },
  );
  expect(job.microtasks[0]?.joined?.how).toBe("agreement");
});

it("shows calls to a judge", async () => {
  const prompts: string[] = [];
  const { job } = await run(
    (one) => {
      if (one.kind !== "judge") return asksFor([call("get_weather", '{"city":"Paris"}')]);
      prompts.push(one.messages.map((m) => m.content).join("\n"));
      expect(one.tools).toBeUndefined();
      return says('{"verdicts":[{"criterion":1,"accept":true,"why":"ok"}]}');
    },
    { contract: { criteria: [], judged: ["It asks about the right place."] }, valueNano: 1e9 },
    [bidderOf("a/one"), bidderOf("b/two"), bidderOf("c/three")],
  );
  expect(job.status).toBe("succeeded");
  expect(prompts[0]).toContain('get_weather({"city":"Paris"})');
});

it("asks only bidders that can call", async () => {
  const { job } = await run(() => asksFor([call("get_time", "{}")]), {}, [
    bidderOf("a/one", { tools: false }),
    bidderOf("b/two"),
  ]);
  expect(attempts(job).map((a) => a.bidder)).toEqual(["b/two"]);
  expect(job.microtasks[0]?.decisions[0]?.excluded).toEqual([{ bidder: "a/one", reason: "it cannot call tools" }]);
});

it("counts tools, calls and results as input", async () => {
  const history: Message[] = [
    ...asked,
    { role: "assistant", content: "", calls: [call("get_weather", JSON.stringify({ city: "x".repeat(400) }))] },
    { role: "tool", content: "sunny ".repeat(100), call: "call_1" },
  ];
  const inputOf = async (more: Parameters<typeof requestOf>[0]) =>
    attempts((await run(() => says("Sunny."), more)).job)[0]?.inputTokens ?? 0;
  const bare = await inputOf({ tools: undefined });
  const offered = await inputOf({});
  expect(offered - bare).toBeGreaterThan(JSON.stringify(tools().offered).length / 5);
  expect((await inputOf({ input: { type: "messages", messages: history } })) - offered).toBeGreaterThan(1000 / 5);
});

it("tells earlier calls in words where no tools are offered any more", async () => {
  const turns: Message[][] = [];
  const history: Message[] = [
    { role: "user", content: "How is Paris?" },
    { role: "assistant", content: "", calls: [call("get_weather", '{"city":"Paris"}')] },
    { role: "tool", content: "sunny", call: "call_1" },
  ];
  await run(
    (one) => {
      turns.push(one.messages);
      return says("Sunny.");
    },
    { tools: undefined, input: { type: "messages", messages: history } },
  );
  expect(turns[0]).toEqual([
    { role: "user", content: "How is Paris?" },
    { role: "assistant", content: 'get_weather({"city":"Paris"})' },
    { role: "user", content: "sunny" },
  ]);
});

it("teaches the market alike that a call fits, and that one does not, and either less than what a person says", async () => {
  const outcomeOf = async (written: string) => {
    const { world } = await run(() => asksFor([call("get_weather", written)]), {}, [bidderOf("a/one")]);
    return [...world.settled.values()].flatMap((s) => s.attempts.map((a) => [a.outcome?.worth, a.outcome?.weight]));
  };
  expect(await outcomeOf('{"city":"Paris"}')).toEqual([[1, 0.25]]);
  const broken = [0, 0.25];
  expect(await outcomeOf('{"town":"Paris"}')).toEqual([broken, broken]);
});

it("ends in the same answer after a crash at each write", async () => {
  const script = (one: ModelCall) =>
    asksFor(
      [
        one.messages.some((m) => m.role === "tool")
          ? call("get_weather", '{"city":"Paris"}')
          : call("get_weather", "{}"),
      ],
      "Looking.",
    );
  const { world: whole, job: expected } = await run(script, { leaderChange: "restart" });
  let kills = 0;
  for (let at = 1; at < whole.log.length; at++) {
    const world = new World([bidderOf("a/one"), bidderOf("b/two")], script);
    world.commitsLeft = at;
    let job: Job | null = null;
    try {
      world.accept(request({ leaderChange: "restart" }));
      job = await world.settle();
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      kills += 1;
    }
    if (job === null) {
      world.commitsLeft = null;
      if (world.log.length === 0) continue;
      world.boot();
      job = await world.settle();
    }
    expect(job.answer?.calls, `killed after ${at} writes`).toEqual(expected.answer?.calls);
    expect(world.settled.size).toBe(1);
  }
  expect(kills).toBeGreaterThan(5);
});
