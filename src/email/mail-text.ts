import type { ParsedMail } from "./parsed-mail.ts";

/** The text that microtasks read: subject and body, with what the mail quotes of earlier ones. */
export function mailText(mail: ParsedMail): string {
  const body = mail.oversized
    ? `(This mail of ${mail.size} bytes is over the limit; only its header was read.)`
    : mail.text;
  return `Subject: ${mail.subject}\n\n${body}`.trimEnd();
}
