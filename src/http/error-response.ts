import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { AtomicError, type ErrorCode, errorTable, onWire, type Refusal } from "../error.ts";
import { anthropicError } from "./anthropic/anthropic-error.ts";
import type { AppEnv } from "./app-env.ts";

/** Every fault of a request that names one; the first is the refusal itself. */
export interface Fault {
  field: string;
  detail: string;
}

/** A refusal of input that knows all its faults. */
export class InputError extends AtomicError {
  readonly faults: Fault[];
  constructor(refusal: Refusal, faults: Fault[]) {
    super(refusal.code, refusal.message, { field: refusal.field });
    this.faults = faults;
  }
}

const openaiCodes: Partial<Record<ErrorCode, string>> = {
  unauthorized: "invalid_api_key",
  "model-not-found": "model_not_found",
  "rate-limited": "rate_limit_exceeded",
  "budget-exceeded": "insufficient_quota",
};

/** Reasons that OpenAI has a code of its own for. */
const openaiReasons: Record<string, string | undefined> = { "context-length": "context_length_exceeded" };

/** OpenAI's error object: all four keys are always there. */
export function openaiError(error: AtomicError): {
  error: { message: string; type: string; param: string | null; code: string };
} {
  return {
    error: {
      message: error.message,
      type: errorTable[error.code].openai,
      param: error.field ?? null,
      code: openaiReasons[error.reason ?? ""] ?? openaiCodes[error.code] ?? error.code.replaceAll("-", "_"),
    },
  };
}

/** RFC 9457 problem details. `type` is left out: about:blank, as `code` tells the problem. */
export function problemOf(error: AtomicError, requestId: string): object {
  const faults = error instanceof InputError && error.faults.length > 1 ? { errors: error.faults } : {};
  return {
    title: error.code.replaceAll("-", " "),
    status: errorTable[error.code].status,
    code: error.code,
    detail: error.message,
    ...(error.field === undefined ? {} : { field: error.field }),
    ...(error.reason === undefined ? {} : { reason: error.reason }),
    ...faults,
    requestId,
  };
}

/** Routes of OpenAI's; who asks for one that is not here has an OpenAI client. */
const openaiPaths =
  /^\/v1\/(assistants|audio|batches|chat|completions|conversations|embeddings|files|fine_tuning|images|models|moderations|realtime|rerank|responses|threads|uploads|vector_stores|videos)(\/|$)/;
/** Anthropic's own. Where both have one, its clients name the version they speak. */
const anthropicPaths = /^\/v1\/(complete|messages)(\/|$)/;

/** Whose words a request is answered in. */
export function dialectOf({ req }: Context<AppEnv>): "native" | "openai" | "anthropic" {
  if (anthropicPaths.test(req.path)) return "anthropic";
  if (!openaiPaths.test(req.path)) return "native";
  return req.header("anthropic-version") === undefined ? "openai" : "anthropic";
}

/** One error, in the dialect of the route that was asked. */
export function errorResponse(c: Context<AppEnv>, error: AtomicError): Response {
  const { status, openaiStatus, retryable } = onWire(error);
  const headers: Record<string, string> = { "cache-control": "no-store" };
  if (error.code === "unauthorized") headers["www-authenticate"] = 'Bearer realm="atomic"';
  if (error.code === "rate-limited") headers["retry-after"] = String(Math.ceil((error.retryAfterMs ?? 5_000) / 1000));
  // What an ended job still owes is told within a second or so, unless a receiver is down.
  if (error.reason === "settling") headers["retry-after"] = "2";
  const dialect = dialectOf(c);
  if (dialect === "native") {
    headers["content-type"] = "application/problem+json";
    return c.body(JSON.stringify(problemOf(error, c.get("requestId"))), status as ContentfulStatusCode, headers);
  }
  // Their own clients read this; others go by the status.
  headers["x-should-retry"] = String(retryable && error.reason !== "ended");
  const told = dialect === "openai" ? openaiError(error) : anthropicError(error, c.get("requestId"));
  return c.json(told, openaiStatus as ContentfulStatusCode, headers);
}
