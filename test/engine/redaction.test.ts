import { expect, it } from "vitest";
import { explain } from "../../src/job/explain.ts";
import type { Job } from "../../src/job/job.ts";
import { chatRequest } from "../../src/models/openai-compatible/chat-request.ts";
import { placeholderNote } from "../../src/output/redact.ts";
import type { ModelCall } from "../../src/race/model-port.ts";
import { bidderOf, requestOf, type Script, says, World } from "./world.ts";

const redact = { identifiers: ["email" as const], terms: ["Zanzibar"] };
const input = { type: "text" as const, text: "ana@example.com writes from Zanzibar." };

async function run(
  script: (call: ModelCall, seen: ModelCall[]) => Script,
  more: Parameters<typeof requestOf>[0] = {},
  ids = ["a/one"],
): Promise<{ job: Job; seen: ModelCall[]; world: World }> {
  const seen: ModelCall[] = [];
  const world = new World(
    ids.map((id) => bidderOf(id, { model: id })),
    (call) => {
      seen.push(call);
      return script(call, seen);
    },
  );
  world.accept(requestOf({ input, redact, ...more }));
  return { job: await world.settle(), seen, world };
}

it("keeps values from bidders, and nobody else knows of it: criteria, log and answer have them", async () => {
  const contract = {
    criteria: [{ type: "contains" as const, text: "ana@example.com in Zanzibar", must: true, ignoreCase: false }],
    judged: [],
  };
  const { job, seen, world } = await run(() => says("Write to [EMAIL_1] in [TERM_1], today."), {
    contract,
    delivery: "live",
  });
  expect(JSON.stringify(seen)).not.toMatch(/ana@|zanzibar/i);
  expect(JSON.stringify(seen)).toContain("[EMAIL_1] writes from [TERM_1].");
  expect(seen[0]?.messages[0]?.content).toContain(placeholderNote);

  expect(job.answer?.text).toBe("Write to ana@example.com in Zanzibar, today.");
  expect(world.log.flatMap((e) => (e.type === "text-streamed" ? [e.text] : [])).join("")).toBe(job.answer?.text);
  expect(job.microtasks[0]?.attempts[0]?.redacted).toEqual({ email: 1, term: 1 });
  expect(JSON.stringify(explain(job))).toContain("placeholders for 1 mail address, 1 term.");
});

it("holds for model judges, and for whoever is asked after a failure", async () => {
  const contract = { criteria: [], judged: ["It names ana@example.com."] };
  const { job, seen } = await run(() => says("For [EMAIL_1]."), { contract }, ["a/one", "b/two", "c/three"]);
  expect(new Set(job.microtasks[0]?.attempts.map((a) => a.role)).has("judge")).toBe(true);
  expect(seen.length).toBeGreaterThan(1);
  expect(JSON.stringify(seen)).not.toMatch(/ana@|zanzibar/i);
});

it("leaves a call alone where nothing is to be replaced, and what stays in this process", async () => {
  const plain = await run(() => says("Yes."), { input: { type: "text", text: "Hello." } });
  expect(JSON.stringify(plain.seen)).not.toContain("[EMAIL_1]");
  expect(plain.job.microtasks[0]?.attempts[0]?.redacted).toBeNull();
  const local = await run(() => says("Yes."), {}, ["embedded/lead"]);
  expect(local.seen[0]?.messages.at(-1)?.content).toContain("ana@example.com");
});

it("reserves what the call costs as it is sent, where placeholders are longer than what they stand for", async () => {
  const names = Array.from({ length: 40 }, (_, i) => `x${String.fromCharCode(97 + (i % 26))}${i < 26 ? "" : "z"}`);
  const text = names.join(" ");
  const reserved = async (rules: Partial<{ redact: { identifiers: []; terms: string[] } }>) => {
    const { job, seen } = await run(() => says("Yes."), { input: { type: "text", text }, redact: undefined, ...rules });
    const attempt = job.microtasks[0]?.attempts[0];
    const chars = (seen[0]?.messages ?? []).reduce((sum, m) => sum + m.content.length, 0);
    return { nano: attempt?.reservedNano ?? 0, chars, input: attempt?.inputTokens ?? 0 };
  };
  const [plain, masked] = [await reserved({}), await reserved({ redact: { identifiers: [], terms: names } })];
  expect(masked.chars).toBeGreaterThan(plain.chars + 300);
  // A price of one microdollar a token, three characters a token at the most.
  expect(masked.nano - plain.nano).toBeGreaterThanOrEqual(((masked.chars - plain.chars) / 3) * 1000);
  expect(masked.input).toBeGreaterThan(plain.input);
});

it("gives back what was held when the text ends within what might have become a placeholder", async () => {
  const { job } = await run(() => says("See [EMAIL_1] and [1] or [EMAIL_"));
  expect(job.answer?.text).toBe("See ana@example.com and [1] or [EMAIL_");
});

