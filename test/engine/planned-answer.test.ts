import { expect, it } from "vitest";
import type { JobRequest } from "../../src/plan/job-request.ts";
import type { InputPart } from "../../src/plan/microtask.ts";
import type { ModelCall } from "../../src/race/model-port.ts";
import { bidderOf, requestOf, says, World } from "./world.ts";

async function run(more: Partial<JobRequest>, plan: object, answer: (call: ModelCall) => string) {
  const calls: ModelCall[] = [];
  const world = new World([bidderOf("a/one")], (call) => {
    calls.push(call);
    return says(call.kind === "plan" ? JSON.stringify(plan) : answer(call));
  });
  world.accept(requestOf(more));
  return { job: await world.settle(), calls };
}
const prompt = (call: ModelCall | undefined) => call?.messages.map((m) => m.content).join("\n") ?? "";
const one = (kind: string) => ({
  microtasks: [{ id: "it", kind, instruction: "Name a colour.", needs: [] }],
  answer: "it",
});

it("a planned answer is held to all that the job says of it, and the planner is told", async () => {
  const instruction = "Classify by the colour of the SECOND car.";
  const labels = ["red", "blue"];
  const request = { plan: "auto", kind: "classify", labels, instruction, maxOutputTokens: 50 } as const;
  const { job, calls } = await run(request, one("summarise"), () => "whatever I like");
  expect(job.status).toBe("failed");
  const [planner, worker] = calls;
  for (const call of [planner, worker]) {
    expect(prompt(call)).toContain(instruction);
    expect(prompt(call)).toContain('"red", "blue"');
  }
  expect(prompt(worker)).toContain("Name a colour.");
  expect(worker).toMatchObject({ kind: "classify", labels, maxOutputTokens: 50 });
  const obeyed = await run(request, one("summarise"), () => '{"label":"blue"}');
  expect(obeyed.job.answer?.value).toEqual({ label: "blue" });
});

const conversation: JobRequest["input"] = {
  type: "messages",
  messages: [
    { role: "system", content: "Speak German." },
    { role: "user", content: "I live in Paris." },
    { role: "assistant", content: "Noted." },
    { role: "user", content: "Where do I live?" },
  ],
};

it("a planner and those who do its parts are told of the whole conversation, and its system text stands for the answer", async () => {
  const { job, calls } = await run({ plan: "auto", input: conversation }, one("answer"), () => "In Paris.");
  expect(job.answer?.text).toBe("In Paris.");
  expect(calls.map((call) => call.kind)).toEqual(["plan", "answer"]);
  for (const call of calls) {
    expect(call.messages.at(-1)?.content).toContain(
      "user: I live in Paris.\nassistant: Noted.\nuser: Where do I live?",
    );
    expect(call.messages[0]?.content).toContain("Speak German.");
  }
});

it("where there is no plan the conversation passes through as it is", async () => {
  const { calls } = await run({ plan: "auto", input: conversation }, {}, () => "In Paris.");
  const turns = conversation.type === "messages" ? conversation.messages : [];
  expect(calls.at(-1)?.messages).toEqual(turns);
});

const long = "All of it is red. ".repeat(1000);

it("a long text's pieces lead to the answer that was asked for", async () => {
  const labels = ["red", "blue"];
  const request = { plan: "map-reduce", kind: "classify", labels, input: { type: "text", text: long } } as const;
  const wrong = await run(request, {}, () => "purple");
  expect(wrong.job.status).toBe("failed");
  const right = await run(request, {}, (call) => (call.kind === "classify" ? "red" : "It is red."));
  expect(right.job.answer?.value).toEqual({ label: "red" });
});

it.each([
  ["translate", "translate"],
  ["answer", "summarise"],
] as const)("a short text's map-reduce of kind %s is of kind %s", async (kind, ran) => {
  const { job } = await run({ plan: "map-reduce", kind }, {}, () => "Hauptstadt?");
  expect(job.microtasks.map((m) => m.task.kind)).toEqual([ran]);
});

it("microtasks of a caller's plan are told of the whole conversation, and slices are of its last turn", async () => {
  const task = (id: string, part: InputPart) => ({
    id,
    kind: "answer" as const,
    instruction: "",
    input: [part],
    contract: { criteria: [], judged: [] },
    needs: [],
    required: true,
    valueNano: null,
  });
  const microtasks = [task("all", { from: "job" }), task("slice", { from: "slice", start: 0, end: 5 })];
  const plan = { microtasks, assembly: { type: "single" as const, of: "all" } };
  const { calls } = await run({ plan, input: conversation }, {}, () => "In Paris.");
  expect(calls.map((call) => call.messages.at(-1)?.content)).toEqual([
    "system: Speak German.\nuser: I live in Paris.\nassistant: Noted.\nuser: Where do I live?",
    "Where",
  ]);
});

it("a lone turn is planned as the text that it is", async () => {
  const input = { type: "messages" as const, messages: [{ role: "user" as const, content: "Good day." }] };
  const { calls } = await run({ plan: "auto", input }, one("translate"), () => "Bonjour.");
  expect(calls.map((call) => call.messages.at(-1)?.content)).toEqual(["Good day.", "Good day."]);
});

const facts = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
it.each([
  [facts, 'Of course:\n```json\n{"n": "7", }\n```', '{"n":7}'],
  [{ type: "integer" }, '```json\n"7"\n```', "7"],
  [{ type: "string", enum: ["seven", "eight"] }, '```json\n"seven"\n```', "seven"],
])(
  "what reads another's answer is given the value that was accepted, not the text it was mended from: %j",
  async (schema, answer, given) => {
    const task = { instruction: "", required: true, valueNano: null, contract: { criteria: [], judged: [] } };
    const { job, calls } = await run(
      {
        plan: {
          microtasks: [
            {
              ...task,
              id: "facts",
              kind: "extract",
              input: [{ from: "job" }],
              needs: [],
              contract: { ...task.contract, schema },
            },
            { ...task, id: "it", kind: "answer", input: [{ from: "microtask", id: "facts" }], needs: ["facts"] },
          ],
          assembly: { type: "single", of: "it" },
        },
      },
      {},
      (call) => (call.kind === "extract" ? answer : "Seven."),
    );
    expect(job.answer?.text).toBe("Seven.");
    expect(calls.at(-1)?.messages.at(-1)?.content).toBe(given);
  },
);
