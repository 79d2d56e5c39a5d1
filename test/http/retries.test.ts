import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, generateText } from "ai";
import OpenAI from "openai";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { ErrorCode } from "../../src/error.ts";
import { operatorKey, testServer } from "./memory-ports.ts";
import { serveOnLoopback } from "./node-server.ts";
import { refuses } from "./scripts.ts";

const server = testServer();
let asked = 0;
let loopback: Awaited<ReturnType<typeof serveOnLoopback>>;

beforeAll(async () => {
  loopback = await serveOnLoopback((request) => {
    asked += 1;
    return server.app.fetch(request);
  });
});
afterAll(() => loopback.close());

/** As they come: with the retries that their makers chose. */
const clients: Record<string, () => Promise<unknown>> = {
  openai: () =>
    new OpenAI({ baseURL: `${loopback.url}/v1`, apiKey: operatorKey }).chat.completions.create({
      model: "atomic",
      messages: [{ role: "user", content: "Hi" }],
    }),
  "@ai-sdk/openai": () =>
    generateText({
      model: createOpenAI({ baseURL: `${loopback.url}/v1`, apiKey: operatorKey })("atomic"),
      prompt: "Hi",
    }),
  "@ai-sdk/openai-compatible": () =>
    generateText({
      model: createOpenAICompatible({ name: "atomic", baseURL: `${loopback.url}/v1`, apiKey: operatorKey })("atomic"),
      prompt: "Hi",
    }),
};

it.each(
  Object.keys(clients).flatMap((name) =>
    (["not-accepted", "deadline-exceeded", "parked"] as const).map((code): [string, ErrorCode] => [name, code]),
  ),
)("%s does not pay again on its own for a job that ended as %s", async (name, code) => {
  server.runs(refuses(code, "It did not work. Try less."));
  asked = 0;
  const error = await clients[name]?.().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Error);
  expect(String((error as Error).message)).toContain("It did not work. Try less.");
  if (APICallError.isInstance(error)) expect(error.isRetryable).toBe(false);
  expect(asked).toBe(1);
});
