import { afterAll, beforeAll, beforeEach } from "vitest";
import type { Target } from "../../src/models/endpoint.ts";
import { streamChatCompletions } from "../../src/models/openai-compatible/chat-stream.ts";
import type { ModelCall, Timeouts } from "../../src/race/model-port.ts";
import { type Provider, startProvider } from "../provider/provider.ts";
import type { Script } from "../provider/script.ts";
import { type Collected, callOf, collect, never, targetOf } from "./call.ts";

/** One scripted provider for a file's tests, reset before each. */
export let provider: Provider;
beforeAll(async () => {
  provider = await startProvider();
});
afterAll(() => provider.close());
beforeEach(() => provider.reset());

/** The provider as a chat completions endpoint. */
export const target = (over: Partial<Target> = {}) =>
  targetOf({ type: "openai-compatible", baseUrl: `${provider.url}/v1`, model: "m" }, over);

/** All parts of one call that is answered by this script. */
export const run = (script: Script, call: Partial<ModelCall> = {}, over: Partial<Target> = {}): Promise<Collected> => {
  provider.script("m", script);
  return collect(streamChatCompletions(target(over), callOf(call), never));
};

export const timeouts = (over: Partial<Timeouts>): Pick<ModelCall, "timeouts"> => ({
  timeouts: { connectMs: 2000, firstTokenMs: 2000, betweenTokensMs: 2000, totalMs: 8000, ...over },
});

export const six = ["One ", "two ", "three ", "four ", "five ", "six."];
