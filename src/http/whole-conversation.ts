import { AtomicError } from "../error.ts";
import { saysNothing, saysSomething } from "../plan/check-input.ts";
import { checkTurns } from "../plan/check-turns.ts";
import type { Message } from "../plan/microtask.ts";

/**
 * The conversation of a foreign dialect as a job has it. Throws where a call lacks its result or nobody says anything.
 * `place` says where a turn stands in the client's body, `field` where their list does, `call` what names a result's call.
 */
export function wholeConversation(
  messages: readonly Message[],
  place: (i: number) => string,
  field: string,
  call: string,
): Message[] {
  const broken = checkTurns(messages, place, call);
  if (broken !== null) throw AtomicError.from(broken);
  const asked = messages.some((m) => m.role === "user") ? [...messages] : withQuestion(messages);
  if (!asked.some(saysSomething)) throw new AtomicError("invalid-request", saysNothing, { field });
  return asked;
}

/** Some clients send a lone system message, which OpenAI answers: there the last one is what is asked. */
function withQuestion(messages: readonly Message[]): Message[] {
  const last = messages.at(-1);
  return last?.role === "system" ? [...messages.slice(0, -1), { role: "user", content: last.content }] : [...messages];
}
