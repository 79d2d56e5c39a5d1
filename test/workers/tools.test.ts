import { expect, inject, it } from "vitest";
import type { LedgerEntry } from "../provider/ledger.ts";
import { addBidder, eventsOf, post, viewOf } from "./api.ts";

const provider = inject("providerUrl");
const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const tools = [{ type: "function", function: { name: "get_weather", parameters } }];
const messages = [{ role: "user", content: "How is Paris?" }];

interface Completion {
  choices: { finish_reason: string; message: { content: string | null; tool_calls?: { id: string }[] } }[];
  atomic: { job: string };
}
const complete = async (model: string, turns: object[]): Promise<Completion> => {
  const response = await post("/v1/chat/completions", { model, messages: turns, tools });
  expect(response.status).toBe(200);
  return response.json();
};
const sentTo = async (model: string): Promise<LedgerEntry[]> =>
  ((await (await fetch(`${provider}/ledger`)).json()) as LedgerEntry[]).filter((entry) => entry.model === model);

it("hands a model's call on, and the caller's result back to the model", async () => {
  await addBidder("tools/one", provider, { calls: [{ name: "get_weather", arguments: '{"city":"Paris"}' }] });
  const first = await complete("tools/one", messages);
  expect(first.choices[0]).toMatchObject({
    finish_reason: "tool_calls",
    message: { content: null, tool_calls: [{ type: "function", function: { arguments: '{"city":"Paris"}' } }] },
  });
  const turn = first.choices[0]?.message;
  await addBidder("tools/one", provider, { text: "It is sunny." });
  const result = { role: "tool", tool_call_id: turn?.tool_calls?.[0]?.id, content: "sunny" };
  const second = await complete("tools/one", [...messages, { role: "assistant", ...turn }, result]);
  expect(second.choices[0]).toMatchObject({ finish_reason: "stop", message: { content: "It is sunny." } });
  const bodies = (await sentTo("tools-one")).map((entry) => entry.body as { messages: object[]; tools: object[] });
  expect(bodies[0]?.tools).toMatchObject([{ type: "function", function: { name: "get_weather", parameters } }]);
  expect(bodies[1]?.messages.slice(-2)).toMatchObject([{ role: "assistant", content: null }, result]);
});

it("asks again after a call that does not fit, and gives out none", async () => {
  await addBidder("tools/two", provider, { calls: [{ name: "get_weather", arguments: '{"town":"Paris"}' }] });
  const response = await post("/v1/jobs?wait=true", {
    messages,
    bidders: ["tools/two"],
    tools: tools.map((tool) => tool.function),
  });
  const { id } = (await response.json()) as { id: string };
  const view = await viewOf(id);
  expect(view).toMatchObject({ status: "failed", answer: null, error: { code: "not-accepted" } });
  expect(view.error?.message).toContain("city");
  expect((await eventsOf(id)).flatMap((e) => (e.type === "attempt-started" ? [e.role] : []))).toEqual([
    "leader",
    "reask",
  ]);
});
