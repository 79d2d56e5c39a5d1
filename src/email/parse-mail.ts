import type { Address } from "postal-mime";
import type { Refusal } from "../error.ts";
import { isAutomatic } from "./automatic-mail.ts";
import { defaultMailCaps, type MailAddress, type MailCaps, type ParsedMail } from "./parsed-mail.ts";
import { carriesReplacementCharacter, headerOf, refuseShape } from "./raw-shape.ts";
import { MailTooLarge, type ReadMime, readMime } from "./read-mime.ts";

/**
 * Reads a raw mail (RFC 5322, MIME) by postal-mime within `caps`. Malformed MIME and bytes that are invalid in the
 * declared charset are refused as `invalid-email`; a mail over `caps.bytes` is kept by its header, as `oversized`.
 */
export async function parseMail(raw: Uint8Array, caps: MailCaps = defaultMailCaps): Promise<ParsedMail | Refusal> {
  const oversized = raw.length > caps.bytes;
  const read = oversized ? headerOf(raw, caps.headerBytes).bytes : raw;
  // Of an oversized mail the parts are not there, so nothing is said of its boundaries.
  const refusal = oversized ? null : refuseShape(read, caps);
  if (refusal !== null) return refusal;
  let found: ReadMime;
  try {
    found = await readMime(read, caps);
  } catch (error) {
    if (error instanceof MailTooLarge)
      return invalid(`The mail has over ${error.message}. Send the message without its attachments.`);
    return invalid(
      error instanceof Error && error.message.includes("nesting depth")
        ? `The mail nests over ${caps.depth} levels of parts. Send the innermost message alone.`
        : "The mail is not valid MIME or its header is too long. Send the message as the mail server received it.",
    );
  }
  const { mail, attachments, fromHtml, replaced } = found;
  const text = found.text.replace(/\r\n?/g, "\n").replace(/\0/g, "");
  if ((replaced || mail.subject?.includes("\ufffd")) && !carriesReplacementCharacter(read))
    return invalid(
      "The mail has bytes that are not valid UTF-8, or not valid in the charset it declares. Send it unchanged, or encode it as UTF-8.",
    );
  const from = addresses(mail.from === undefined ? [] : [mail.from])[0] ?? null;
  const fields = new Map(mail.headers.map(({ key, value }) => [key.toLowerCase(), value]));
  return {
    subject: oneLine(mail.subject ?? "", 1000),
    from,
    to: addresses(mail.to ?? []),
    replyTo: addresses(mail.replyTo ?? []),
    date: mail.date !== undefined && !Number.isNaN(Date.parse(mail.date)) ? new Date(mail.date).toISOString() : "",
    messageId: oneLine(mail.messageId ?? "", 1000),
    inReplyTo: oneLine(mail.inReplyTo ?? "", 1000),
    text: oversized ? "" : text.slice(0, caps.textChars),
    textFrom: oversized || text === "" ? "none" : fromHtml ? "html" : "plain",
    textCut: text.length > caps.textChars,
    attachments: attachments.slice(0, caps.parts).map(({ filename, mimeType, content }) => ({
      name: oneLine(filename ?? "", 255),
      type: oneLine(mimeType, 100),
      size: typeof content === "string" ? content.length : content.byteLength,
    })),
    size: raw.length,
    automatic: isAutomatic(fields, from?.address ?? null),
    oversized,
  };
}

export const isRefusal = (mail: ParsedMail | Refusal): mail is Refusal => "code" in mail;

const invalid = (message: string): Refusal => ({ code: "invalid-email", message, field: "email" });

/** Header values are one line here: a line end in one could forge a header in a mail that is made from it. */
const oneLine = (value: string, limit: number): string =>
  value
    .replace(/[\p{Cc}\u2028\u2029]+/gu, " ")
    .trim()
    .slice(0, limit);

function addresses(found: Address[]): MailAddress[] {
  const flat: MailAddress[] = [];
  for (const entry of found)
    for (const { name, address } of entry.group ?? [entry]) {
      if (flat.length >= 50) return flat;
      if (address !== undefined && address !== "")
        flat.push({ name: oneLine(name, 200), address: oneLine(address, 320) });
    }
  return flat;
}
