import { describe, expect, it } from "vitest";
import { onlyEmbedded } from "./bidders.ts";
import { testServer } from "./memory-ports.ts";

const plan = { microtasks: [{ id: "a", kind: "answer" }] };
const mail = "From: a@example.com\r\nTo: b@example.com\r\nSubject: Lamp\r\n\r\nHello";
const contract = { criteria: [{ type: "length", max: 3 }] };
const refusal = async (body: object) => {
  const response = await testServer().ask("/v1/jobs", { body });
  const { code, field, detail } = await response.json();
  return response.status === 202 ? null : { status: response.status, code, field, detail };
};

describe("what is said of one answer", () => {
  it.each([
    ["labels", { labels: ["red", "blue"] }],
    ["instruction", { instruction: "In French." }],
    ["maxOutputTokens", { maxOutputTokens: 5 }],
    ["contract.criteria", { contract }],
    ["contract.judged", { contract: { judged: ["It is kind."] } }],
  ])("is refused where a plan, or a mail's triage, would ignore it: %s", async (field, said) => {
    expect(await refusal({ text: "x", plan, ...said })).toMatchObject({ status: 400, code: "invalid-request", field });
    const triage = await refusal({ email: mail, ...said });
    expect(triage).toMatchObject({ status: 400, field, detail: expect.stringContaining('"plan": "single"') });
    expect(await refusal({ email: mail, plan: "single", kind: "summarise", ...said })).toBe(null);
  });

  it("is refused where only one of them would ignore it", async () => {
    expect(await refusal({ text: "x", plan, valueUsd: 1 })).toMatchObject({ field: "valueUsd" });
    expect(await refusal({ email: mail, valueUsd: 1 })).toBe(null);
    expect(await refusal({ email: mail, kind: "summarise" })).toMatchObject({ field: "kind" });
    expect(await refusal({ text: "x", plan, kind: "summarise", contract: { schema: true } })).toBe(null);
  });
});

it("a plan that multiplies a result in its answer is refused", async () => {
  const named = (n: number) => {
    const fields = Object.fromEntries(Array.from({ length: n }, (_, i) => [`f${i}`, "a"]));
    return { text: "x", plan: { ...plan, assembly: { type: "object", fields } } };
  };
  expect(await refusal(named(65))).toMatchObject({ code: "invalid-plan", field: "plan.assembly.fields" });
  expect(await refusal(named(64))).toBe(null);
});

it("a field or an entry whose name would get lost is refused", async () => {
  const lost = JSON.parse('{"__proto__": "a", "b": "a"}') as Record<string, string>;
  const refused = { status: 400, code: "invalid-request", detail: expect.stringContaining("another name") };
  const body = { text: "x", plan: { ...plan, assembly: { type: "object", fields: lost } } };
  expect(await refusal(body)).toMatchObject({ ...refused, field: "plan.assembly.fields" });
  expect(await refusal({ text: "x", metadata: lost })).toMatchObject({ ...refused, field: "metadata" });
});

it("a plan that multiplies what it reads is refused, before anybody holds it in memory", async () => {
  const times = (n: number) => ({
    text: "lamp ".repeat(100_000),
    plan: { microtasks: [{ id: "a", kind: "answer", input: Array(n).fill({ from: "job" }) }] },
  });
  expect(await refusal(times(3))).toMatchObject({ code: "invalid-plan", field: "plan.microtasks[0].input" });
  expect(await refusal(times(2))).toBe(null);
});

it.each([
  [10, 5],
  [7, 12],
])("a slice that holds nothing of the text is refused: %i to %i", async (start, end) => {
  const slice = { from: "slice", start, end };
  const body = { text: "A lamp.", plan: { microtasks: [{ id: "a", kind: "answer", input: [slice] }] } };
  expect(await refusal(body)).toMatchObject({ code: "invalid-plan", field: "plan.microtasks[0].input" });
  if (start < end) expect(await refusal({ ...body, text: "A lamp that is broken." })).toBe(null);
});

it("rules are not asked for a part of a conversation either: they follow no words", async () => {
  const messages = [
    { role: "system", content: "Ours is always called de." },
    { role: "user", content: "Hello there, how are you?" },
  ];
  const body = { messages, plan: { microtasks: [{ id: "a", kind: "language" }] } };
  const ask = async (asked: object) =>
    (await testServer({ bidders: onlyEmbedded }).ask("/v1/jobs", { body: asked })).json();
  expect(await ask(body)).toMatchObject({ code: "no-bidder", detail: expect.stringContaining("Only rules") });
  expect(await ask({ ...body, messages: messages.slice(1) })).toMatchObject({ status: expect.any(String), links: {} });
});

it("the one microtask that is the answer is held to the job's schema, unless it has its own", async () => {
  const schema = { type: "object", required: ["n"] };
  const own = { type: "integer" };
  const task = (id: string, more: object = {}) => ({ id, kind: "extract", ...more });
  const schemas = async (microtasks: object[], assembly: object) => {
    const server = testServer();
    const body = { text: "x", contract: { schema }, plan: { microtasks, assembly } };
    expect((await server.ask("/v1/jobs", { body })).status).toBe(202);
    const asked = server.jobs.last()?.request.plan;
    return typeof asked === "object" ? asked.microtasks.map((m) => m.contract.schema ?? null) : [];
  };
  const single = { type: "single", of: "b" };
  expect(await schemas([task("a"), task("b")], single)).toEqual([null, schema]);
  expect(await schemas([task("b", { contract: { schema: own } })], single)).toEqual([own]);
  expect(await schemas([task("b")], { type: "object", fields: { n: "b" } })).toEqual([null]);
});
