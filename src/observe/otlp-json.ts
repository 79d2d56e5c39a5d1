/**
 * The part of OTLP/JSON (opentelemetry-proto 1.x, JSON encoding) that Atomic writes: ids are lower-case hex, 64-bit
 * integers are decimal strings, enums are numbers.
 */
export interface OtlpTraces {
  resourceSpans: { resource: { attributes: KeyValue[] }; scopeSpans: { scope: { name: string }; spans: Span[] }[] }[];
}

export interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  /** 1 internal, 3 client. */
  kind: 1 | 3;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: KeyValue[];
  events: { timeUnixNano: string; name: string; attributes: KeyValue[] }[];
  /** 0 unset, 2 error. */
  status: { code: 0 | 2 };
}

export interface KeyValue {
  key: string;
  value: Value;
}

type Value =
  | { stringValue: string }
  | { intValue: string }
  | { doubleValue: number }
  | { boolValue: boolean }
  | { arrayValue: { values: Value[] } };

/** Longest attribute value, in characters. */
const maxChars = 256;

/** Attributes by name; null and undefined are left out. A whole number is an int, unless wrapped by `double`. */
export type Attributes = {
  [key: string]: string | number | boolean | readonly string[] | { double: number } | null | undefined;
};

export function attributes(named: Attributes): KeyValue[] {
  return Object.entries(named).flatMap(([key, raw]) => {
    const value = encoded(raw);
    return value === null ? [] : [{ key, value }];
  });
}

function encoded(raw: Attributes[string]): Value | null {
  if (raw === null || raw === undefined) return null;
  if (typeof raw === "string") return { stringValue: raw.slice(0, maxChars) };
  if (typeof raw === "boolean") return { boolValue: raw };
  if (typeof raw === "number") {
    if (!Number.isFinite(raw)) return null;
    return Number.isSafeInteger(raw) ? { intValue: String(raw) } : { doubleValue: raw };
  }
  if ("double" in raw) return Number.isFinite(raw.double) ? { doubleValue: raw.double } : null;
  return { arrayValue: { values: raw.map((text) => ({ stringValue: text.slice(0, maxChars) })) } };
}

/** Epoch ms -> decimal nanoseconds. A double cannot hold nanoseconds of today exactly; the digits can. */
export const unixNano = (ms: number): string => String(BigInt(Math.max(0, Math.round(ms))) * 1_000_000n);

/** 32 hex digits, a pure function of the job's id: every export of a job is the same trace. */
export const traceIdOf = (job: string): string => hash64(`trace ${job}`) + hash64(`trace/2 ${job}`);

/** 16 hex digits for a place in a job's tree. */
export const spanIdOf = (job: string, path: string): string => hash64(`span ${job} ${path}`);

const mask = (1n << 64n) - 1n;

/** FNV-1a over UTF-16 units, mixed by MurmurHash3's 64-bit finaliser; never zero, which OTLP forbids. */
function hash64(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (let i = 0; i < text.length; i++) hash = ((hash ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n) & mask;
  hash = ((hash ^ (hash >> 33n)) * 0xff51afd7ed558ccdn) & mask;
  hash = ((hash ^ (hash >> 33n)) * 0xc4ceb9fe1a85ec53n) & mask;
  hash ^= hash >> 33n;
  return (hash === 0n ? 1n : hash).toString(16).padStart(16, "0");
}
