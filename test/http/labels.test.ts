import { expect, it } from "vitest";
import { testServer } from "./memory-ports.ts";
import { answers } from "./scripts.ts";

const messages = [{ role: "user", content: "A red car." }];
const labels = ["red", "blue"];

it.each([
  ["labels", { labels }],
  ["a closed kind", { kind: "classify", labels }],
  ["a kind of a form of its own", { kind: "entities" }],
])(
  "a client of chat and responses gets what was validated, however the model dressed it: %s",
  async (_what, atomic) => {
    const value = { label: "red" };
    const script = answers('Sure: {"label": "red"}', ["Sure: ", '{"label": "red"}'], value);
    for (const stream of [false, true]) {
      const server = testServer();
      server.runs(script);
      const body = { model: "atomic", messages, stream, atomic };
      const chat = await (await server.ask("/v1/chat/completions", { body })).text();
      expect(server.jobs.last()?.request.delivery).toBe("accepted");
      expect(chat).toContain(JSON.stringify(JSON.stringify(value)));
      expect(chat).not.toContain("Sure");
      server.runs(script);
      const { model, messages: input } = body;
      const response = await (await server.ask("/v1/responses", { body: { model, input, stream, atomic } })).text();
      expect(response).toContain(JSON.stringify(JSON.stringify(value)));
      expect(response).not.toContain("Sure");
    }
  },
);

it.each([
  [{ kind: "classify" }, "atomic.labels", 'give "labels"'],
  [{ leader_change_else: "fail" }, "atomic.leader_change_else", '"leader_change": "continue"'],
  [{ buget_usd: 1 }, "atomic.buget_usd", '"atomic" takes kind, context, labels'],
])("what is wrong with the extension is told in its own words: %o", async (atomic, param, says) => {
  const { error } = await (
    await testServer().ask("/v1/chat/completions", { body: { model: "atomic", messages, atomic } })
  ).json();
  expect(error).toMatchObject({ param, message: expect.stringContaining(says) });
});
