import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { testServer } from "./memory-ports.ts";

const names = [
  "text",
  "messages",
  "email",
  "kind",
  "plan",
  "contract",
  "labels",
  "budgetUsd",
  "deadlineMs",
  "bidders",
  "metadata",
  "model",
  "input",
  "stream",
  "response_format",
  "atomic",
  "tool_choice",
  "tools",
  "system",
  "content",
  "tool_use_id",
  "input_schema",
  "schema",
  "criteria",
  "type",
  "microtasks",
  "__proto__",
  "constructor",
  "job",
  "label",
  "tenant",
];
const word = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom(
    "atomic",
    "answer",
    "spam",
    "single",
    "length",
    "user",
    "json_schema",
    "text",
    "tool_use",
    "tool_result",
  ),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.jsonValue({ maxDepth: 1 }),
    word,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string({ maxLength: 6 })), tie("value"), { maxKeys: 6 }),
  ),
}));
const valid = fc.constantFrom(
  { text: "Hi", contract: { criteria: [{ type: "length", max: 5 }] } },
  { model: "atomic", messages: [{ role: "user", content: "Hi" }] },
  { model: "atomic", input: "Hi" },
  { model: "atomic", max_tokens: 9, messages: [{ role: "user", content: [{ type: "text", text: "Hi" }] }] },
);

describe("no body whatever", () => {
  it.each([
    "/v1/jobs",
    "/v1/auctions/preview",
    "/v1/feedback",
    "/v1/keys",
    "/v1/chat/completions",
    "/v1/responses",
    "/v1/messages",
    "/v1/messages/count_tokens",
  ])("makes %s fail inside", async (path) => {
    const server = testServer();
    const body = fc.oneof(
      value,
      fc.tuple(valid, value).map(([a, b]) => ({ ...a, ...(typeof b === "object" ? b : {}) })),
    );
    await fc.assert(
      fc.asyncProperty(body, async (body) => {
        const response = await server.ask(path, { body: JSON.stringify(body) ?? "" });
        const text = await response.text();
        expect(server.unexpected).toEqual([]);
        expect(response.status).toBeLessThan(500);
        if (response.status >= 400)
          expect(JSON.parse(text)).toHaveProperty(/^\/v1\/(c|r|m)/.test(path) ? "error.message" : "detail");
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ["/v1/jobs", "application/json"],
    ["/v1/jobs", "message/rfc822"],
    ["/v1/jobs:batch", "application/json"],
    ["/v1/chat/completions", "application/json"],
    ["/v1/messages", "application/json"],
    ["/mcp", "application/json"],
    ["/login", "application/x-www-form-urlencoded"],
    ["/login", "multipart/form-data"],
  ])("that breaks off does: POST %s as %s", async (path, type) => {
    const server = testServer();
    for (const length of path === "/login" ? ["100"] : [undefined, "100"]) {
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode('{"text":"x')),
        pull: () => Promise.reject(new Error("the client left")),
      });
      const headers = { "content-type": type, ...(length === undefined ? {} : { "content-length": length }) };
      const response = await server.ask(path, { body, headers });
      expect([length, response.status, server.unexpected]).toEqual([length, 400, []]);
      expect(await response.text()).toContain("Send it again, whole.");
    }
  });

  it("of any bytes does", async () => {
    const server = testServer();
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom("application/json", "message/rfc822"),
        async (bytes, type) => {
          const response = await server.ask("/v1/jobs", {
            body: new Uint8Array(bytes),
            headers: { "content-type": type },
          });
          expect(response.status).toBeLessThan(500);
          expect(server.unexpected).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });
});
