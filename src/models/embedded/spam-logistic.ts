import { letterCount, looksEnglish, pause, unlabelled, words } from "./reading.ts";
import { buckets, spamFeatures, spamLogOdds } from "./spam-features.ts";
import { closedAnswer, embeddedBidder, type Specialist } from "./specialist.ts";

let weights: Int8Array | null = null;
/** Words below which a mail is mostly its shape, and short mails of the corpus are spam: "Call me" would be, too. */
const fewestWords = 6;

/** Spam by hashed logistic regression over words, pairs of words and shape; weights by training/spam/train.ts. */
export const spamLogistic: Specialist = {
  bidder: embeddedBidder({ name: "spam-logistic", family: "spam-logistic", serves: ["spam"], cpuMicrosPerKb: 500 }),
  async run(text) {
    const { bias, scale, base64 } = await import("./weights/spam-logistic.ts");
    weights ??= Int8Array.from(atob(base64), (c) => c.charCodeAt(0));
    if (weights.length !== buckets) throw new Error("spam weights do not fit the feature hash: train again");
    await pause();
    if (letterCount(unlabelled(text)) === 0) return closedAnswer("ham", 0);
    const trained = spamLogOdds(spamFeatures(text), weights, bias / scale) * scale;
    // The corpus has other languages nearly only as spam, which is no evidence: there, and of a few words, it says ham,
    // unsurely, unless the rest is overwhelming.
    const tells = words(unlabelled(text), fewestWords).length >= fewestWords;
    const familiar = (tells && looksEnglish(words(text, 400))) || isGarbled(text);
    const logOdds = familiar ? trained : 0.3 * trained - 0.9;
    const spam = 1 / (1 + Math.exp(-logOdds));
    return closedAnswer(spam >= 0.5 ? "spam" : "ham", Math.max(spam, 1 - spam));
  },
};

/** Bytes of another charset shown as Latin-1 are no language: over 3 % of the signs are symbols like ¿, ¶, ×, ±. */
function isGarbled(text: string): boolean {
  const read = text.slice(0, 4096);
  return (read.match(/[\u00a1-\u00bf\u00d7\u00f7]/g)?.length ?? 0) > 0.03 * read.length;
}
