import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { streamAnthropic } from "../../src/models/anthropic/anthropic.ts";
import type { Endpoint } from "../../src/models/endpoint.ts";
import { streamGoogle } from "../../src/models/google/google.ts";
import { streamOpenAI } from "../../src/models/openai/openai.ts";
import type { AiBinding } from "../../src/models/workers-ai/ai-binding.ts";
import { streamWorkersAI } from "../../src/models/workers-ai/workers-ai.ts";
import type { Message } from "../../src/plan/microtask.ts";
import type { ToolChoice } from "../../src/plan/tool.ts";
import type { ModelCall, ModelPart } from "../../src/race/model-port.ts";
import { type Provider, startProvider } from "../provider/provider.ts";
import type { Script, ScriptedCall } from "../provider/script.ts";
import { callOf, collect, targetOf, toolsOf, until } from "./call.ts";

let provider: Provider;
beforeAll(async () => {
  provider = await startProvider();
  await Promise.all(
    ["@ai-sdk/openai", "@ai-sdk/anthropic", "@ai-sdk/google", "workers-ai-provider"].map((name) => import(name)),
  );
}, 30_000);
afterAll(() => provider.close());
beforeEach(() => provider.reset());

/** The AI binding over the loopback provider. */
const binding: AiBinding = {
  async run(model, inputs, options) {
    const { signal } = (options ?? {}) as { signal?: AbortSignal };
    const response = await fetch(`${provider.url}/v1/chat/completions`, {
      method: "POST",
      body: JSON.stringify({ model, ...(inputs as object) }),
      ...(signal ? { signal } : {}),
    });
    return response.body;
  },
};

const streams = {
  openai: streamOpenAI,
  anthropic: streamAnthropic,
  google: streamGoogle,
  "workers-ai": (...[target, call, signal]: Parameters<typeof streamOpenAI>) =>
    streamWorkersAI(binding, target, call, signal),
};
const models = {
  openai: "gpt-5.4-mini",
  anthropic: "claude-haiku-5-5",
  google: "gemini-3.8-flash",
  "workers-ai": "@cf/zai-org/glm-4.7-flash",
};
type Name = keyof typeof streams;
const names = Object.keys(streams) as Name[];
const paths: Record<Name, string> = { openai: "/v1", anthropic: "/v1", google: "/v1beta", "workers-ai": "" };

const stream = (
  name: Name,
  call: Partial<ModelCall>,
  of: Partial<Endpoint> = {},
  signal: AbortSignal = new AbortController().signal,
) => {
  const path = paths[name];
  const endpoint = { type: name, model: models[name], ...(path ? { baseUrl: provider.url + path } : {}), ...of };
  return streams[name](targetOf(endpoint), callOf(call), signal);
};
const run = (name: Name, script: Script, call: Partial<ModelCall> = {}, of: Partial<Endpoint> = {}) => {
  provider.script(of.model ?? models[name], script);
  return collect(stream(name, call, of));
};
/** The request that the provider got for this call. */
const bodyOf = async (name: Name, call: Partial<ModelCall>, of: Partial<Endpoint> = {}) => {
  provider.reset();
  await run(name, {}, call, of);
  return (provider.ledger()[0]?.body ?? {}) as Record<string, Record<string, unknown> & unknown[]>;
};

const paris: ScriptedCall = { id: "call_paris", name: "weather", arguments: '{"city":"Paris"}' };
const noon: ScriptedCall = { id: "call_noon", name: "time", arguments: '{"zone":"CET"}' };
const asked = { tools: toolsOf() };
const history: Message[] = [
  { role: "system", content: "Be brief." },
  { role: "user", content: "Weather and time?" },
  {
    role: "assistant",
    content: "",
    calls: [
      { id: "c1", name: "weather", arguments: '{"city":"Paris"}' },
      { id: "c2", name: "time", arguments: "not JSON" },
    ],
  },
  { role: "tool", call: "c1", content: "sunny" },
  { role: "tool", call: "c2", content: "noon" },
];

