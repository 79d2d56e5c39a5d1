/** Bounds of one mail. Bytes are of the raw mail; characters are UTF-16 code units of decoded text. */
export interface MailCaps {
  bytes: number;
  /** Lines of the raw mail: an ordinary 25 MiB mail has 350,000. */
  lines: number;
  headerBytes: number;
  /** Levels of multipart. */
  depth: number;
  /** Parts of all levels together. */
  parts: number;
  /** Messages forwarded inside messages; deeper ones stay attachments. */
  forwards: number;
  textChars: number;
}

export const defaultMailCaps: MailCaps = {
  bytes: 25 * 1024 * 1024,
  lines: 1_000_000,
  headerBytes: 256 * 1024,
  depth: 16,
  parts: 200,
  forwards: 3,
  textChars: 262_144,
};

export interface MailAddress {
  /** Display name, or "". */
  name: string;
  address: string;
}

/** Never the content: an attachment is neither kept nor sent to a bidder. */
export interface AttachmentNote {
  name: string;
  type: string;
  /** Bytes after decoding. */
  size: number;
}

/** What is kept of a mail. All of it is a stranger's text: data, never an instruction. */
export interface ParsedMail {
  subject: string;
  from: MailAddress | null;
  /** At most 50 each. */
  to: MailAddress[];
  replyTo: MailAddress[];
  /** ISO 8601, or "" when the mail has none that parses. */
  date: string;
  messageId: string;
  inReplyTo: string;
  /** The plain text; made from the HTML when there is no other. Empty when oversized. */
  text: string;
  textFrom: "plain" | "html" | "none";
  /** The text was longer than the cap and is cut. */
  textCut: boolean;
  attachments: AttachmentNote[];
  /** Bytes of the raw mail. */
  size: number;
  /** A program or a list sent it (RFC 3834, RFC 2919): it is not to be answered. */
  automatic: boolean;
  /** Over `MailCaps.bytes`: only the header was read. */
  oversized: boolean;
}
