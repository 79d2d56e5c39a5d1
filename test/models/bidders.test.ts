import { describe, expect, it } from "vitest";
import { type Nearness, nearnessOf, readBidder } from "../../src/models/bidder-input.ts";
import { bindingProblem, defaultBidders } from "../../src/models/default-bidders.ts";
import { defaultModels } from "../../src/models/default-models.ts";
import type { ConfiguredBidder } from "../../src/models/endpoint.ts";
import { familyOf } from "../../src/models/family.ts";
import { withImageTokens } from "../../src/models/image-tokens.ts";
import { priceFile, priceRowOn } from "../../src/models/price-file.ts";
import { costOf } from "../../src/money/price.ts";

const nowMs = Date.parse("2026-11-22T12:00:00Z");
const idsOf = (list: ConfiguredBidder[]) => list.map(({ bidder }) => bidder.id);

describe("the price file", () => {
  it("has a source, a day read and sane prices in every row", () => {
    for (const row of priceFile) {
      expect(row.source).toMatch(/^https:\/\//);
      expect(row.asOf).toMatch(/^2026-\d\d-\d\d$/);
      expect(row.output).toBeGreaterThan(row.input);
      if (row.cachedInput !== undefined) expect(row.cachedInput).toBeLessThan(row.input);
    }
  });

  it("knows the price of every default model, three or more different ones a provider", () => {
    for (const { provider, model } of defaultModels) expect(priceRowOn(provider, model, "2026-11-22")).not.toBeNull();
    for (const provider of ["openai", "anthropic", "google", "workers-ai"]) {
      const prices = new Set(
        defaultModels
          .filter((m) => m.provider === provider)
          .map((m) => priceRowOn(provider, m.model, "2026-11-22")?.output),
      );
      expect(prices.size).toBeGreaterThanOrEqual(3);
    }
  });

  it("changes a price on its day", () => {
    expect(priceRowOn("google", "gemini-3.8-flash", "2026-12-31")?.output).toBe(3.75);
    expect(priceRowOn("google", "gemini-3.8-flash", "2027-01-01")?.output).toBe(7.5);
    expect(priceRowOn("openai", "gpt-6-luna", "2026-01-01")).toBeNull();
  });
});

describe("defaultBidders", () => {
  it("gives none without bindings, and simulated ones only when asked", () => {
    expect(defaultBidders({}, nowMs)).toEqual([]);
    expect(idsOf(defaultBidders({}, nowMs, true))).toEqual(["sim/quick", "sim/steady", "sim/careful"]);
  });

  it("tells the engine of thinking that an endpoint adds to a call, so that it is held against budgets", () => {
    const keys = { OPENAI_API_KEY: "k", ANTHROPIC_API_KEY: "k", GOOGLE_GENERATIVE_AI_API_KEY: "k", AI: {} };
    const list = defaultBidders(keys, nowMs);
    expect(list.some(({ endpoint }) => (endpoint.reasoningTokens ?? 0) > 0)).toBe(true);
    for (const { bidder, endpoint } of list) expect(bidder.reasoningTokens).toBe(endpoint.reasoningTokens);
    const own = readBidder(
      "mine/thinker",
      {
        endpoint: { type: "openai-compatible", model: "t", baseUrl: "https://llm.test/v1", reasoningTokens: 512 },
        price: { input: 1, output: 2 },
      },
      { near: "public", nowMs },
    );
    expect("bidder" in own ? own.bidder.reasoningTokens : own).toBe(512);
  });

  it("knows of those hosted models that bill more than usual for a picture how much that is", () => {
    const keys = { OPENAI_API_KEY: "k", ANTHROPIC_API_KEY: "k", GOOGLE_GENERATIVE_AI_API_KEY: "k", AI: {} };
    const dear = defaultBidders(keys, nowMs)
      .map(({ bidder }) => withImageTokens(bidder))
      .filter(({ imageTokens }) => imageTokens !== undefined);
    expect(Object.fromEntries(dear.map(({ model, imageTokens }) => [model, imageTokens]))).toEqual({
      "gpt-6-luna": 36_000,
      "gpt-6.1-sol": 36_000,
      "gpt-6-astra": 36_000,
    });
  });

  it("enters at least three OpenAI models at different prices with one key, and names the secret only", () => {
    const list = defaultBidders({ OPENAI_API_KEY: "sk-very-secret" }, nowMs).filter(({ bidder }) => bidder.enabled);
    expect(new Set(list.map(({ bidder }) => bidder.price.outputPerMtok)).size).toBeGreaterThanOrEqual(3);
    expect(list.every(({ endpoint }) => endpoint.apiKeySecretName === "OPENAI_API_KEY")).toBe(true);
    expect(JSON.stringify(list)).not.toContain("sk-very-secret");
    const luna = list.find(({ bidder }) => bidder.id === "openai/gpt-6-luna")?.bidder;
    // 1,000 tokens in at $0.10 and 500 out at $0.50 a million.
    expect(luna && costOf(luna.price, { input: 1000, output: 500, source: "provider" })).toBe(350_000);
  });

  it("enters the others by their bindings", () => {
    const list = defaultBidders({ ANTHROPIC_API_KEY: "a", GOOGLE_GENERATIVE_AI_API_KEY: "g", AI: {} }, nowMs);
    expect(new Set(list.map(({ bidder }) => bidder.provider))).toEqual(new Set(["anthropic", "google", "workers-ai"]));
    expect(new Set(idsOf(list)).size).toBe(list.length);
  });

  it("takes a local server's models at price 0, few at a time", () => {
    const list = defaultBidders(
      { ATOMIC_LLM_URL: "http://localhost:11434/v1/", ATOMIC_LLM_MODEL: "qwen3:8b, llama3.2" },
      nowMs,
    );
    expect(idsOf(list)).toEqual(["local/qwen3:8b", "local/llama3.2"]);
    expect(list[0]).toMatchObject({
      bidder: { price: { inputPerMtok: 0, outputPerMtok: 0 }, concurrency: 1, region: "local", family: "qwen" },
      endpoint: { type: "openai-compatible", baseUrl: "http://localhost:11434/v1", local: true },
    });
  });

  it("holds a hosted server of unknown price for dear", () => {
    const [only] = defaultBidders(
      { ATOMIC_LLM_URL: "https://llm.example.com/v1", ATOMIC_LLM_MODEL: "m", ATOMIC_LLM_KEY: "k" },
      nowMs,
    );
    expect(only?.bidder.price.outputPerMtok).toBe(50_000_000_000);
    expect(only?.bidder.region).toBe("global");
    expect(only?.endpoint.apiKeySecretName).toBe("ATOMIC_LLM_KEY");
  });

  it.each([
    [{ ATOMIC_LLM_URL: "http://llm.example.com/v1", ATOMIC_LLM_MODEL: "m" }, "https"],
    [{ ATOMIC_LLM_URL: "https://user:hunter2@llm.example.com/v1", ATOMIC_LLM_MODEL: "m" }, "credentials"],
    [{ ATOMIC_LLM_URL: "localhost", ATOMIC_LLM_MODEL: "m" }, "URL"],
    [{ ATOMIC_LLM_URL: "http://localhost:1/v1" }, "ATOMIC_LLM_MODEL"],
    [{ ATOMIC_LLM_MODEL: "m" }, "ATOMIC_LLM_URL"],
  ])("says what is wrong with %j", (bindings, says) => {
    expect(defaultBidders(bindings, nowMs)).toEqual([]);
    expect(bindingProblem(bindings)).toContain(says);
    expect(bindingProblem(bindings)).not.toContain("hunter2");
  });

  it("sees no problem where there is none", () => {
    expect(bindingProblem({})).toBeNull();
    expect(bindingProblem({ ATOMIC_LLM_URL: "http://192.168.1.5:8080/v1", ATOMIC_LLM_MODEL: "a/b" })).toBeNull();
  });
});

describe("readBidder", () => {
  const good = {
    endpoint: {
      type: "openai-compatible",
      model: "big",
      baseUrl: "https://llm.example.com/v1/",
      apiKeySecretName: "MY_API_KEY",
    },
    price: { input: 1, output: 2.5 },
  };
  const read = (body: unknown, id = "mine/big", near: Nearness = "public") => readBidder(id, body, { near, nowMs });

  it("says of a body without its endpoint what one looks like", () => {
    expect(read({ model: "x" })).toMatchObject({
      field: "endpoint",
      message: expect.stringMatching(/^"endpoint" is missing\. A bidder is, for example, \{"endpoint": /),
    });
  });
  const endpoint = (over: object) => ({ ...good, endpoint: { ...good.endpoint, ...over } });

  it("makes a bidder with defaults", () => {
    expect(read(good)).toMatchObject({
      bidder: {
        id: "mine/big",
        provider: "mine",
        serves: "generative",
        price: { inputPerMtok: 1_000_000_000, outputPerMtok: 2_500_000_000 },
        cancelStopsBill: false,
        enabled: true,
      },
      endpoint: { baseUrl: "https://llm.example.com/v1", apiKeySecretName: "MY_API_KEY" },
    });
  });

  it("takes the operator's word that a model goes on from a beginning, where the API can", () => {
    const able = { ...endpoint({ prefixMark: "continue-final-message" }), continuesPrefix: true };
    expect(read(able)).toMatchObject({
      bidder: { continuesPrefix: true },
      endpoint: { prefixMark: "continue-final-message" },
    });
    const made = read(good);
    expect("bidder" in made && "continuesPrefix" in made.bidder).toBe(false);
    expect(read({ ...good, continuesPrefix: "yes" })).toMatchObject({ field: "continuesPrefix" });
    expect(read(endpoint({ prefixMark: "prefix" }))).toMatchObject({ field: "endpoint.prefixMark" });
    expect(read({ ...endpoint({ prefixMark: "other" }), continuesPrefix: true })).toMatchObject({
      field: "endpoint.prefixMark",
    });
    const openai = { endpoint: { type: "openai", model: "gpt-5.4-nano" }, continuesPrefix: true };
    expect(read(openai, "openai/gpt-5.4-nano")).toMatchObject({ code: "invalid-bidder", field: "continuesPrefix" });
  });

  it("takes the operator's word that a model cannot call functions; else it can", () => {
    expect(read({ ...good, tools: false })).toMatchObject({ bidder: { tools: false } });
    for (const body of [good, { ...good, tools: true }]) {
      const made = read(body);
      expect("bidder" in made && "tools" in made.bidder).toBe(false);
    }
    expect(read({ ...good, tools: "no" })).toMatchObject({ field: "tools" });
    expect(read(endpoint({ omit: ["parallel_tool_calls"] }))).toMatchObject({
      endpoint: { omit: ["parallel_tool_calls"] },
    });
  });

  it("prices a known model from the file", () => {
    const made = read(
      { endpoint: { type: "openai", model: "gpt-5.4-nano", apiKeySecretName: "OPENAI_API_KEY" } },
      "openai/gpt-5.4-nano",
    );
    expect(made).toMatchObject({
      bidder: { price: { outputPerMtok: 1_250_000_000 }, cancelStopsBill: true, family: "gpt" },
    });
  });

  it("takes loopback only where it is allowed", () => {
    const local = endpoint({ baseUrl: "http://127.0.0.1:9999/v1" });
    expect(read(local)).toMatchObject({ code: "invalid-bidder", field: "endpoint.baseUrl" });
    expect(read(local, "mine/big", "loopback")).toMatchObject({
      endpoint: { local: true },
      bidder: { region: "local", concurrency: 1 },
    });
  });

  it("takes the operator's own network only where it is allowed, over http too, and never the link's own addresses", () => {
    for (const host of ["10.0.0.5:8000", "vllm", "vllm.internal", "[fd00::5]:8000"]) {
      const near = endpoint({ baseUrl: `http://${host}/v1` });
      expect(read(near)).toMatchObject({ field: "endpoint.baseUrl" });
      expect(read(near, "mine/big", "loopback")).toMatchObject({ field: "endpoint.baseUrl" });
      expect(read(near, "mine/big", "private")).toMatchObject({
        endpoint: { local: true },
        bidder: { region: "local" },
      });
    }
    for (const url of ["http://169.254.169.254/v1", "http://[fe80::1]/v1", "http://0.0.0.0/v1"])
      expect(read(endpoint({ baseUrl: url }), "mine/big", "private")).toMatchObject({ field: "endpoint.baseUrl" });
    for (const url of ["http://127.0.0.1:1/v1", "http://llm.corp:8000/v1", "http://gpu.lan/v1", "http://100.64.0.5/v1"])
      expect(read(endpoint({ baseUrl: url }), "mine/big", "private")).toHaveProperty("bidder");
  });

  it("is told by its configuration how near bidders may be", () => {
    expect(nearnessOf({})).toBe("public");
    expect(nearnessOf({ ATOMIC_ALLOW_LOOPBACK: "1" })).toBe("loopback");
    expect(nearnessOf({ ATOMIC_PRIVATE_BIDDERS: "1" })).toBe("private");
  });

  it.each([
    ["http", endpoint({ baseUrl: "http://llm.example.com/v1" }), "endpoint.baseUrl"],
    ["credentials", endpoint({ baseUrl: "https://u:p@llm.example.com/v1" }), "endpoint.baseUrl"],
    ["a query", endpoint({ baseUrl: "https://llm.example.com/v1?key=1" }), "endpoint.baseUrl"],
    ["a private address", endpoint({ baseUrl: "https://10.0.0.5/v1" }), "endpoint.baseUrl"],
    ["a link-local address", endpoint({ baseUrl: "https://169.254.169.254/v1" }), "endpoint.baseUrl"],
    ["another scheme", endpoint({ baseUrl: "file:///etc/passwd" }), "endpoint.baseUrl"],
    ["no URL", endpoint({ baseUrl: undefined }), "endpoint.baseUrl"],
    ["Atomic's own secret", endpoint({ apiKeySecretName: "ATOMIC_API_KEY" }), "endpoint.apiKeySecretName"],
    ["a key in place of its name", endpoint({ apiKeySecretName: "sk-abcdef" }), "endpoint.apiKeySecretName"],
    ["a negative price", { ...good, price: { input: -1, output: 2 } }, "price.input"],
    ["no price for an unknown model", { endpoint: good.endpoint }, "price"],
    ["more output than context", { ...good, contextTokens: 1000, maxOutputTokens: 2000 }, "maxOutputTokens"],
    ["an unknown kind", { ...good, serves: ["cooking"] }, "serves"],
    ["an unknown field", { ...good, apiKey: "sk-1" }, ""],
    ["no object", null, ""],
  ])("refuses %s with its field", (_, body, field) => {
    expect(read(body)).toMatchObject({ code: "invalid-bidder", field });
  });

  it("names the field in what it says, which is all that a console shows", () => {
    for (const [body, says] of [
      [{ ...good, contextTokens: 512.5 }, /^"contextTokens": expected int, received number\.$/],
      [endpoint({ apiKeySecretName: "sk-abcdef" }), /^"endpoint.apiKeySecretName" must name a secret binding/],
      [endpoint({ type: "grok" }), /^"endpoint.type": expected one of "openai-compatible"/],
      [endpoint({ baseUrl: "10.1.2.3:8000" }), /^Not a URL: write it as https:/],
      [{ ...good, apiKey: "sk-1" }, /"apiKey"\. A bidder is, for example/],
    ] as const)
      expect(read(body)).toMatchObject({ message: expect.stringMatching(says) });
  });

  it.each(["big", "sim/big", "embedded/eld", "a/../b", "a//b", "x/".repeat(80), "mine/big one"])(
    "refuses the id %j",
    (id) => {
      expect(read(good, id)).toMatchObject({ code: "invalid-bidder", field: "id" });
    },
  );
});

it("tells families from names", () => {
  expect(["openai/gpt-oss:20b", "gpt-6-luna", "Qwen/QwQ-32B", "llama3.2", "my-own:1b"].map(familyOf)).toEqual([
    "gpt-oss",
    "gpt",
    "qwen",
    "llama",
    "1b",
  ]);
});