describe.each(names)("%s", (name) => {
  it("gives calls in pieces and whole, after the text and before the end", async () => {
    const got = await run(name, { text: "Let me see.", calls: [paris, noon] }, asked);
    expect(got.failure).toBeNull();
    expect(got.text).toBe("Let me see.");
    expect(got.callText).toBe(paris.arguments + noon.arguments);
    // The provider of Workers AI puts a mark of its own on every id.
    const ids = name === "workers-ai" ? ["call_a1_0", "call_a1_1"] : ["call_paris", "call_noon"];
    expect(got.calls).toEqual([paris, noon].map((call, n) => ({ ...call, id: ids[n] })));
    expect(got.finish).toBe("stop");
    const types = got.parts.map((part) => part.type);
    expect(types.slice(-4)).toEqual(["call", "call", "usage", "end"]);
    expect(types.lastIndexOf("call-text")).toBeLessThan(types.indexOf("call"));
  });

  it("needs no text beside a call, and none where nothing was offered", async () => {
    const got = await run(name, { calls: [paris] }, asked);
    expect(got.calls).toHaveLength(1);
    expect(got.text).toBe("");
    expect((await run(name, { calls: [paris] })).failure?.reason).toBe("empty-answer");
  });

  it("gives no call that the output cap cut", async () => {
    const cut = { ...paris, arguments: '{"city":"Pa' };
    // Gemini sends calls whole only.
    const calls = name === "google" ? [paris] : [paris, cut].map((call, n) => ({ ...call, id: `c${n}` }));
    const got = await run(name, { calls, finish: "length" }, asked);
    expect(got.finish).toBe("length");
    expect(got.calls.map((call) => call.arguments)).toEqual([paris.arguments]);
  });

  it("calls nothing when it breaks or is aborted in the second call", async () => {
    const broken = await run(
      name,
      { calls: [paris, noon], fault: "clean-cut", faultAfter: name === "google" ? 1 : 8 },
      asked,
    );
    expect(broken.failure?.reason).toBe("truncated");
    expect(broken.callText).toContain("Paris");
    expect(broken.calls).toEqual([]);
    expect(broken.usage?.output).toBeGreaterThan(0);

    provider.reset();
    provider.script(models[name], {
      calls: Array(50)
        .fill(null)
        .map((_, n) => ({ ...noon, id: `c${n}` })),
      betweenMs: 5,
    });
    const controller = new AbortController();
    let seen = "";
    const onPart = (part: ModelPart) => {
      if (part.type === "call-text") seen += part.text;
      if (seen.length > noon.arguments.length) controller.abort();
    };
    const aborted = await collect(stream(name, asked, {}, controller.signal), onPart);
    expect(aborted.failure).toBeNull();
    expect(aborted.calls).toEqual([]);
    expect(aborted.usage).toMatchObject({ source: "counted" });
    expect(await until(() => provider.ledger()[0]?.end === "client-closed")).toBe(true);
  });

  it("says nothing of tools that are not offered", async () => {
    const body = JSON.stringify(await bodyOf(name, {}));
    expect(body).not.toMatch(/tool_choice|toolConfig|parallel/);
  });
});

