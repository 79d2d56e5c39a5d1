import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { twoModels } from "./bidders.ts";
import { operatorKey, testServer } from "./memory-ports.ts";
import { serveOnLoopback } from "./node-server.ts";
import { answers } from "./scripts.ts";

const seeing = twoModels.map((bidder) => ({ ...bidder, images: "data" as const }));
const server = testServer({ bidders: seeing });
let loopback: Awaited<ReturnType<typeof serveOnLoopback>>;
let client: OpenAI;
beforeAll(async () => {
  loopback = await serveOnLoopback((request) => server.app.fetch(request));
  client = new OpenAI({ baseURL: `${loopback.url}/v1`, apiKey: operatorKey, maxRetries: 0 });
});
afterAll(() => loopback.close());

const url = "data:image/png;base64,iVBORw0KGgo=";
const pictureOf = (bytes: number) => `data:image/png;base64,${"A".repeat(bytes - 22)}`;
const asked = (): unknown => server.jobs.last()?.request.input;

describe("a picture in a user's turn", () => {
  it("comes by chat completions where it stands among the texts", async () => {
    server.runs(answers("A lamp."));
    const { choices } = await client.chat.completions.create({
      model: "atomic",
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "Compare this" },
            { type: "image_url", image_url: { url, detail: "high" } },
            { type: "text", text: "with that" },
            { type: "image_url", image_url: { url, detail: "auto" } },
          ],
        },
      ],
    });
    expect(choices[0]?.message.content).toBe("A lamp.");
    const images = [
      { at: 12, url, detail: "high" },
      { at: 22, url },
    ];
    expect(asked()).toEqual({
      type: "messages",
      messages: [{ role: "user", content: "Compare this\nwith that", images }],
    });
  });

  it("comes by responses, and is told again among their input items", async () => {
    server.runs(answers("A lamp."));
    const content = [
      { type: "input_image" as const, image_url: url, detail: "low" as const },
      { type: "input_text" as const, text: "What is this?" },
    ];
    const { id } = await client.responses.create({ model: "atomic", input: [{ role: "user", content }] });
    expect(asked()).toEqual({
      type: "messages",
      messages: [{ role: "user", content: "What is this?", images: [{ at: 0, url, detail: "low" }] }],
    });
    const items = await client.responses.inputItems.list(id);
    expect(items.data[0]).toMatchObject({ type: "message", role: "user", content });
  });

  it("comes by the native API, and may be all there is", async () => {
    server.runs(answers("A lamp."));
    const body = { messages: [{ role: "user", content: "", images: [{ url }] }] };
    expect((await server.ask("/v1/jobs", { body })).status).toBe(202);
    expect(asked()).toEqual({ type: "messages", messages: [{ role: "user", content: "", images: [{ at: 0, url }] }] });
  });
});

describe("is refused", () => {
  const part = { type: "image_url", image_url: { url } };
  const chat = (message: object) => ({ model: "atomic", messages: [message, { role: "user", content: "Hi." }] });
  it.each([
    ["in a system message", chat({ role: "system", content: [part] }), "messages[0].content"],
    ["in an assistant's", chat({ role: "assistant", content: [part] }), "messages[0].content"],
    [
      "that is a file of OpenAI's",
      chat({ role: "user", content: [{ type: "input_image", file_id: "f" }] }),
      "messages[0].content[0].image_url",
    ],
  ])("%s", async (_, body, param) => {
    const response = await server.ask("/v1/chat/completions", { body });
    expect(response.status).toBe(400);
    expect((await response.json()).error).toMatchObject({ param });
  });

  it("where nobody sees it, with what to do, and before a job is made", async () => {
    const blind = testServer({ bidders: twoModels });
    const body = { messages: [{ role: "user", content: "What is this?", images: [{ url }] }] };
    const response = await blind.ask("/v1/jobs", { body });
    expect(response.status).toBe(400);
    const problem = await response.json();
    expect(problem).toMatchObject({ code: "no-bidder", field: "messages" });
    expect(problem.detail).toContain("ATOMIC_LLM_IMAGES");
    expect(blind.jobs.jobs.size).toBe(0);
    const chat = {
      model: "atomic",
      messages: [{ role: "user", content: [{ type: "image_url", image_url: { url } }] }],
    };
    expect((await (await blind.ask("/v1/chat/completions", { body: chat })).json()).error.param).toBe("messages");
    const input = [{ role: "user", content: [{ type: "input_image", image_url: url }] }];
    const told = await blind.ask("/v1/responses", { body: { model: "atomic", input } });
    expect((await told.json()).error.param).toBe("input");
    const far = { messages: [{ role: "user", content: "", images: [{ url: "https://example.com/a.png" }] }] };
    expect((await (await server.ask("/v1/jobs", { body: far })).json()).detail).toContain("data: URLs");
  });
});

it("is refused by name where others see than those that the request lets be asked, or judge", async () => {
  const [, small, other] = seeing;
  if (small === undefined || other === undefined) throw new Error("two models are missing");
  const some = testServer({ bidders: [small, { ...other, images: undefined }] as typeof twoModels });
  const messages = [{ role: "user", content: "What is this?", images: [{ url }] }];
  const refusal = async (more: object) => (await some.ask("/v1/jobs", { body: { messages, ...more } })).json();
  expect(await refusal({ bidders: [other.id] })).toMatchObject({
    code: "no-bidder",
    detail: expect.stringContaining('Allow another in "bidders"'),
  });
  expect(await refusal({ judges: [other.id] })).toMatchObject({ code: "invalid-request", field: "judges" });
  expect(await refusal({ judges: [small.id] })).not.toHaveProperty("code");
});

describe("the limit of a body", () => {
  const withPicture = (bytes: number, content = "What?") => ({
    messages: [{ role: "user", content, images: [{ url: pictureOf(bytes) }] }],
  });
  const statusOf = async (body: object) => (await server.ask("/v1/jobs", { body })).status;
  it("is 1 MB, and 4 MB more for pictures", async () => {
    server.runs(answers("A lamp."));
    expect(await statusOf(withPicture(3_999_998))).toBe(202);
    expect(await statusOf(withPicture(5_200_000))).toBe(413);
    expect(await statusOf(withPicture(2_000_002, "ü".repeat(500_100)))).toBe(413);
    // What only looks like a picture is a text.
    expect(await statusOf({ text: pictureOf(1_000_002) })).toBe(413);
  });
});

it("a lone system message is what is asked, as with OpenAI", async () => {
  server.runs(answers("Leaves fall."));
  const { choices } = await client.chat.completions.create({
    model: "atomic",
    messages: [
      { role: "system", content: "Be brief." },
      { role: "system", content: "Write a haiku." },
    ],
  });
  expect(choices[0]?.message.content).toBe("Leaves fall.");
  expect(asked()).toEqual({
    type: "messages",
    messages: [
      { role: "system", content: "Be brief." },
      { role: "user", content: "Write a haiku." },
    ],
  });
});
