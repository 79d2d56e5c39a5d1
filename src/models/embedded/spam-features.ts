import { head } from "./reading.ts";

/** Buckets of the feature hash; one int8 weight each. */
export const buckets = 2 ** 17;
/** Characters of a mail that are looked at. */
export const spamReadChars = 8192;

/** FNV-1a (Fowler, Noll, Vo) over code units, folded to the number of buckets. */
function bucketOf(feature: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < feature.length; at++) hash = Math.imul(hash ^ feature.charCodeAt(at), 0x01000193);
  return (hash ^ (hash >>> 17)) & (buckets - 1);
}

/** 0, 1, 2, 3 ...: how many doublings; keeps counts as a few words. */
const band = (count: number): number => Math.min(6, Math.ceil(Math.log2(1 + count)));

/**
 * Hashed features of "Subject: ...\n\nbody" (or of any text): each once, words and pairs of words of the body, words of
 * the subject apart, and the shape of the writing. The same code runs in training and at work.
 */
export function spamFeatures(text: string): Set<number> {
  const read = head(text, spamReadChars);
  const subject = /^subject:[ \t]*([^\r\n]{0,500})/i.exec(read)?.[1] ?? "";
  const found = new Set<number>();
  const body = read
    // Targets of links come only with mails that were HTML; hosts of the past are no evidence for today.
    .replace(/\(\s?https?:\/\/[^\s)]{0,2000}\s?\)/gi, " ")
    .replace(/\bhttps?:\/\/[^\s<>"')\]]{1,2000}/gi, " linktoken ")
    .replace(/[\w.+-]{1,64}@[\w.-]{1,255}/g, " addresstoken ");
  let before = "";
  for (const match of body.matchAll(/[\p{L}\p{M}'’]{1,24}|[$€£]|\d{1,12}|!{1,8}/gu)) {
    const token = /^\d/.test(match[0]) ? `digits${match[0].length}` : match[0].toLowerCase();
    found.add(bucketOf(token));
    if (before !== "") found.add(bucketOf(`${before} ${token}`));
    before = token;
  }
  for (const match of subject.matchAll(/[\p{L}\p{M}'’]{1,24}|[$€£]|\d{1,12}|!{1,8}/gu))
    found.add(bucketOf(`subject ${match[0].toLowerCase()}`));
  const letters = read.match(/\p{L}/gu)?.length ?? 0;
  const capitals = read.match(/\p{Lu}/gu)?.length ?? 0;
  const quoted = read.match(/^[ \t]{0,4}>/gm)?.length ?? 0;
  const shouted = read.match(/\b\p{Lu}{4,20}\b/gu)?.length ?? 0;
  for (const feature of [
    `shape capitals ${letters === 0 ? "none" : Math.floor((10 * capitals) / letters)}`,
    `shape quoted ${band(quoted)}`,
    `shape shouted ${band(shouted)}`,
    `shape exclamations ${band(read.match(/!/g)?.length ?? 0)}`,
    `shape money ${band(read.match(/[$€£]\s?\d/g)?.length ?? 0)}`,
    `shape subject ${/^re:/i.test(subject) ? "reply" : subject === "" ? "none" : "new"}`,
    `shape subject ${/!|\$|\d{4,}$/.test(subject) ? "loud" : "calm"}`,
    `shape subject ${/\p{Lu}{3}/u.test(subject) && !/\p{Ll}/u.test(subject) ? "shouted" : "spoken"}`,
  ])
    found.add(bucketOf(feature));
  return found;
}

/** log-odds of spam: bias + sum of weights / sqrt(number of features), so that long mails do not shout down short ones. */
export function spamLogOdds(
  features: ReadonlySet<number>,
  weights: { readonly [bucket: number]: number },
  bias: number,
): number {
  let sum = 0;
  for (const feature of features) sum += weights[feature] ?? 0;
  return bias + sum / Math.sqrt(Math.max(1, features.size));
}
