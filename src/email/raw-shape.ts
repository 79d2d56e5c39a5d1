import type { Refusal } from "../error.ts";
import type { MailCaps } from "./parsed-mail.ts";
import { asUtf8 } from "./undeclared-charset.ts";

const refuse = (message: string): Refusal => ({ code: "invalid-email", message, field: "email" });
const newline = 10;

/** Bytes of the header: up to and without the first empty line, at most `limit` bytes. */
export function headerOf(raw: Uint8Array, limit: number): { bytes: Uint8Array; complete: boolean } {
  const end = Math.min(raw.length, limit);
  for (let at = 0; at < end; at++) {
    if (raw[at] !== newline) continue;
    const next = raw[at + 1] === 13 ? at + 2 : at + 1;
    if (raw[next] === newline) return { bytes: raw.subarray(0, at + 1), complete: true };
  }
  return { bytes: raw.subarray(0, end), complete: raw.length <= limit };
}

/**
 * What a lenient MIME parser would let pass: a mail without header fields, header bytes of no text, a multipart without
 * its boundary (RFC 2046, section 5.1), too many lines or parts. null: nothing is wrong.
 */
export function refuseShape(raw: Uint8Array, caps: MailCaps): Refusal | null {
  if (raw.length === 0) return refuse("The mail is empty. Send the raw message, header first (RFC 5322).");
  const header = headerOf(raw, caps.headerBytes + 1);
  if (!header.complete)
    return refuse(
      `The mail's header is over ${caps.headerBytes} bytes. Remove trace or tracking headers and send it again.`,
    );
  // No letter of a name or a subject: what UTF-16, pictures and other things begin with that are no mail.
  if (header.bytes.includes(0xff))
    return refuse("The mail's header is not valid UTF-8. Encode such values as RFC 2047 words and send it again.");
  const head = new TextDecoder().decode(asUtf8(header.bytes));
  const unfolded = head.replace(/\r?\n[ \t]+/g, " ");
  const fields = unfolded.split(/\r?\n/).filter((line) => line !== "" && !line.startsWith("From "));
  const named = fields.filter((line) => /^[!-9;-~]{1,200}[ \t]{0,8}:/.test(line));
  if (named.length === 0 || named.length * 2 < fields.length)
    return refuse('The mail has no header. Send the raw message, which begins with lines like "Subject: ...".');
  const type = named.find((line) => /^content-type\s{0,8}:/i.test(line)) ?? "";
  const { lines, parts, boundaries } = scan(raw);
  if (lines > caps.lines)
    return refuse(`The mail has over ${caps.lines} lines. Send the message without its attachments.`);
  if (parts > caps.parts)
    return refuse(`The mail has over ${caps.parts} MIME parts. Send the message without its attachments.`);
  if (/^content-type\s{0,8}:\s{0,8}multipart\//i.test(type)) {
    const boundary = /;\s{0,20}boundary\s{0,8}=\s{0,8}(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i.exec(type);
    const value = boundary?.[1] ?? boundary?.[2];
    if (value === undefined)
      return refuse("The mail is multipart and names no boundary. Send the message as the mail server received it.");
    if (!boundaries.has(value.trimEnd()))
      return refuse(
        "The mail is multipart, but its boundary never occurs: it was cut or changed. Send the whole message.",
      );
  }
  return null;
}

/** One pass over the bytes: lines, and lines that may be MIME delimiters ("--" and up to 74 bytes). */
function scan(raw: Uint8Array): { lines: number; parts: number; boundaries: Set<string> } {
  const delimiters = new Map<string, number>();
  const decoder = new TextDecoder("latin1");
  let lines = 0;
  for (let at = 0; at < raw.length; ) {
    const found = raw.indexOf(newline, at);
    const end = found < 0 ? raw.length : found;
    lines++;
    if (end - at >= 3 && end - at <= 204 && raw[at] === 45 && raw[at + 1] === 45 && delimiters.size < 10_000) {
      const line = decoder.decode(raw.subarray(at + 2, end)).trimEnd();
      delimiters.set(line, (delimiters.get(line) ?? 0) + 1);
    }
    at = end + 1;
  }
  // A boundary is a line that also occurs with "--" behind it, or that is repeated; a lone "-- x" is a signature.
  let parts = 0;
  for (const [line, count] of delimiters)
    if (!line.endsWith("--") && (count > 1 || delimiters.has(`${line}--`))) parts += count;
  return { lines, parts, boundaries: new Set(delimiters.keys()) };
}

/**
 * Does the mail itself carry U+FFFD (raw, quoted-printable or base64 at any of its three offsets)? If not, one in the
 * decoded text stands for bytes that are invalid in the charset the mail declares.
 */
export function carriesReplacementCharacter(raw: Uint8Array): boolean {
  const text = new TextDecoder("latin1").decode(raw);
  return /\xEF\xBF\xBD|=EF=BF=BD|77\+9|[Oeu+]\+\/v|vv7[0-3]|&#(?:65533|xfffd);/i.test(text);
}
