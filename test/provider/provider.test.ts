import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { LedgerEntry } from "./ledger.ts";
import { type Provider, startProvider } from "./provider.ts";

let provider: Provider;
beforeAll(async () => {
  provider = await startProvider();
});
afterAll(() => provider.close());

const post = (url: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
const chat = (model: string, over: object = {}, headers: Record<string, string> = {}) =>
  post(
    `${provider.url}/v1/chat/completions`,
    { model, messages: [{ role: "user", content: "hello there" }], ...over },
    headers,
  );
const contentOf = async (response: Response) =>
  ((await response.json()) as { choices: { message: { content: string } }[] }).choices[0]?.message.content;

it("answers by the model's own name", async () => {
  expect(await contentOf(await chat("echo"))).toBe("hello there");
  expect(await contentOf(await chat("text:a:b"))).toBe("a:b");
  expect(await contentOf(await chat('json:{"a":1}'))).toBe('{"a":1}');
  expect(await contentOf(await chat("words:2"))).toBe("word0 word1 ");
  expect((await chat("nobody")).status).toBe(404);
  expect((await chat("fault:status-529")).status).toBe(529);
});

it("is scripted by code, by POST /script and by header", async () => {
  provider.script("m", ({ prompt, calls }) => ({ text: `${prompt} ${calls}` }));
  expect([await contentOf(await chat("m")), await contentOf(await chat("m"))]).toEqual([
    "hello there 0",
    "hello there 1",
  ]);
  await post(`${provider.url}/script`, { model: "n", script: [{ text: "first" }, { text: "then" }] });
  expect([
    await contentOf(await chat("n")),
    await contentOf(await chat("n")),
    await contentOf(await chat("n")),
  ]).toEqual(["first", "then", "then"]);
  expect(await contentOf(await chat("n", {}, { "x-script": '{"text":"by header"}' }))).toBe("by header");
});

it("streams a piece a frame, with usage and the end marker", async () => {
  const text = await (await chat("words:3", { stream: true })).text();
  const frames = text.trim().split("\n\n");
  expect(frames.filter((frame) => frame.includes("word"))).toHaveLength(3);
  expect(frames.at(-1)).toBe("data: [DONE]");
  expect(frames.at(-2)).toContain('"completion_tokens":3');
});

it("calls tools, in pieces with a stream and whole without", async () => {
  provider.script("caller", { calls: [{ name: "now", arguments: '{"a":1}' }] });
  const frames = (await (await chat("caller", { stream: true })).text()).trim().split("\n\n");
  expect(frames.filter((frame) => frame.includes('"tool_calls":['))).toHaveLength(3);
  expect(frames.filter((frame) => frame.includes('"finish_reason":"tool_calls"'))).toHaveLength(1);
  const { choices } = (await (await chat("caller")).json()) as { choices: unknown[] };
  expect(choices[0]).toMatchObject({
    finish_reason: "tool_calls",
    message: { content: null, tool_calls: [{ id: "call_1", function: { name: "now", arguments: '{"a":1}' } }] },
  });
});

it("keeps its ledger, without credentials", async () => {
  await fetch(`${provider.url}/ledger`, { method: "DELETE" });
  await (await chat("words:3", { stream: true }, { authorization: "Bearer sk-secret" })).text();
  const entries = (await (await fetch(`${provider.url}/ledger`)).json()) as LedgerEntry[];
  expect(entries).toHaveLength(1);
  expect(entries[0]).toMatchObject({
    model: "words:3",
    stream: true,
    end: "complete",
    credential: true,
    chunkCount: 7,
  });
  expect(JSON.stringify(entries)).not.toContain("sk-secret");
});

it("runs as a program", async () => {
  const program = spawn(process.execPath, [fileURLToPath(new URL("main.ts", import.meta.url)), "--port", "0"]);
  try {
    const [line] = (await once(program.stdout, "data")) as [Buffer];
    const url = line.toString().match(/http:\/\/127\.0\.0\.1:\d+/)?.[0];
    const list = (await (await fetch(`${url}/v1/models`)).json()) as { data: { id: string }[] };
    expect(list.data.map(({ id }) => id)).toContain("echo");
  } finally {
    program.kill();
    await once(program, "exit");
  }
});
