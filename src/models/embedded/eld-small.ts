import { withoutHistory } from "./history.ts";
import { head, letterCount, pause, unlabelled, withoutLinks } from "./reading.ts";
import { closedAnswer, embeddedBidder, type Specialist } from "./specialist.ts";

/** 2 KB of text settle a language; more would only cost. */
const sampleChars = 2048;

/** Language by n-grams: eld 2.1.0 (Nito-ELD), its small database, 60 languages. Good on short texts. */
export const eldSmall: Specialist = {
  bidder: embeddedBidder({ name: "eld-small", family: "eld", serves: ["language"], cpuMicrosPerKb: 450 }),
  async run(text, { labels }) {
    const { eld } = await import("eld/small");
    await pause();
    const sample = head(withoutLinks(head(unlabelled(withoutHistory(text)), sampleChars * 4)), sampleChars);
    const letters = letterCount(sample);
    if (letters === 0) return closedAnswer("und", 0);
    const scores = Object.entries(eld.detect(sample).getScores())
      .filter(([code]) => labels === null || labels.includes(code))
      .sort((a, b) => b[1] - a[1]);
    const [first, second] = scores;
    if (first === undefined) return closedAnswer("und", 0);
    // eld scales its raw score r to r / (r + 25); undone, the ratio of the best two tells how close the call was.
    const raw = (score: number) => score / Math.max(1e-9, 1 - score);
    const ratio = second === undefined ? 0 : raw(second[1]) / raw(first[1]);
    // A ratio is an average over n-grams: the longer the text, the less chance there is in it.
    const sharpness = 2 * Math.log2(1 + letters / 4);
    const confidence = 1 / (1 + ratio ** sharpness);
    // It has no Indonesian: what it calls Malay is as likely Indonesian.
    return closedAnswer(first[0], first[0] === "ms" ? Math.min(0.5, confidence) : confidence);
  },
};
