import { expect, it } from "vitest";
import { promptTokens } from "../../src/engine/prompt-tokens.ts";
import type { JobRequest } from "../../src/plan/job-request.ts";
import { bidderOf, requestOf, says, World } from "./world.ts";

const conversation: Pick<JobRequest, "input"> = {
  input: {
    type: "messages",
    messages: [
      { role: "system", content: "Be brief." },
      {
        role: "user",
        content: "What is this? これは何ですか",
        images: [{ at: 0, url: "data:image/png;base64,iVBORw0KGgo=" }],
      },
    ],
  },
};
const schema = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
const now = { name: "now", description: "The time.", parameters: { type: "object", properties: {} } };

it.each<[string, Partial<JobRequest>]>([
  ["a text", { input: { type: "text", text: "What is the capital of France?" } }],
  ["a conversation with a picture", conversation],
  ["a schema", { contract: { schema, criteria: [], judged: [] } }],
  ["tools", { ...conversation, tools: { offered: [now], choice: "auto", parallel: true } }],
  ["another kind", { kind: "summarise", input: { type: "text", text: "The lamp came broken. ".repeat(40) } }],
])("of %s are what an attempt at it is begun with", async (_, more) => {
  const request = requestOf(more);
  const world = new World([bidderOf("a/sees", { images: "data" })], () => says('{"n":1}'));
  world.accept(request);
  const job = await world.settle();
  expect(job.microtasks[0]?.attempts[0]?.inputTokens).toBe(promptTokens(request));
  expect(promptTokens(request)).toBeGreaterThan(4);
});
