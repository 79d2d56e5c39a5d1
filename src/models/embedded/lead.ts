import { withoutHistory } from "./history.ts";
import { head, pause, sentences } from "./reading.ts";
import { embeddedBidder, type Specialist, textAnswer } from "./specialist.ts";

/** Characters a one-line summary may have. */
export const summaryChars = 240;

/** What a text says, without what carries no message: header, greeting, quoted history. Shared with TextRank. */
export function messageSentences(text: string): string[] {
  const body = withoutHistory(text)
    .replace(
      /^(?:subject|betreff|objet|asunto|from|to|cc|date|sent|von|an|gesendet|datum|envoyé|enviado(?: el)?|para):[^\r\n]{0,2000}(?:\r?\n|$)/gim,
      "\n",
    )
    .replace(/^[ \t]{0,4}>[^\r\n]{0,2000}$/gm, "")
    .replace(
      /^[ \t]{0,4}(?:hi|hello|hey|dear|good (?:morning|day|afternoon)|hallo|guten tag|liebe[rs]?|sehr geehrte[rs]?|bonjour|madame|monsieur|cher|chère|to whom it may concern|いつもお世話になっております|hola|buenos días|estimad[oa]s?)(?![\p{L}])[^\r\n.!?]{0,60}[,:!。]?[ \t]{0,4}$/gimu,
      "",
    );
  return sentences(body, 120, 600);
}

/** Subject of a mail text, or "". */
export const subjectOf = (text: string): string => /^subject:[ \t]*([^\r\n]{0,500})/i.exec(text)?.[1]?.trim() ?? "";

/** Cuts at a word's end and says so. */
export function shorten(text: string, limit = summaryChars): string {
  if (text.length <= limit) return text;
  const cut = text.lastIndexOf(" ", limit - 1);
  return `${head(text, cut > limit / 2 ? cut : limit - 1).trimEnd()}…`;
}

/** Summary by the first sentence that says something: a strong baseline on news and mail (Nenkova 2005). */
export const lead: Specialist = {
  bidder: embeddedBidder({ name: "lead", family: "lead", serves: ["summarise"], cpuMicrosPerKb: 60, standIn: true }),
  async run(text) {
    await pause();
    const all = messageSentences(text);
    const first = all.find((sentence) => sentence.split(" ").length >= 4 || /[\p{Lo}]{8}/u.test(sentence)) ?? all[0];
    return textAnswer(shorten(first ?? subjectOf(text)));
  },
};
