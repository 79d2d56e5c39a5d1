import PostalMime, { type Address, type Attachment, type Email, type PostalMimeOptions } from "postal-mime";
import { htmlText } from "./html-text.ts";
import type { MailCaps } from "./parsed-mail.ts";
import { asUtf8, charsetOf, declaredCharset } from "./undeclared-charset.ts";

/** Characters of HTML that are read of one mail, all its parts together; what is longer is cut there. */
const htmlChars = 1_048_576;

/** A mail has more of something than its caps allow; the message says of what. */
export class MailTooLarge extends Error {}

export interface ReadMime {
  mail: Email;
  attachments: Attachment[];
  text: string;
  /** All of the text is made from HTML. */
  fromHtml: boolean;
  /** U+FFFD is in the text, and not by its name in HTML. */
  replaced: boolean;
}

/** Reads MIME by postal-mime, its text parts by `BodyReader`. Throws for what is no MIME. */
export async function readMime(raw: Uint8Array, caps: MailCaps): Promise<ReadMime> {
  const reader = new BodyReader(caps, caps.forwards, { lines: 0, parts: new Set() });
  const mail = await reader.parse(raw);
  return { mail, attachments: [...mail.attachments, ...reader.forwarded], ...joined([...reader.bodies.values()]) };
}

function joined(bodies: Body[]): Pick<ReadMime, "text" | "fromHtml" | "replaced"> {
  const texts: string[] = [];
  let readable = htmlChars;
  let plains = 0;
  let replaced = false;
  for (const body of bodies) {
    const plain = body.plain.join("\n");
    const html = body.html.join("\n").slice(0, readable);
    const useHtml = plain.trim() === "" && html !== "";
    const text = useHtml ? htmlText(html) : plain;
    if (useHtml) readable -= html.length;
    else if (plain.trim() !== "") plains++;
    replaced ||= text.includes("\ufffd") && (!useHtml || html.includes("\ufffd"));
    texts.push(text);
  }
  const text = texts.join("\n").trim();
  return { text, fromHtml: text !== "" && plains === 0, replaced };
}

/** Over the mail and the messages in it together. */
interface Spent {
  lines: number;
  parts: Set<object>;
}
interface Body {
  plain: string[];
  html: string[];
}
interface Part {
  content?: ArrayBuffer | null;
}

interface Node extends Part {
  state: "header" | "body" | "finished";
  contentType: { parsed: { value: string; params: Record<string, string> } };
}

/** What of postal-mime's parser is its own business, in the version that package.json pins: `BodyReader` needs it. */
interface Internals {
  currentNode: Node;
  processLine(line: Uint8Array, last: boolean): Promise<void>;
  collectNode(node: Node, alternative: Node | false, related: boolean): Promise<void>;
  addTextEntry(part: Part, type: "plain" | "html", entry: { value: string }): void;
  collectSubMessage(part: Part): Promise<void>;
  renderTextContent(): void;
}
const Parser = PostalMime as unknown as new (options: PostalMimeOptions) => PostalMime & Internals;

/**
 * postal-mime with its text parts left as they are. By itself it makes text of HTML, and HTML of text, wherever a mail
 * has both, and takes minutes for a small mail made for that; it bounds neither the number of parts nor of what is
 * inside of encoded messages. test/email fails when an override is not called any more.
 */
class BodyReader extends Parser {
  /** By the part that chooses among them: the parts of a multipart/alternative are one body. */
  readonly bodies = new Map<object, Body>();
  /** Attachments of messages inside. */
  readonly forwarded: Attachment[] = [];
  private readonly caps: MailCaps;
  private readonly forwards: number;
  private readonly spent: Spent;
  private part: Node;

  constructor(caps: MailCaps, forwards: number, spent: Spent) {
    super({ maxNestingDepth: caps.depth, maxHeadersSize: caps.headerBytes, maxRfc822NestingDepth: forwards });
    this.caps = caps;
    this.forwards = forwards;
    this.spent = spent;
    this.part = this.currentNode;
  }

  override processLine(line: Uint8Array, last: boolean): Promise<void> {
    const { caps, spent } = this;
    // The lines of a message inside are read once more for it.
    if (++spent.lines > caps.lines * (1 + caps.forwards)) throw new MailTooLarge(`${caps.lines} lines`);
    if (this.currentNode !== this.part) {
      this.part = this.currentNode;
      if (spent.parts.add(this.part).size > caps.parts) throw new MailTooLarge(`${caps.parts} MIME parts`);
    }
    // postal-mime reads headers as UTF-8, whatever they are.
    return super.processLine(this.part.state === "header" ? asUtf8(line) : line, last);
  }

  /** Comes by every part, once its bytes are decoded and before its text is made of them. */
  override collectNode(node: Node, alternative: Node | false, related: boolean): Promise<void> {
    const { value, params } = node.contentType.parsed;
    if (node.content && /^text\//.test(value)) {
      const bytes = new Uint8Array(node.content);
      const charset = declaredCharset(params.charset, value, bytes) ?? charsetOf(bytes);
      if (charset === "mixed") node.content = asUtf8(bytes).slice().buffer;
      params.charset = charset === "mixed" ? "utf-8" : charset;
    }
    return super.collectNode(node, alternative, related);
  }

  override addTextEntry(part: Part, type: "plain" | "html", { value }: { value: string }): void {
    const body = this.bodies.get(part) ?? { plain: [], html: [] };
    this.bodies.set(part, body);
    body[type].push(value);
  }

  override async collectSubMessage(part: Part): Promise<void> {
    const inner = new BodyReader(this.caps, this.forwards - 1, this.spent);
    const mail = await inner.parse(part.content ?? new ArrayBuffer(0));
    this.addTextEntry(part, "plain", { value: headerText(mail) });
    for (const [of, body] of inner.bodies) this.bodies.set(of, body);
    this.forwarded.push(...mail.attachments, ...inner.forwarded);
  }

  override renderTextContent(): void {
    // `bodies` is what comes of it.
  }
}

/** The header of a message inside, above its text. */
function headerText({ from, to, subject, date }: Email): string {
  const people = (some: Address[] = []): string =>
    some
      .flatMap((one) => one.group ?? [one])
      .slice(0, 50)
      .map(({ name, address }) => (name === "" ? address : `${name} <${address}>`))
      .join(", ");
  const rows = [
    ["From", people(from === undefined ? [] : [from])],
    ["To", people(to)],
    ["Subject", subject ?? ""],
    ["Date", date ?? ""],
  ] as const;
  const lines = rows.filter(([, value]) => value !== "").map(([name, value]) => `${name}: ${value}`);
  const rule = "-".repeat(20);
  return `\n${rule}\n${lines.join("\n")}\n${rule}\n`;
}
