import { estimateTokens } from "../adapt/prompt.ts";
import type { Job } from "../job/job.ts";
import { fnv1a } from "../plan/fnv1a.ts";
import type { Message } from "../plan/microtask.ts";
import { messageText } from "../plan/prompt-texts.ts";
import type { Tools } from "../plan/tool.ts";
import type { AttemptRole } from "../race/race-event.ts";
import { type Beginning, fewestCached } from "../race/sent-prompts.ts";

/** Of one tenant's prompt: what stands before its turns (tools, system messages), then each turn longer. */
export function beginningsOf(tenant: string, messages: readonly Message[], tools: Tools | undefined): Beginning[] {
  let hash = fnv1a(tenant);
  let chars = 0;
  let tokens = 0;
  const add = (name: string, text: string): Beginning => {
    hash = fnv1a(`${hash} ${name} ${fnv1a(text)}`);
    chars += text.length;
    tokens += estimateTokens(text);
    return { key: `${hash}.${chars}`, tokens };
  };
  let head = add("tools", tools === undefined ? "" : JSON.stringify(tools.offered));
  for (const message of messages) if (message.role === "system") head = add("system", message.content);
  const turns = messages.filter(({ role }) => role !== "system");
  return [head, ...turns.map((turn) => add(turn.role, turnText(turn)))];
}

const turnText = (turn: Message): string =>
  turn.role === "user" && turn.images !== undefined
    ? [turn.content, ...turn.images.map(({ url, at }) => `${at} ${url}`)].join("\n")
    : messageText(turn);

/** May a provider be asked to cache what this job sends, and would it, a prompt of so many tokens? */
export const mayCache = ({ request }: Job, inputTokens: number): boolean =>
  inputTokens >= fewestCached && request.promptCache !== false && !request.noRetention;

/**
 * What of a call's prompt is known to come again. A conversation that has had an answer is sent with its next turn,
 * longer, and one that offers tools with their results; prompts of judges and planners are Atomic's own.
 */
export function comesAgain(
  { request: { promptCache = false, input, tools }, planSource }: Job,
  role: AttemptRole,
): { head: boolean; end: boolean } {
  if (role === "judge" || role === "fusion" || planSource !== "single") return { head: false, end: false };
  const hasAnswers = input.type === "messages" && input.messages.some((turn) => turn.role === "assistant");
  return { head: promptCache, end: promptCache || hasAnswers || tools !== undefined };
}
