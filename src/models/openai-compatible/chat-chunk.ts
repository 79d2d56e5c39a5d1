import type { Usage } from "../../money/price.ts";
import { type CallPiece, readCallPieces } from "./call-piece.ts";
import { isObject } from "./json-object.ts";

export type ChatFinish = "stop" | "calls" | "length" | "content-filter" | "other" | "error" | "overloaded" | "aborted";

/** What one chunk says, whichever server wrote it. */
export interface ChatChunk {
  text: string;
  reasoning: string;
  calls: CallPiece[];
  refused: boolean;
  finish: ChatFinish | null;
  /** finish "other" or "calls": the server's own word. */
  said: string | null;
  usage: Usage | null;
  error: boolean;
}

/** Of a finish reason nobody knows: it goes to the log and to clients. */
const longestWord = 40;

const textOf = (value: unknown): string => {
  if (typeof value === "string") return value;
  // Mistral sends content as parts.
  if (Array.isArray(value)) return value.map((part) => (isObject(part) ? textOf(part.text) : "")).join("");
  return "";
};
/** Magistral thinks in parts of the content, each again of parts. */
const thinkingOf = (content: unknown): string =>
  Array.isArray(content)
    ? content.map((part) => (isObject(part) && part.type === "thinking" ? textOf(part.thinking) : "")).join("")
    : "";
const numberOf = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);

/**
 * Reads a chunk (or a whole `chat.completion`, whose choice has `message`) of an OpenAI-compatible server. Accepts
 * `choices: []`, a missing delta, `reasoning_content`, `reasoning` and parts of thinking. Null: not JSON, or no object.
 */
export function readChatChunk(data: string): ChatChunk | null {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return null;
  }
  if (!isObject(value)) return null;
  const choice = Array.isArray(value.choices) && isObject(value.choices[0]) ? value.choices[0] : {};
  const delta = isObject(choice.delta) ? choice.delta : isObject(choice.message) ? choice.message : {};
  const finish = readFinish(choice.finish_reason);
  return {
    text: textOf(delta.content),
    reasoning: textOf(delta.reasoning_content) || textOf(delta.reasoning) || thinkingOf(delta.content),
    calls: readCallPieces(delta.tool_calls),
    refused: typeof delta.refusal === "string" && delta.refusal !== "",
    finish,
    said: finish === "other" || finish === "calls" ? String(choice.finish_reason).slice(0, longestWord) : null,
    usage: readUsage(value.usage),
    error: value.error !== undefined && value.error !== null,
  };
}

function readFinish(reason: unknown): ChatFinish | null {
  if (typeof reason !== "string" || reason === "") return null;
  switch (reason) {
    case "stop":
    case "eos":
    case "eos_token":
    case "stop_sequence":
    case "end_turn":
      return "stop";
    case "tool_calls":
    case "function_call":
      return "calls";
    case "length":
    case "max_tokens":
    case "model_length":
      return "length";
    case "content_filter":
      return "content-filter";
    case "error":
      return "error";
    case "insufficient_system_resource":
      return "overloaded";
    default:
      // vLLM and SGLang end what they dropped with "abort": that is no end of an answer.
      if (/abort|cancel|interrupt/i.test(reason)) return "aborted";
      return /error|fail/i.test(reason) ? "error" : "other";
  }
}

function readUsage(usage: unknown): Usage | null {
  if (!isObject(usage)) return null;
  const input = numberOf(usage.prompt_tokens);
  const output = numberOf(usage.completion_tokens);
  if (input === undefined || output === undefined) return null;
  const prompt = isObject(usage.prompt_tokens_details) ? usage.prompt_tokens_details : {};
  const completion = isObject(usage.completion_tokens_details) ? usage.completion_tokens_details : {};
  // DeepSeek names its cache hits apart.
  const cachedInput = numberOf(prompt.cached_tokens) ?? numberOf(usage.prompt_cache_hit_tokens);
  const cacheWrite = numberOf(prompt.cache_write_tokens);
  const reasoning = numberOf(completion.reasoning_tokens);
  // xAI counts its thinking beside its output; only the total says so.
  const apart = reasoning !== undefined && numberOf(usage.total_tokens) === input + output + reasoning;
  return {
    input,
    output: apart ? output + reasoning : output,
    ...(cachedInput ? { cachedInput } : {}),
    ...(cacheWrite ? { cacheWrite } : {}),
    ...(reasoning ? { reasoning } : {}),
    source: "provider",
  };
}
