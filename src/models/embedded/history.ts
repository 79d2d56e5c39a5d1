import { head } from "./reading.ts";

/** Subjects of mails that are sent on: what they quote is what they are about. */
const forward = /^subject:\s{0,8}(?:fwd?|wg|tr|rv|i|enc)\s?:/i;

/** Lines that name whom a quotation is of, in the words of common mail programs in five languages. */
const attribution =
  /^(?:on .{5,200}\bwrote|am .{5,200}\bschrieb\b.{0,100}|le .{5,200}\ba écrit\s?|el .{5,200}\bescribió|il .{5,200}\bha scritto):$/i;
/** Lines from which on all is an earlier mail. */
const opening =
  /^(?:-{2,10} ?(?:original message|ursprüngliche nachricht|message d'origine|mensaje original|forwarded message|weitergeleitete nachricht) ?-{2,10}|_{20,80})$/i;
/** The same without a rule above it: a mail's header, as Outlook puts it into a reply. */
const sender = /^(?:from|von|de|da)\s?: .{1,300}$/i;
const sent = /^(?:sent|date|gesendet|datum|envoyé|enviado(?: el)?|fecha|inviato|data)\s?: /i;

/**
 * A mail's text without what it quotes of earlier ones, so that its sender's own language, mood and requests are judged.
 * All of it, when that leaves nothing or the mail was sent on. Linear in its length.
 */
export function withoutHistory(text: string): string {
  if (forward.test(text)) return text;
  const [subject = ""] = /^subject:[^\n]*\n?/i.exec(text) ?? [];
  const lines = head(text.slice(subject.length)).split("\n");
  const kept: string[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    const [here, next = ""] = [line.trim(), lines[at + 1]?.trim()];
    if (opening.test(here) || (sender.test(here) && sent.test(next))) break;
    // Programs that break lines break this one too.
    const wide = attribution.test(here) ? 1 : attribution.test(`${here} ${next}`) ? 2 : 0;
    if (wide > 0) {
      at += wide;
      while (at < lines.length && lines[at]?.trim() === "") at++;
      // Below a quotation whose lines are marked the sender may go on.
      if (!isQuoted(lines[at] ?? "")) break;
    } else if (!isQuoted(line)) kept.push(line);
  }
  const own = kept.join("\n").trim();
  return own === "" ? text : `${subject}${subject === "" ? "" : "\n"}${own}`;
}

const isQuoted = (line: string): boolean => /^[ \t]{0,4}>/.test(line);
