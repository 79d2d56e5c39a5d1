import type { HonoRequest } from "hono";
import { AtomicError } from "../error.ts";

export const maxJsonBytes = 1_000_000;
/** Beside it a job may have so much of pictures, bytes of their data: URLs; a little above what they may have once they are written plainly. */
const maxImageBytes = 4_100_000;
export const maxMailBytes = 25 * 1024 * 1024;
/** Deeper than any contract or plan; keeps recursive checks away from the stack's end. */
const maxDepth = 64;

/**
 * The body's first `limit` bytes; `whole` is false when there were more, which are not read. Throws 400 when its client
 * broke off in the midst of it.
 */
export async function readBytes(request: HonoRequest, limit: number): Promise<{ bytes: Uint8Array; whole: boolean }> {
  try {
    return await bytesOf(request, limit);
  } catch (cause) {
    const message = "The body ended before all of it had come. Send it again, whole.";
    throw new AtomicError("invalid-request", message, { cause });
  }
}

async function bytesOf(request: HonoRequest, limit: number): Promise<{ bytes: Uint8Array; whole: boolean }> {
  const body = request.raw.body;
  if (body === null) return { bytes: new Uint8Array(), whole: true };
  const declared = Number(request.header("content-length") ?? Number.NaN);
  // One read of all of it; without a length it is unknown how much that would be.
  if (declared <= limit) {
    const bytes = new Uint8Array(await request.raw.arrayBuffer());
    return { bytes: bytes.subarray(0, limit), whole: bytes.length <= limit };
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    size += value.length;
    if (size > limit) {
      reader.cancel().catch(() => {});
      break;
    }
  }
  const bytes = new Uint8Array(Math.min(size, limit));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk.subarray(0, bytes.length - at), at);
    at += chunk.length;
  }
  return { bytes, whole: size <= limit };
}

/** The body as JSON of at most `limit` bytes (1 MB), in UTF-8, at most 64 levels deep. Throws 400, 413 or 415. */
export const readJson = async (request: HonoRequest, limit = maxJsonBytes): Promise<unknown> =>
  (await readWhole(request, limit)).value;

/** A job as JSON, as `readJson`: its pictures have a limit of their own (4 MB). */
export async function readJobJson(request: HonoRequest): Promise<unknown> {
  const { value, bytes } = await readWhole(request, maxJsonBytes + maxImageBytes);
  // Most have none, and need not be looked through.
  if (bytes > maxJsonBytes && bytes - imageBytes(value) > maxJsonBytes) tooLarge(maxJsonBytes);
  return value;
}

/** Of data: URLs, and of base64 that is said to be a picture, where pictures stand; base64 has a byte a character. */
function imageBytes(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  let bytes = 0;
  for (const [name, one] of Object.entries(value))
    if (typeof one !== "string") bytes += imageBytes(one);
    else if ((name === "url" || name === "image_url") && /^data:image\//i.test(one)) bytes += one.length;
    else if (name === "data" && isImageSource(value)) bytes += one.length;
  return bytes;
}

/** Anthropic's way: the type beside the base64. */
const isImageSource = (value: object): boolean =>
  "media_type" in value && typeof value.media_type === "string" && /^image\//i.test(value.media_type);

async function readWhole(request: HonoRequest, limit: number): Promise<{ value: unknown; bytes: number }> {
  const type = (request.header("content-type") ?? "application/json").split(";")[0]?.trim().toLowerCase() ?? "";
  // Also keeps a stranger's page out: without a preflight a browser can send only forms and plain text.
  if (type !== "application/json" && !type.endsWith("+json"))
    throw new AtomicError(
      "unsupported-media-type",
      `The body's type is ${quoteType(type)}. Send JSON with "content-type: application/json".`,
    );
  const declared = Number(request.header("content-length") ?? 0);
  const { bytes, whole } = declared > limit ? tooLarge(limit) : await readBytes(request, limit);
  if (!whole) tooLarge(limit);
  if (bytes.length === 0) throw new AtomicError("invalid-request", "The body is empty. Send a JSON object.");
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    throw new AtomicError("invalid-request", "The body is not valid UTF-8. Encode the JSON as UTF-8.");
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new AtomicError("invalid-request", "The body is not valid JSON. Check quotes, commas and brackets.");
  }
  if (isDeeper(value, maxDepth))
    throw new AtomicError("invalid-request", `The body nests more than ${maxDepth} levels. Send a flatter one.`);
  return { value, bytes: bytes.length };
}

function tooLarge(limit: number): never {
  throw new AtomicError(
    "too-large",
    limit > maxJsonBytes
      ? `The body is over ${limit} bytes. Send less: a job may have 1 MB, and 4 MB of pictures beside it.`
      : `The body is over ${limit} bytes. Send less, or a raw mail as message/rfc822 (up to 25 MiB).`,
  );
}

const quoteType = (type: string): string => (type === "" ? "missing" : `"${type.slice(0, 80)}"`);

function isDeeper(value: unknown, limit: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > limit) return true;
    level = level.flatMap((v) => (typeof v === "object" && v !== null ? Object.values(v) : []));
  }
  return false;
}