it("writes a schema into the prompt with placeholders, and the port adds no other", async () => {
  const schema = { type: "object", properties: { who: { enum: ["Zanzibar", "other"] } }, required: ["who"] };
  const contract = { criteria: [], judged: [], schema };
  const { job, seen } = await run(() => says('{"who":"[TERM_1]"}'), { contract });
  expect(job.answer?.value).toEqual({ who: "Zanzibar" });
  const [call] = seen;
  if (call === undefined) throw new Error("nobody was called");
  const bidder = bidderOf("a/one");
  const endpoint = { type: "openai-compatible" as const, model: "m", baseUrl: "http://127.0.0.1:1/v1" };
  const { messages } = chatRequest(call, { bidder, endpoint, apiKey: null, warm: new Set() });
  expect(JSON.stringify(messages)).toContain("[TERM_1]");
  expect(JSON.stringify(messages)).not.toMatch(/zanzibar/i);
});

it("puts values back into JSON as JSON writes them: answers, calls and what judges say", async () => {
  const rules = { identifiers: [], terms: ['Acme "West"', "C:\\new", "Project X"] };
  const of = { redact: rules, input: { type: "text" as const, text: 'Acme "West" has C:\\new of Project\nX.' } };
  const said = '{"who":"[TERM_1]","path":"[TERM_2]","what":"[TERM_3]"}';
  const values = { who: 'Acme "West"', path: "C:\\new", what: "Project\nX" };
  const properties = { who: { type: "string" }, path: { type: "string" }, what: { type: "string" } };
  const schema = { type: "object", properties, required: ["who", "path", "what"], additionalProperties: false };

  const data = await run(() => says(said), { ...of, contract: { criteria: [], judged: [], schema } });
  expect(data.job.answer?.value).toEqual(values);
  expect(data.job.microtasks[0]?.attempts).toHaveLength(1);

  const offered = [{ name: "find", description: "", parameters: schema }];
  const call = { id: "1", name: "find", arguments: said };
  const asks: Script = [
    { afterMs: 50, part: { type: "open" } },
    { afterMs: 10, part: { type: "call", call } },
    { afterMs: 1, part: { type: "end", finish: "stop" } },
  ];
  const called = await run(() => asks, { ...of, tools: { offered, choice: "required", parallel: true } });
  expect(JSON.parse(called.job.answer?.calls?.[0]?.arguments ?? "")).toEqual(values);

  const evidence = '{"results":[{"criterion":0,"result":"accept","evidence":"names [TERM_1]"}]}';
  const judged = await run(
    (model) => says(model.kind === "judge" ? evidence : "[TERM_1]: it is so."),
    { ...of, contract: { criteria: [], judged: ["It names who."] } },
    ["a/one", "b/two"],
  );
  expect(judged.job.answer?.text).toBe('Acme "West": it is so.');
  expect(judged.job.microtasks[0]?.attempts[0]?.wholeVerdict?.criteria.at(-1)?.evidence).toBe(
    JSON.stringify('names Acme "West"'),
  );
});

it("tells no bidder of a stop sequence that holds a value, and ends the text there all the same", async () => {
  const stop = ["Zanzibar", "ana@example.com", "END", "]", "TERM"];
  const { job, seen, world } = await run(() => says("For [EMAIL_2] of [TERM_2], and then [TERM_1] comes, and more."), {
    redact: { identifiers: ["email"], terms: ["Zanzibar", "Ann"] },
    input: { type: "text", text: "Zanzibar is where ana@example.com, bo@example.com and Ann live." },
    stop,
  });
  expect(seen.map((call) => call.stop)).toEqual([["END"]]);
  expect(job.answer?.text).toBe("For bo@example.com of Ann, and then ");
  expect(world.calls.map(({ ended }) => ended)).toEqual(["cut"]);
  expect(job.microtasks[0]?.attempts[0]).toMatchObject({ status: "complete", finish: "stop" });
});

it("looks for stop sequences in the text with its values, whatever pieces it comes in", async () => {
  for (const [said, stop, text] of [
    ["It is [EMAIL_1] here", ["example.com here"], "It is ana@"],
    ["It is [TERM_1]", ["bar"], "It is Zanzi"],
    ["It is [TERM_1] and [1]", ["[1"], "It is Zanzibar and "],
    ["It is [TERM_1", ["[TERM_1"], "It is "],
    ["It is [TERM_1] en", ["end"], "It is Zanzibar en"],
  ] as const) {
    const { job } = await run(() => says(said), { stop: [...stop] });
    expect(job.answer?.text).toBe(text);
  }
  const none = await run(() => says("[TERM_1] it is"), { stop: ["Zanzibar"] });
  expect(none.job.microtasks[0]?.attempts[0]?.failure).toBe("empty-answer");
});
