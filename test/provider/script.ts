/** Everything the scripted provider can do wrong. `faultAfter` pieces of the answer are sent before the fault. */
export const faults = [
  "status-400",
  "status-401",
  "status-403",
  "status-404",
  "status-408",
  "status-429",
  "status-500",
  "status-503",
  "status-529",
  "quota",
  "error-body-hangs",
  "redirect",
  "hang-before-headers",
  "hang-before-first-token",
  "stall",
  "hang-after-finish",
  "hang-after-end-marker",
  "reset",
  "reset-before-headers",
  "clean-cut",
  "no-done",
  "error-frame",
  "garbage-line",
  "garbage-json",
  "html-page",
  "not-a-stream",
  "split-utf8",
  "crlf",
  "comments",
  "choices-empty",
  "duplicate-chunk",
  "duplicate-numbered",
  "empty",
  "long-line",
  "usage-missing",
  "usage-contradictory",
  "wrong-json",
  "refusal",
  "content-filter",
] as const;
export type Fault = (typeof faults)[number];
export const isFault = (name: string): name is Fault => (faults as readonly string[]).includes(name);

export interface TokenCounts {
  input: number;
  output: number;
  cached?: number;
  written?: number;
  reasoning?: number;
  /** What Workers AI bills, in OpenAI's dialect. */
  neurons?: number;
}

/** A call of a tool that an answer ends in. */
export interface ScriptedCall {
  /** null: none is sent. Default: "call_1", "call_2", ... */
  id?: string | null;
  /** null: none is sent. */
  name: string | null;
  /** The text of the arguments; split into pieces of `pieceChars`. */
  arguments: string;
}

/** How servers depart from OpenAI's way of streaming calls, in its dialect. */
export const callForms = [
  /** Each call in one chunk. */
  "whole",
  "without-index",
  /** Every call has number 0. */
  "all-at-0",
  /** Id and name with every piece. */
  "named-again",
  /** The arguments' JSON itself in place of its text; goes with "whole". */
  "object",
] as const;
export type CallForm = (typeof callForms)[number];

/** What one call of a model does. All durations in ms; everything is plain JSON, so that POST /script can carry it. */
export interface Script {
  /** The answer; split into pieces of about `pieceChars` characters. Default: "ok", with `calls` nothing. */
  text?: string;
  /** The answer's pieces, instead of `text`. */
  pieces?: string[];
  pieceChars?: number;
  /** Tools to be called, after the text. Their pieces count for `betweenMs` and `faultAfter` like the text's. */
  calls?: ScriptedCall[];
  callsAs?: CallForm[];
  /** Thinking sent before the answer, as `reasoning_content` or its like. */
  reasoning?: string;
  headersAfterMs?: number;
  firstTokenAfterMs?: number;
  betweenMs?: number;
  /** The body's end, after its end marker. */
  endAfterMs?: number;
  /** Default: "stop", with `calls` the dialect's word for that. */
  finish?: "stop" | "length";
  /** Said in place of "stop" or "tool_calls", in OpenAI's dialect; null: no finish reason at all. */
  finishWord?: string | null;
  usage?: TokenCounts;
  fault?: Fault;
  /** Pieces sent before the fault strikes; default 2. */
  faultAfter?: number;
  /** Extra response headers: retry-after, x-ratelimit-*, ... */
  headers?: Record<string, string>;
}

/** A model's behaviour: the same each call, one script a call in turn (the last repeats), or computed from the request. */
export type Behaviour = Script | Script[] | ((request: ScriptedRequest) => Script);

export interface ScriptedRequest {
  model: string;
  /** The last user turn. */
  prompt: string;
  /** The system text, all of it. */
  system: string;
  body: Record<string, unknown>;
  /** How often this model was called before. */
  calls: number;
}

/**
 * Behaviour by the model's own name, for callers that cannot script: "echo", "text:...", "json:{...}", "words:N",
 * "slow:MS" (ten words, MS apart), "fault:NAME" or "fault:NAME@PIECES". Null: no such model.
 */
export function scriptOfName(model: string, prompt: string): Script | null {
  const [head = "", ...rest] = model.split(":");
  const tail = rest.join(":");
  switch (head) {
    case "echo":
      return { text: prompt };
    case "text":
      return { text: tail };
    case "json":
      return { text: tail };
    case "words":
      return { pieces: words(Math.min(100_000, Number(tail) || 10)) };
    case "slow":
      return { pieces: words(10), betweenMs: Number(tail) || 50, firstTokenAfterMs: Number(tail) || 50 };
    case "fault": {
      const [name = "", after] = tail.split("@");
      if (!isFault(name)) return null;
      return { pieces: words(6), fault: name, ...(after === undefined ? {} : { faultAfter: Number(after) }) };
    }
    default:
      return null;
  }
}

const words = (n: number): string[] => Array.from({ length: n }, (_, i) => `word${i} `);

/** The pieces a script streams. */
export function piecesOf(script: Script): string[] {
  if (script.fault === "empty") return [];
  if (script.fault === "wrong-json") return ['{"label": "spam", ', '"confidence": }', ", oops"];
  if (script.pieces) return script.pieces;
  return split(script.text ?? (script.calls ? "" : "ok"), script);
}

/** The pieces in which a call's arguments are streamed; at least one. */
export function argumentPiecesOf(call: ScriptedCall, script: Script): string[] {
  const pieces = script.callsAs?.includes("whole") ? [call.arguments] : split(call.arguments, script);
  return pieces.length === 0 ? [""] : pieces;
}

function split(whole: string, { pieceChars = 4 }: Script): string[] {
  const text = [...whole];
  const size = Math.max(1, pieceChars);
  const pieces: string[] = [];
  for (let at = 0; at < text.length; at += size) pieces.push(text.slice(at, at + size).join(""));
  return pieces;
}

/** The token counts a script reports: its own, or one token a piece and one a word of the prompt. */
export function countsOf(script: Script, prompt: string): TokenCounts {
  const calls = (script.calls ?? []).flatMap((call) => argumentPiecesOf(call, script));
  return (
    script.usage ?? {
      input: prompt.split(/\s+/).filter(Boolean).length,
      output: piecesOf(script).length + calls.length,
    }
  );
}
