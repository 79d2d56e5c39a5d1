/// <reference path="./untyped.d.ts" />
import { evidence, lexiconAnswer, meanOf, moodSentences } from "./lexicon-answer.ts";
import { pause } from "./reading.ts";
import { embeddedBidder, type Specialist } from "./specialist.ts";

/** Mood by AFINN with pairs of words, negation and emoji: wink-sentiment 5.0.2. English. */
export const wink: Specialist = {
  bidder: embeddedBidder({ name: "wink", family: "afinn", serves: ["sentiment"], cpuMicrosPerKb: 650 }),
  async run(text, { labels }) {
    const { default: sentiment } = await import("wink-sentiment");
    const scores: number[] = [];
    for (const [index, sentence] of moodSentences(text).entries()) {
      if (index % 32 === 0) await pause();
      // normalizedScore is -5 to 5.
      scores.push(sentiment(sentence).normalizedScore / 5);
    }
    const hits = scores.filter((score) => score !== 0).length;
    return lexiconAnswer(text, meanOf(scores) * evidence(hits, scores.length), hits, labels);
  },
};
