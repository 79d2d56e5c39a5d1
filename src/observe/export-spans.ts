import type { OtlpTraces } from "./otlp-json.ts";

/** A response of a collector is a line or two. */
const maxResponseChars = 16_384;

export type ExportResult =
  | { ok: true; rejectedSpans: number }
  /** `status` null: no answer came. `retryAfterMs` null: the collector did not say. */
  | { ok: false; status: number | null; retryable: boolean; retryAfterMs: number | null };

/** The part of `fetch` that an export needs. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/**
 * Sends spans to an OTLP/HTTP endpoint (the full URL, ending in /v1/traces) as JSON. Never throws and never follows a
 * redirect, which would carry the headers' secrets elsewhere; results name no header and no body. Retryable by OTLP:
 * 429, 502, 503, 504 and no answer.
 */
export async function exportSpans(
  endpoint: string,
  headers: Record<string, string>,
  spans: OtlpTraces,
  fetch: Fetch,
  signal: AbortSignal,
): Promise<ExportResult> {
  let response: Response;
  try {
    response = await fetch(endpoint, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify(spans),
      redirect: "manual",
      signal,
    });
  } catch {
    return { ok: false, status: null, retryable: true, retryAfterMs: null };
  }
  if (!response.ok) {
    await response.body?.cancel().catch(() => {});
    const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
    return {
      ok: false,
      status: response.status,
      retryable: [429, 502, 503, 504].includes(response.status),
      retryAfterMs: Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds, 3_600) * 1000 : null,
    };
  }
  return { ok: true, rejectedSpans: await rejectedIn(response) };
}

/** "name=value,name=value" with percent-encoded values, as in OTEL_EXPORTER_OTLP_HEADERS. Pieces without "=" are left out. */
export function otlpHeaders(text: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const piece of text.split(",")) {
    const at = piece.indexOf("=");
    const name = piece.slice(0, Math.max(0, at)).trim().toLowerCase();
    if (name === "") continue;
    const value = piece.slice(at + 1).trim();
    try {
      headers[name] = decodeURIComponent(value);
    } catch {
      headers[name] = value;
    }
  }
  return headers;
}

/** A collector may take a part: {"partialSuccess": {"rejectedSpans": "3"}}; the number may be a string. */
async function rejectedIn(response: Response): Promise<number> {
  try {
    const text = await readStart(response);
    const body = JSON.parse(text) as { partialSuccess?: { rejectedSpans?: unknown } } | null;
    const rejected = Number(body?.partialSuccess?.rejectedSpans ?? 0);
    return Number.isFinite(rejected) && rejected > 0 ? rejected : 0;
  } catch {
    return 0;
  }
}

async function readStart(response: Response): Promise<string> {
  if (response.body === null) return "";
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  let text = "";
  while (text.length < maxResponseChars) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += decoder.decode(value, { stream: true });
  }
  await reader.cancel().catch(() => {});
  return text;
}
