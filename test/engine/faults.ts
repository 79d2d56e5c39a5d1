import type { FailureReason } from "../../src/market/settlement.ts";
import type { Fault, Script } from "../provider/script.ts";

export const six = ["One, ", "two, ", "thrée, ", "four, ", "five, ", "six."];
export const whole = six.join("");

/** One thing that a provider can do wrong, and what must follow from it. */
export interface FaultCase {
  fault: string;
  script: Script & { fault?: Fault };
  /** Reason in the trace; null: the answer stands. "rejected": the criteria said no. */
  reason: FailureReason | "rejected" | null;
  /** It strikes after text was sent: a client that was being shown it cannot be given another's. */
  mid?: true;
  /** Text of an answer that stands; default: the whole. */
  text?: string;
  /** Where the token counts of an answer that stands come from. */
  counts?: "provider" | "counted" | "bounded";
  schema?: true;
}

const six5: Script = { pieces: six, betweenMs: 5 };
const strikes = (fault: Fault): Script & { fault: Fault } => ({ ...six5, fault });

export const faultCases: FaultCase[] = [
  {
    fault: "429 with retry-after",
    script: { ...strikes("status-429"), headers: { "retry-after": "20" } },
    reason: "rate-limited",
  },
  { fault: "500", script: strikes("status-500"), reason: "server-error" },
  { fault: "503", script: strikes("status-503"), reason: "overloaded" },
  { fault: "529", script: strikes("status-529"), reason: "overloaded" },
  { fault: "hang before headers", script: strikes("hang-before-headers"), reason: "connect-timeout" },
  { fault: "hang before the first token", script: strikes("hang-before-first-token"), reason: "first-token-timeout" },
  { fault: "stall in mid-stream", script: strikes("stall"), reason: "stall-timeout", mid: true },
  {
    fault: "tokens that never end",
    script: { pieces: Array(400).fill("and "), betweenMs: 20 },
    reason: "total-timeout",
    mid: true,
  },
  { fault: "connection reset", script: strikes("reset"), reason: "connection-lost", mid: true },
  { fault: "connection reset before headers", script: strikes("reset-before-headers"), reason: "connection-lost" },
  { fault: "clean end in mid-answer", script: strikes("clean-cut"), reason: "truncated", mid: true },
  { fault: "clean end without the last marker", script: strikes("no-done"), reason: null },
  { fault: "error frame inside a 200 stream", script: strikes("error-frame"), reason: "error-frame", mid: true },
  {
    fault: "garbage line between events",
    script: strikes("garbage-line"),
    reason: "malformed-stream",
    mid: true,
  },
  { fault: "comments between events", script: strikes("comments"), reason: null },
  { fault: "garbage in an event", script: strikes("garbage-json"), reason: "malformed-stream", mid: true },
  { fault: "split UTF-8", script: strikes("split-utf8"), reason: null },
  {
    fault: "duplicated chunk",
    script: strikes("duplicate-chunk"),
    reason: null,
    text: [...six.slice(0, 3), ...six.slice(2)].join(""),
  },
  { fault: "duplicated chunk of a numbered stream", script: strikes("duplicate-numbered"), reason: null },
  { fault: "empty answer", script: strikes("empty"), reason: "empty-answer" },
  { fault: "line of 10 MB", script: strikes("long-line"), reason: "too-large", mid: true },
  { fault: "usage missing", script: strikes("usage-missing"), reason: null, counts: "counted" },
  { fault: "usage contradictory", script: strikes("usage-contradictory"), reason: null, counts: "bounded" },
  { fault: "wrong JSON", script: strikes("wrong-json"), reason: "rejected", schema: true },
  { fault: "refusal", script: { pieces: [], fault: "refusal" }, reason: "refused" },
  { fault: "finish reason abort", script: { ...six5, finishWord: "abort" }, reason: "truncated", mid: true },
  { fault: "end marker without a finish reason", script: { ...six5, finishWord: null }, reason: null },
  { fault: "content filter", script: strikes("content-filter"), reason: "content-filter", mid: true },
];
