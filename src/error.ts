/**
 * The one thing that is thrown across a stage's border. `code` is from a closed set; the table says what each code
 * means on the wire. Expected refusals inside a stage are values, not throws. `retryable`: whether the same request may
 * fare better at once without paying twice; answers that were all rejected, or too late, were paid for. `openaiStatus`: on
 * OpenAI's and Anthropic's routes, whose clients try each 5xx again on their own, some whatever "x-should-retry" says.
 */
export const errorTable = {
  "invalid-request": {
    status: 400,
    openai: "invalid_request_error",
    anthropic: "invalid_request_error",
    retryable: false,
  },
  "invalid-contract": {
    status: 400,
    openai: "invalid_request_error",
    anthropic: "invalid_request_error",
    retryable: false,
  },
  "invalid-plan": {
    status: 400,
    openai: "invalid_request_error",
    anthropic: "invalid_request_error",
    retryable: false,
  },
  "invalid-email": {
    status: 400,
    openai: "invalid_request_error",
    anthropic: "invalid_request_error",
    retryable: false,
  },
  "invalid-bidder": {
    status: 400,
    openai: "invalid_request_error",
    anthropic: "invalid_request_error",
    retryable: false,
  },
  "no-bidder": { status: 400, openai: "invalid_request_error", anthropic: "invalid_request_error", retryable: false },
  unauthorized: { status: 401, openai: "authentication_error", anthropic: "authentication_error", retryable: false },
  "budget-exceeded": { status: 402, openai: "insufficient_quota", anthropic: "billing_error", retryable: false },
  forbidden: { status: 403, openai: "permission_error", anthropic: "permission_error", retryable: false },
  "not-found": { status: 404, openai: "invalid_request_error", anthropic: "not_found_error", retryable: false },
  "model-not-found": { status: 404, openai: "invalid_request_error", anthropic: "not_found_error", retryable: false },
  "method-not-allowed": {
    status: 405,
    openai: "invalid_request_error",
    anthropic: "invalid_request_error",
    retryable: false,
  },
  conflict: { status: 409, openai: "invalid_request_error", anthropic: "invalid_request_error", retryable: true },
  "not-approved": {
    status: 409,
    openai: "invalid_request_error",
    anthropic: "invalid_request_error",
    retryable: false,
  },
  cancelled: { status: 409, openai: "invalid_request_error", anthropic: "invalid_request_error", retryable: false },
  gone: { status: 410, openai: "invalid_request_error", anthropic: "not_found_error", retryable: false },
  "too-large": { status: 413, openai: "invalid_request_error", anthropic: "request_too_large", retryable: false },
  "unsupported-media-type": {
    status: 415,
    openai: "invalid_request_error",
    anthropic: "invalid_request_error",
    retryable: false,
  },
  "idempotency-mismatch": {
    status: 422,
    openai: "invalid_request_error",
    anthropic: "invalid_request_error",
    retryable: false,
  },
  "rate-limited": { status: 429, openai: "rate_limit_error", anthropic: "rate_limit_error", retryable: true },
  "not-accepted": { status: 502, openaiStatus: 422, openai: "server_error", anthropic: "api_error", retryable: false },
  "bidders-failed": { status: 502, openai: "server_error", anthropic: "api_error", retryable: true },
  "not-configured": { status: 503, openai: "server_error", anthropic: "api_error", retryable: false },
  "deadline-exceeded": {
    status: 504,
    openaiStatus: 422,
    openai: "server_error",
    anthropic: "timeout_error",
    retryable: false,
  },
  parked: { status: 500, openaiStatus: 422, openai: "server_error", anthropic: "api_error", retryable: false },
  internal: { status: 500, openai: "server_error", anthropic: "api_error", retryable: true },
} as const satisfies Record<
  string,
  { status: number; openaiStatus?: number; openai: string; anthropic: string; retryable: boolean }
>;

export type ErrorCode = keyof typeof errorTable;

/** What an error means on the wire. Bidders that were paid before they failed would be paid again. */
export function onWire({ code, reason }: Pick<Refusal, "code" | "reason">): {
  status: number;
  openaiStatus: number;
  openai: string;
  retryable: boolean;
} {
  const row: { status: number; openaiStatus?: number; openai: string; retryable: boolean } = errorTable[code];
  if (code === "bidders-failed" && reason === "paid") return { ...row, openaiStatus: 422, retryable: false };
  return { ...row, openaiStatus: row.openaiStatus ?? row.status };
}

/** What an expected refusal says: a code, a sentence that ends with what to do, and the field it is about. */
export interface Refusal {
  code: ErrorCode;
  message: string;
  field?: string;
  /** Tells apart what one code may mean, for programs: "cap-reached". */
  reason?: string | undefined;
}

export class AtomicError extends Error {
  readonly code: ErrorCode;
  /** JSON path of the offending field, when there is one. */
  readonly field: string | undefined;
  readonly reason: string | undefined;
  /** When to try again, ms; absent: nothing is known of it. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { field?: string; reason?: string; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "AtomicError";
    this.code = code;
    this.field = options.field;
    this.reason = options.reason;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** One that was thrown in another object: the call between keeps its name and fields, not its class. null: no such error. */
  static across(error: unknown): AtomicError | null {
    if (error instanceof AtomicError) return error;
    if (!(error instanceof Error) || error.name !== "AtomicError" || !("code" in error)) return null;
    const { code, field, reason, message } = error as {
      code: unknown;
      field?: unknown;
      reason?: unknown;
      message: string;
    };
    if (typeof code !== "string" || !Object.hasOwn(errorTable, code)) return null;
    const of = (value: unknown) => (typeof value === "string" ? value : undefined);
    return new AtomicError(code as ErrorCode, message, { field: of(field), reason: of(reason), cause: error });
  }

  static from(refusal: Refusal): AtomicError {
    return new AtomicError(refusal.code, refusal.message, { field: refusal.field, reason: refusal.reason });
  }
}
