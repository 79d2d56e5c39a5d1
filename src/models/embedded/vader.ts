/// <reference path="./untyped.d.ts" />
import { evidence, lexiconAnswer, meanOf, moodSentences } from "./lexicon-answer.ts";
import { pause } from "./reading.ts";
import { embeddedBidder, type Specialist } from "./specialist.ts";

/** Mood by the VADER lexicon and rules (Hutto & Gilbert 2014), vader-sentiment 1.1.3. English. */
export const vader: Specialist = {
  bidder: embeddedBidder({ name: "vader", family: "vader", serves: ["sentiment"], cpuMicrosPerKb: 3200 }),
  async run(text, { labels }) {
    const { default: library } = await import("vader-sentiment");
    const scores: number[] = [];
    // Sentence by sentence: the library is made for them, and takes time quadratic in the length of what it is given.
    for (const [index, sentence] of moodSentences(text).entries()) {
      if (index % 32 === 0) await pause();
      scores.push(library.SentimentIntensityAnalyzer.polarity_scores(sentence).compound);
    }
    const hits = scores.filter((score) => score !== 0).length;
    return lexiconAnswer(text, meanOf(scores) * evidence(hits, scores.length), hits, labels);
  },
};
