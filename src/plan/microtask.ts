import type { NanoUsd } from "../money/nano-usd.ts";
import type { Contract } from "./contract.ts";
import type { Image } from "./image.ts";
import type { Kind } from "./kind.ts";
import type { ToolCall, Tools } from "./tool.ts";

/** One turn of a conversation. Text is data: nothing in it is obeyed by Atomic. */
export type Message =
  | { role: "system"; content: string }
  /** With `images` its text may be empty. */
  | { role: "user"; content: string; images?: Image[] }
  /** With `calls` its text may be empty. */
  | { role: "assistant"; content: string; calls?: ToolCall[] }
  /** What the tool gave back; `call` is the id of a call before it. */
  | { role: "tool"; content: string; call: string };

/** Where a piece of a microtask's input comes from. */
export type InputPart =
  | { from: "job" }
  /** Code-unit range of the job's text. */
  | { from: "slice"; start: number; end: number }
  /** The accepted result of another microtask, which is also a dependency. */
  | { from: "microtask"; id: string }
  | { from: "text"; text: string };

/** What a microtask waits for once its dependencies are joined: a person's word, or an epoch time in ms. */
export type Wait = { for: "approval" } | { untilMs: number };

/** An atomic piece of a job. */
export interface Microtask {
  /** Unique in its plan: [a-z0-9-], at most 64. */
  id: string;
  kind: Kind;
  /** What to do, in words. Empty: the kind's own instruction. */
  instruction: string;
  input: InputPart[];
  contract: Contract;
  /** Ids of microtasks that must be joined first; superset of those named in `input`. */
  needs: string[];
  /** false: its failure leaves the answer "unsure" there; true: its failure fails the job. */
  required: boolean;
  /** Worth of an accepted answer; null: the market's default. */
  valueNano: NanoUsd | null;
  /** Labels of a closed kind, when they are not the kind's own. */
  labels?: string[];
  maxOutputTokens?: number;
  /** What its answer may ask to be called instead of, or beside, its text. Absent: nothing. */
  tools?: Tools;
  /** What it is a case of, in the caller's words; its outcomes are learned apart from others'. Absent: the job's. */
  context?: string;
  /** It is put to auction only when a person has approved it, or at a time. */
  wait?: Wait;
}

/** How results become the job's answer. */
export type Assembly =
  | { type: "single"; of: string }
  | {
      type: "object";
      fields: Record<string, string>;
      /** Fields that are null from the start, and why: nothing was asked for them. Absent: none. */
      without?: Record<string, string>;
      /** A field that is null where another has this label. Absent: none. */
      unless?: Record<string, { field: string; label: string; why: string }>;
    };

export interface Plan {
  source: "single" | "email-triage" | "map-reduce" | "caller" | "planner";
  microtasks: Microtask[];
  assembly: Assembly;
}
