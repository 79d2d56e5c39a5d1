import { withoutHistory } from "./history.ts";
import { codesWithTwoLetters, iso6391 } from "./iso-639.ts";
import { head, letterCount, pause, unlabelled, withoutLinks } from "./reading.ts";
import { closedAnswer, embeddedBidder, type Specialist } from "./specialist.ts";

const sampleChars = 2048;

/** Language by trigram ranks: franc 6.2.0, kept to the languages with an ISO 639-1 code. Good on long texts. */
export const franc: Specialist = {
  bidder: embeddedBidder({ name: "franc", family: "franc", serves: ["language"], cpuMicrosPerKb: 2300 }),
  async run(text, { labels }) {
    const { francAll } = await import("franc");
    await pause();
    const sample = head(withoutLinks(head(unlabelled(withoutHistory(text)), sampleChars * 4)), sampleChars);
    const letters = letterCount(sample);
    if (letters === 0) return closedAnswer("und", 0);
    const only = codesWithTwoLetters.filter((code) => labels === null || labels.includes(iso6391(code) ?? ""));
    const ranked = francAll(sample, { minLength: 1, only });
    const best = ranked[0];
    const label = best === undefined ? null : iso6391(best[0]);
    if (best === undefined || label === null) return closedAnswer("und", 0);
    // Scores are 1 for the best and fall with the distance of trigram ranks: the gap to the next other label counts.
    const next = ranked.find(([code]) => iso6391(code) !== label);
    // A script that only one language uses is decided without trigrams.
    if (next === undefined) return closedAnswer(label, 0.99);
    const gap = 1 - next[1];
    const evidence = Math.min(1, letters / 100);
    return closedAnswer(label, 0.5 + 0.5 * Math.tanh(gap * 12 * evidence));
  },
};
