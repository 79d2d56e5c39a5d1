import type { ToolCall } from "../plan/tool.ts";
import { type Finish, type ModelCall, ModelFailure } from "../race/model-port.ts";

/** A call as a provider's reader found it. */
export interface RawCall {
  /** null: the provider gave none. */
  id: string | null;
  name: string;
  arguments: string;
}

/** Calls that one answer may hold. */
export const maxCalls = 64;
/** Of a tool's name: no tool that was offered has a longer one, and the log holds it. */
const longestName = 256;
const ownId = /^[\w-]{1,64}$/;

/** An answer with more than `maxCalls` calls. */
export const tooManyCalls = (): ModelFailure =>
  new ModelFailure("too-large", `an answer with more than ${maxCalls} calls of tools`);

/**
 * The calls of one answer, held until it ends: a stream that breaks has called nothing. Ids that no other dialect takes,
 * or that the conversation has had, are replaced by made ones: some servers count from 0 in every answer, and Anthropic
 * refuses a conversation in which two calls share an id. Calls of a model that was offered no tools are dropped.
 */
export class AnswerCalls {
  readonly #offered: boolean;
  readonly #attempt: string;
  readonly #taken: Set<string>;
  readonly #calls: ToolCall[] = [];

  constructor({ attempt, messages, tools }: Pick<ModelCall, "attempt" | "messages" | "tools">) {
    this.#offered = tools !== undefined && tools.choice !== "none";
    this.#attempt = attempt.replace(/\W/g, "_").slice(-48);
    this.#taken = new Set(
      messages.flatMap((message) => (message.role === "assistant" ? (message.calls ?? []).map(({ id }) => id) : [])),
    );
  }

  /** Throws ModelFailure: malformed-stream without a name, too-large above `maxCalls`. */
  add({ id, name, arguments: written }: RawCall): void {
    if (!this.#offered) return;
    if (name === "" || name.length > longestName)
      throw new ModelFailure("malformed-stream", "a call that does not name its tool");
    if (this.#calls.length >= maxCalls) throw tooManyCalls();
    this.#calls.push({ id: this.#idOf(id), name, arguments: written });
  }

  /** The answer's calls, once it has ended. One that the output cap cut in its arguments is none. */
  ended(finish: Finish | "calls"): ToolCall[] {
    const last = this.#calls.at(-1);
    return finish === "length" && last !== undefined && !isWholeObject(last.arguments)
      ? this.#calls.slice(0, -1)
      : this.#calls;
  }

  #idOf(given: string | null): string {
    let id = given ?? "";
    for (let n = this.#calls.length; !ownId.test(id) || this.#taken.has(id); n++) id = `call_${this.#attempt}_${n}`;
    this.#taken.add(id);
    return id;
  }
}

/** Is this text one JSON object from end to end? Nothing but blanks can follow it then. */
export function isWholeObject(text: string): boolean {
  // Pieces of a long text are asked about one by one: most do not end like this.
  if (!text.trimEnd().endsWith("}")) return false;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
