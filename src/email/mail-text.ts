import type { ParsedMail } from "./parsed-mail.ts";

/**
 * The text that microtasks read: subject and body. `own` leaves out what the mail quotes of earlier ones, so that mood
 * and requests of the sender alone are judged.
 */
export function mailText(mail: ParsedMail, history: "whole" | "own" = "whole"): string {
  const body = mail.oversized
    ? `(This mail of ${mail.size} bytes is over the limit; only its header was read.)`
    : history === "own"
      ? withoutHistory(mail.text)
      : mail.text;
  return `Subject: ${mail.subject}\n\n${body}`.trimEnd();
}

/** Lines that open the quoted history, in the words of common mail programs in five languages. */
const opening =
  /^(?:on [^\n]{5,200}\bwrote:|am [^\n]{5,200}\bschrieb[^\n]{0,100}:|le [^\n]{5,200}\ba écrit\s?:|el [^\n]{5,200}\bescribió:|il [^\n]{5,200}\bha scritto:|-{2,10} ?(?:original message|ursprüngliche nachricht|message d'origine|mensaje original|forwarded message|weitergeleitete nachricht) ?-{2,10}|_{20,80}$)/i;

/** The body without quoted lines and without what follows the opening of a history. All of it, when that leaves nothing. */
export function withoutHistory(body: string): string {
  const kept: string[] = [];
  for (const line of body.split("\n")) {
    if (opening.test(line.trim())) break;
    if (/^[ \t]{0,4}>/.test(line)) continue;
    kept.push(line);
  }
  const own = kept.join("\n").trim();
  return own === "" ? body : own;
}