describe("requests", () => {
  const [weather, time] = toolsOf().offered;

  it("offer tools in each dialect", async () => {
    const chat = (strict: object) => [
      {
        type: "function",
        function: { name: "weather", description: "Looks up the weather.", parameters: weather?.parameters },
      },
      {
        type: "function",
        function: { name: "time", description: "Looks up the time.", parameters: time?.parameters, ...strict },
      },
    ];
    expect((await bodyOf("openai", asked)).tools).toEqual(chat({ strict: true }));
    expect((await bodyOf("workers-ai", asked)).tools).toEqual(chat({}));
    expect((await bodyOf("anthropic", asked)).tools).toMatchObject([
      { name: "weather", description: "Looks up the weather.", input_schema: weather?.parameters },
      { name: "time", input_schema: time?.parameters, strict: true },
    ]);
    expect((await bodyOf("google", asked)).tools).toEqual([
      {
        functionDeclarations: [
          { name: "weather", description: "Looks up the weather.", parametersJsonSchema: weather?.parameters },
          { name: "time", description: "Looks up the time.", parametersJsonSchema: time?.parameters },
        ],
      },
    ]);
  });

  it.each<[ToolChoice, unknown, unknown, unknown]>([
    ["none", "none", { type: "none" }, { mode: "NONE" }],
    ["required", "required", { type: "any" }, { mode: "ANY" }],
    [
      { name: "time" },
      { type: "function", function: { name: "time" } },
      { type: "tool", name: "time" },
      { mode: "ANY", allowedFunctionNames: ["time"] },
    ],
  ])("have the choice %j in each dialect, thinking or not", async (choice, chat, anthropic, google) => {
    const call = { tools: toolsOf({ choice }) };
    expect((await bodyOf("openai", call)).tool_choice).toEqual(chat);
    expect((await bodyOf("workers-ai", call)).tool_choice).toEqual(chat);
    expect((await bodyOf("google", call)).toolConfig).toEqual({ functionCallingConfig: google });
    expect((await bodyOf("anthropic", call)).tool_choice).toEqual(anthropic);
    const thinker = { model: "claude-haiku-4-5", reasoning: "low" as const, reasoningTokens: 2048 };
    expect((await bodyOf("anthropic", call, thinker)).tool_choice).toEqual(anthropic);
  });

  it("forbid several calls where the caller does", async () => {
    const call = { tools: toolsOf({ parallel: false }) };
    expect((await bodyOf("openai", call)).parallel_tool_calls).toBe(false);
    expect((await bodyOf("anthropic", call)).tool_choice).toEqual({ type: "auto", disable_parallel_tool_use: true });
    expect(await bodyOf("openai", asked)).not.toHaveProperty("parallel_tool_calls");
    expect(await bodyOf("anthropic", asked)).not.toHaveProperty("tool_choice");
  });

  it("have a schema beside tools with OpenAI only", async () => {
    const schema = { type: "object", properties: { label: { type: "string" } }, required: ["label"] };
    for (const name of names) {
      const body = JSON.stringify(await bodyOf(name, { ...asked, schema }));
      expect(/response_format|responseJsonSchema|responseSchema|output_config|output_format/.test(body)).toBe(
        name === "openai",
      );
      expect(body).toContain("Looks up the weather.");
    }
  });

  it("ask OpenAI for no reasoning beside tools, which its chat completions refuse", async () => {
    const thinker = { model: "gpt-5.4", reasoning: "medium" as const };
    expect((await bodyOf("openai", {}, thinker)).reasoning_effort).toBe("medium");
    expect((await bodyOf("openai", asked, thinker)).reasoning_effort).toBe("none");
  });

  it("ask Anthropic for no thinking after a call whose thinking is not at hand", async () => {
    const thinker = { model: "claude-haiku-4-5", reasoning: "low" as const, reasoningTokens: 2048 };
    expect((await bodyOf("anthropic", asked, thinker)).thinking).toMatchObject({ type: "enabled" });
    const after = await bodyOf("anthropic", { ...asked, messages: history }, thinker);
    expect(after.thinking).not.toMatchObject({ type: "enabled" });
  });
});

describe("a history with calls", () => {
  const call = { ...asked, messages: history };
  const sent = (id: string, name: string, written: string) => ({
    id,
    type: "function",
    function: { name, arguments: written },
  });

  it.each(["openai", "workers-ai"] as const)(
    "%s has them as OpenAI's turns; what is no JSON is no argument",
    async (name) => {
      const body = await bodyOf(name, call);
      expect(body.messages?.slice(2)).toMatchObject([
        { role: "assistant", tool_calls: [sent("c1", "weather", '{"city":"Paris"}'), sent("c2", "time", "{}")] },
        { role: "tool", tool_call_id: "c1", content: "sunny" },
        { role: "tool", tool_call_id: "c2", content: "noon" },
      ]);
    },
  );

  it("anthropic has all results in one turn", async () => {
    const { messages } = await bodyOf("anthropic", call);
    expect(messages?.slice(1)).toEqual([
      {
        role: "assistant",
        content: [
          { type: "tool_use", id: "c1", name: "weather", input: { city: "Paris" } },
          { type: "tool_use", id: "c2", name: "time", input: {} },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "c1", content: "sunny" },
          { type: "tool_result", tool_use_id: "c2", content: "noon" },
        ],
      },
    ]);
  });

  it("google has results by their tool's name, and a signature that stands for the one another model cannot give", async () => {
    const { contents } = await bodyOf("google", call);
    expect(contents?.slice(1)).toMatchObject([
      {
        role: "model",
        parts: [
          {
            functionCall: { name: "weather", args: { city: "Paris" } },
            thoughtSignature: "skip_thought_signature_validator",
          },
          { functionCall: { name: "time", args: {} } },
        ],
      },
      {
        role: "user",
        parts: [
          { functionResponse: { name: "weather", response: { content: "sunny" } } },
          { functionResponse: { name: "time", response: { content: "noon" } } },
        ],
      },
    ]);
  });
});

it("Gemini's calls have no ids at times: they get the attempt's", async () => {
  const got = await run("google", { calls: [paris, noon].map((call) => ({ ...call, id: null })) }, asked);
  expect(got.calls.map(({ id }) => id)).toEqual(["call_a1_0", "call_a1_1"]);
});

it("a call without a name is a malformed stream", async () => {
  for (const name of ["openai", "workers-ai"] as const) {
    const got = await run(name, { calls: [{ ...paris, name: null }] }, asked);
    expect(got.failure?.reason).toBe("malformed-stream");
  }
});
