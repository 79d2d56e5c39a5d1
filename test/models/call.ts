import type { Bidder } from "../../src/market/bidder.ts";
import type { Endpoint, Target } from "../../src/models/endpoint.ts";
import type { Usage } from "../../src/money/price.ts";
import type { Tool, ToolCall, Tools } from "../../src/plan/tool.ts";
import { type AbortSignalLike, type ModelCall, ModelFailure, type ModelPart } from "../../src/race/model-port.ts";

export const bidderOf = (over: Partial<Bidder> = {}): Bidder => ({
  id: "test/model",
  model: "model",
  provider: "test",
  family: "test",
  serves: "generative",
  price: { inputPerMtok: 1_000_000_000, outputPerMtok: 2_000_000_000 },
  contextTokens: 32_000,
  maxOutputTokens: 4096,
  structuredOutput: true,
  region: "local",
  noRetention: true,
  concurrency: null,
  cancelStopsBill: true,
  expected: { firstTokenMs: 100, tokensPerSecond: 100 },
  enabled: true,
  ...over,
});

export const targetOf = (endpoint: Endpoint, over: Partial<Target> = {}): Target => ({
  bidder: bidderOf(),
  endpoint,
  apiKey: "sk-scripted-secret",
  warm: new Set(),
  ...over,
});

export const callOf = (over: Partial<ModelCall> = {}): ModelCall => ({
  attempt: "a1",
  bidder: "test/model",
  kind: "answer",
  messages: [
    { role: "system", content: "Be brief." },
    { role: "user", content: "prompt-marker: say something" },
  ],
  text: "say something",
  labels: null,
  schema: null,
  maxOutputTokens: 256,
  temperature: 0.2,
  seed: 7,
  ...over,
  timeouts: { connectMs: 2000, firstTokenMs: 2000, betweenTokensMs: 2000, totalMs: 8000, ...over.timeouts },
});

const toolOf = (name: string, of: string): Tool => ({
  name,
  description: `Looks up the ${name}.`,
  parameters: { type: "object", properties: { [of]: { type: "string" } }, required: [of], additionalProperties: false },
});

/** What a request says that offers two tools. */
export const toolsOf = (over: Partial<Tools> = {}): Tools => ({
  offered: [toolOf("weather", "city"), { ...toolOf("time", "zone"), strict: true }],
  choice: "auto",
  parallel: true,
  ...over,
});

export interface Collected {
  parts: ModelPart[];
  text: string;
  calls: ToolCall[];
  /** All `call-text`, in one. */
  callText: string;
  reasoning: string;
  usage: Usage | null;
  finish: string | null;
  failure: ModelFailure | null;
  tookMs: number;
}

/** Runs a stream to its end, whatever that is; anything thrown that is no ModelFailure is a bug and is thrown on. */
export async function collect(
  parts: AsyncIterable<ModelPart>,
  onPart: (part: ModelPart, text: string) => void = () => {},
): Promise<Collected> {
  const from = performance.now();
  const all: Collected = {
    parts: [],
    text: "",
    calls: [],
    callText: "",
    reasoning: "",
    usage: null,
    finish: null,
    failure: null,
    tookMs: 0,
  };
  try {
    for await (const part of parts) {
      all.parts.push(part);
      if (part.type === "text") all.text += part.text;
      if (part.type === "call") all.calls.push(part.call);
      if (part.type === "call-text") all.callText += part.text;
      if (part.type === "reasoning") all.reasoning += part.text;
      if (part.type === "usage") all.usage = part.usage;
      if (part.type === "end") all.finish = part.finish;
      onPart(part, all.text);
    }
  } catch (error) {
    if (!(error instanceof ModelFailure)) throw error;
    all.failure = error;
  }
  all.tookMs = performance.now() - from;
  return all;
}

export const never: AbortSignalLike = new AbortController().signal;

/** Waits until `holds`, looking every 2 ms, at most `ms`. */
export async function until(holds: () => boolean, ms = 1000): Promise<boolean> {
  const from = performance.now();
  while (!holds()) {
    if (performance.now() - from > ms) return false;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return true;
}
