import type { Headroom } from "./endpoint.ts";

interface HeadersLike {
  get(name: string): string | null;
}

/**
 * Rate headers of a response: OpenAI's `x-ratelimit-remaining-requests` and Anthropic's
 * `anthropic-ratelimit-requests-remaining` families. Null when there are none.
 */
export function readHeadroom(headers: HeadersLike, nowMs: number): Headroom | null {
  const read = (what: "requests" | "tokens") => {
    const field = (name: "limit" | "remaining" | "reset") =>
      headers.get(`x-ratelimit-${name}-${what}`) ?? headers.get(`anthropic-ratelimit-${what}-${name}`);
    return {
      limit: count(field("limit")),
      remaining: count(field("remaining")),
      resetMs: reset(field("reset"), nowMs),
    };
  };
  const headroom: Headroom = { requests: read("requests"), tokens: read("tokens") };
  const known = [...Object.values(headroom.requests), ...Object.values(headroom.tokens)].some(
    (value) => value !== null,
  );
  return known ? headroom : null;
}

const count = (value: string | null): number | null =>
  value !== null && /^\d{1,15}$/.test(value.trim()) ? Number(value) : null;

const unitMs: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** "6m0s", "120ms", "1.5s", bare seconds, or an RFC 3339 date -> ms from now. */
function reset(value: string | null, nowMs: number): number | null {
  const text = value?.trim();
  if (!text || text.length > 40) return null;
  if (/^\d+(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1000);
  if (/^(\d+(\.\d+)?(ms|[smhd]))+$/.test(text)) {
    let ms = 0;
    for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g))
      ms += Number(amount) * (unitMs[unit ?? ""] ?? 0);
    return Math.round(ms);
  }
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}
