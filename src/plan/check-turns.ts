import type { Refusal } from "../error.ts";
import type { Message } from "./microtask.ts";

/**
 * Is a conversation with calls whole? Each call of a turn has its one result before the next turn, and each result its
 * call: providers refuse others, each in its own words. `place` says where a turn stands in the client's body, `call`
 * what names a result's call there. null: it is.
 */
export function checkTurns(messages: readonly Message[], place: (i: number) => string, call: string): Refusal | null {
  let open = new Set<string>();
  const missing = (at: number): Refusal =>
    refuse(place(at), `The call "${[...open][0]}" has no result. Send one for each call, after the turn that calls.`);
  for (const [i, message] of messages.entries()) {
    if (message.role === "tool") {
      if (!open.delete(message.call))
        return refuse(
          `${place(i)}.${call}`,
          `No call before it that waits for a result has the id "${message.call.slice(0, 80)}".`,
        );
      continue;
    }
    if (open.size > 0) return missing(i);
    if (message.role !== "assistant" || message.calls === undefined) continue;
    open = new Set(message.calls.map(({ id }) => id));
    if (open.size < message.calls.length) return refuse(place(i), "Two calls of this turn have the same id.");
  }
  return open.size > 0 ? missing(messages.length - 1) : null;
}

const refuse = (field: string, message: string): Refusal => ({ code: "invalid-request", field, message });
