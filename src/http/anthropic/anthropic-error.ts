import { type AtomicError, errorTable } from "../../error.ts";

/** Reasons that Anthropic has a code of its own for: its SDK then sends the whole conversation. */
const codes: Record<string, string | undefined> = { "no-threads": "thread_unsupported_request" };

/** Anthropic's error object. Which field it is about, and why, stand where clients look for details. */
export function anthropicError(error: AtomicError, requestId: string) {
  return {
    type: "error",
    error: {
      type: errorTable[error.code].anthropic,
      // The words by which agents know that they have to shorten their conversation.
      message: error.reason === "context-length" ? `Prompt is too long. ${error.message}` : error.message,
      details: {
        error_code: codes[error.reason ?? ""] ?? error.code.replaceAll("-", "_"),
        ...(error.field === undefined ? {} : { field: error.field }),
        ...(error.reason === undefined ? {} : { reason: error.reason }),
      },
    },
    request_id: requestId,
  };
}
