import { messageSentences } from "./lead.ts";
import { looksEnglish, withoutLinks, words } from "./reading.ts";
import { closedAnswer, type SpecialistAnswer } from "./specialist.ts";

/**
 * Share of a text that a finding stands for, 0 to 1: one valued word in one sentence is the text's mood, one in ten
 * sentences is not. `hits` are valued words or sentences, `said` all sentences.
 */
export const evidence = (hits: number, said: number): number => Math.min(1, (hits + 0.5) / (0.5 * Math.max(1, said)));

/**
 * What a lexicon's score means as an answer. `score` is -1 to 1, `hits` the number of valued words. Lexicons are
 * English: in another language, or without a valued word, the answer is a guess and its confidence that of chance.
 */
export function lexiconAnswer(text: string, score: number, hits: number, labels: string[] | null): SpecialistAnswer {
  const allowed = labels ?? ["positive", "negative", "neutral"];
  const chance = 1 / allowed.length;
  const blind = hits === 0 || !looksEnglish(words(text, 400));
  if ((blind || Math.abs(score) < 0.05) && allowed.includes("neutral"))
    return closedAnswer("neutral", blind ? chance : 0.5);
  // Without "neutral", a text with no valued word is a complaint in plain words rather than plain praise: people praise
  // with praising words (the Pollyanna bias of lexicons; Boucher & Osgood 1969).
  const label = score >= 0.05 ? "positive" : "negative";
  if (!allowed.includes(label)) return closedAnswer(allowed[0] ?? "neutral", 0);
  return closedAnswer(label, blind ? chance : Math.max(chance, 0.5 + 0.45 * Math.min(1, Math.abs(score))));
}

/** Polite forms at the start of a closing line praise nobody. */
const closing =
  /^[ \t]{0,8}(?:(?:best|kind|warm|many) (?:regards|wishes|thanks)|regards|sincerely|thanks|cheers|yours)\b[^\n]{0,40}$/gim;

/** What is judged: at most 100 sentences of 500 characters, without subject line, greeting, quotation, closing, links. */
export const moodSentences = (text: string): string[] =>
  messageSentences(withoutLinks(text).replace(closing, "\n\n"))
    .slice(0, 100)
    .map((sentence) => sentence.slice(0, 500));

/** Mean of the sentences that say something, so that one long text does not saturate. */
export function meanOf(scores: readonly number[]): number {
  const telling = scores.filter((score) => score !== 0);
  return telling.length === 0 ? 0 : telling.reduce((sum, score) => sum + score, 0) / telling.length;
}
