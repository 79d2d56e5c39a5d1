import { describe, expect, it } from "vitest";
import { messagesBody, messagesRequest } from "../../src/http/anthropic/messages-body.ts";
import { chatBody, chatRequest } from "../../src/http/openai/chat-body.ts";
import { responsesBody, responsesRequest } from "../../src/http/openai/responses-body.ts";

const turns = [{ role: "user", content: "Why?" }];

describe("how long to think, in other makers' words", () => {
  it.each([
    [undefined, undefined],
    [null, undefined],
    ["none", undefined],
    ["minimal", "minimal"],
    ["low", "low"],
    ["medium", "medium"],
    ["high", "high"],
    ["xhigh", "high"],
  ])("OpenAI's effort %s is %s", (word, effort) => {
    const chat = chatRequest(chatBody.parse({ model: "atomic", messages: turns, reasoning_effort: word }));
    expect(chat.effort).toBe(effort);
    const response = responsesRequest(
      responsesBody.parse({ model: "atomic", input: "Why?", reasoning: { effort: word, summary: "auto" } }),
    );
    expect(response.effort).toBe(effort);
  });

  it("words of other makers leave it to who is asked, as silence does", () => {
    for (const word of ["default", "auto", "", 7]) {
      const body = chatBody.parse({ model: "atomic", messages: turns, reasoning_effort: word });
      expect(chatRequest(body).effort).toBeUndefined();
    }
    for (const thinking of [{ type: "auto" }, { type: "enabled" }, { type: "enabled", budget_tokens: 0 }, "on"]) {
      const body = messagesBody.parse({ model: "atomic", messages: turns, max_tokens: 100, thinking });
      expect(messagesRequest(body, false).effort).toBeUndefined();
    }
  });

  it.each<[object, string | undefined]>([
    [{}, undefined],
    [{ thinking: { type: "disabled" } }, undefined],
    [{ thinking: { type: "disabled" }, output_config: { effort: "high" } }, undefined],
    [{ thinking: { type: "between_tools" }, output_config: { effort: "high" } }, undefined],
    [{ thinking: { type: "adaptive" } }, undefined],
    [{ thinking: { type: "adaptive" }, output_config: { effort: "max" } }, "high"],
    [{ output_config: { effort: "medium" } }, "medium"],
    [{ thinking: { type: "enabled", budget_tokens: 1024 } }, "low"],
    [{ thinking: { type: "enabled", budget_tokens: 10_000 } }, "medium"],
    [{ thinking: { type: "enabled", budget_tokens: 31_999 } }, "high"],
    [{ thinking: { type: "enabled", budget_tokens: 31_999 }, output_config: { effort: "low" } }, "low"],
  ])("Anthropic's %j is %s", (said, effort) => {
    const body = messagesBody.parse({ model: "atomic", messages: turns, max_tokens: 100, ...said });
    expect(messagesRequest(body, false).effort).toBe(effort);
  });
});
