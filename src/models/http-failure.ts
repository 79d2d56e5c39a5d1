import type { FailureReason } from "../market/settlement.ts";
import { ModelFailure, type RequestFault } from "../race/model-port.ts";

const maxRetryAfterMs = 3_600_000;
/** A quota that is used up does not come back in seconds: long enough to open the circuit. */
const quotaRetryAfterMs = 15 * 60_000;

/** Error codes that are repeated in our messages; anything else a provider writes may hold a key or prompt text. */
const knownCodes = new Set([
  "insufficient_quota",
  "rate_limit_exceeded",
  "rate_limit_error",
  "model_not_found",
  "not_found_error",
  "context_length_exceeded",
  "exceed_context_size_error",
  "invalid_api_key",
  "authentication_error",
  "permission_error",
  "invalid_request_error",
  "unsupported_parameter",
  "unsupported_value",
  "request_too_large",
  "overloaded_error",
  "api_error",
  "server_error",
  "RESOURCE_EXHAUSTED",
  "INVALID_ARGUMENT",
  "UNAVAILABLE",
  "NOT_FOUND",
  "PERMISSION_DENIED",
  "UNAUTHENTICATED",
  // Of scripts/egress.mjs, in the place of a server that may not be reached.
  "egress_refused",
]);

interface HeadersLike {
  get(name: string): string | null;
}

/** Codes of a 400 that are about the operator's model or key. */
const operatorCodes = /key|auth|quota|permission|model|not_found|overloaded|rate_limit/i;
/** How OpenAI, Anthropic, Google, vLLM and llama.cpp say that a prompt does not fit, whatever code they give it. */
const tooLongText =
  /maximum context length|prompt is too long|exceeds? the (maximum number of tokens|available context)/i;

/** Is the request itself what the provider will not take? */
function faultOf(status: number, code: string | null, body: string): RequestFault | null {
  if (status !== 400 && status !== 413 && status !== 422) return null;
  if (status === 413 || /context|too_large/.test(code ?? "") || tooLongText.test(body)) return "too-long";
  return operatorCodes.test(code ?? "") || /api key/i.test(body) ? null : "refused";
}

/** What a status other than 200 means. `body` is read for a known error code, and for which of two faults it is, only. */
export function failureOfStatus(status: number, headers: HeadersLike, body: string): ModelFailure {
  const code = knownCode(body);
  const reason = reasonOfStatus(status);
  const retryAfterMs =
    code === "insufficient_quota" ? quotaRetryAfterMs : (retryAfter(headers, Date.now()) ?? undefined);
  const fault = faultOf(status, code, body);
  return new ModelFailure(reason, `HTTP ${status}${code ? ` ${code}` : ""}${toCheck(status, code)}`, {
    status,
    ...(fault === null ? {} : { fault }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** What the operator has set wrongly when a provider answers so; "": nothing that is known. */
function toCheck(status: number, code: string | null): string {
  if (code === "egress_refused") return "";
  if (status === 401 || status === 403) return ": check the bidder's secret, and that its key may use this model";
  if (status === 404 || code === "model_not_found")
    return ": check the bidder's model name, and whether its base URL ends as its server wants (most: /v1)";
  return "";
}

export function reasonOfStatus(status: number): FailureReason {
  if (status === 401 || status === 403) return "unauthorized";
  if (status === 429) return "rate-limited";
  if (status === 503 || status === 529) return "overloaded";
  if (status === 408 || status >= 500) return "server-error";
  return "client-error";
}

/** ms to wait: `retry-after-ms`, else `retry-after` as seconds or an HTTP date; between 0 and an hour. */
export function retryAfter(headers: HeadersLike, nowMs: number): number | null {
  const ms = headers.get("retry-after-ms");
  if (ms !== null && Number.isFinite(Number.parseFloat(ms))) return clamp(Number.parseFloat(ms));
  const value = headers.get("retry-after")?.trim();
  if (!value) return null;
  if (/^\d+(\.\d+)?$/.test(value)) return clamp(Number.parseFloat(value) * 1000);
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : clamp(date - nowMs);
}

const clamp = (ms: number): number => Math.min(maxRetryAfterMs, Math.max(0, Math.round(ms)));

function knownCode(body: string): string | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return null;
  }
  const first = Array.isArray(parsed) ? parsed[0] : parsed;
  const error = first !== null && typeof first === "object" && "error" in first ? first.error : first;
  if (error === null || typeof error !== "object") return null;
  for (const key of ["code", "type", "status"]) {
    const value = (error as Record<string, unknown>)[key];
    if (typeof value === "string" && knownCodes.has(value)) return value;
  }
  return null;
}
