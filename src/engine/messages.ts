import { chooseExamples } from "../adapt/examples.ts";
import { estimateTokens, promptFor } from "../adapt/prompt.ts";
import type { MicrotaskState } from "../job/job.ts";
import { schemaPrompt } from "../output/schema-prompt.ts";
import type { Message } from "../plan/microtask.ts";
import { resolveInput } from "../plan/resolve-input.ts";
import type { Run } from "./run.ts";

/** A text's input as one microtask sees it. */
export function inputOf(run: Run, microtask: MicrotaskState): string {
  const results = new Map(
    run.job.microtasks.flatMap((m) => (m.joined === null ? [] : [[m.task.id, m.joined.text] as const])),
  );
  return resolveInput(microtask.task, run.job.request, results);
}

/** What a bidder is sent for a microtask: the same for all, so that it can be bid on. `examples`: of earlier answers. */
export interface Prompt {
  text: string;
  messages: Message[];
  examples: number;
}

export function promptOf(run: Run, microtask: MicrotaskState): Prompt {
  const { task } = microtask;
  const { request } = run.job;
  const text = inputOf(run, microtask);
  const examples = request.examples ? chooseExamples(run.ports.market().examples(task.kind), text) : [];
  const { schema } = task.contract;
  const written = schema === undefined ? null : schemaPrompt(schema);
  const messages = promptFor(task, text, conversationOf(run, microtask), written, examples);
  return { text, messages, examples: examples.length };
}

function conversationOf(run: Run, microtask: MicrotaskState): Message[] | null {
  const { input, plan } = run.job.request;
  return input.type === "messages" && plan === "single" && microtask.task.kind === "answer" ? input.messages : null;
}

/** Tokens that messages are estimated at, with what stands between them. Bids and attempts count alike. */
export const estimateInput = (messages: readonly Message[]): number =>
  messages.reduce((sum, message) => sum + estimateTokens(message.content) + 4, 0);
