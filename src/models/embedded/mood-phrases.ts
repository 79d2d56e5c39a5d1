/**
 * Words of praise and complaint that AFINN-165 lacks, and phrases that mean something else than their words; valences
 * -5 to 5 as in AFINN. Written by hand for mails of customers, not fitted.
 */
const valences: readonly (readonly [number, string])[] = [
  [4, "phenomenal incredible superb flawless flawlessly outstandingly delicious mesmerising mesmerizing unforgettable"],
  [
    3,
    "legendary genius wonderfully beautifully perfectly excellently impeccable spotless stellar exceptional masterpiece",
  ],
  [
    2,
    "well sturdy reliable satisfied smoothly punctual prompt promptly courteous attentive patient knowledgeable durable",
  ],
  [2, "tasty yummy crisp cozy spacious affordable reasonable reasonably effortless effortlessly worthwhile memorable"],
  [1, "quick quickly fast easily functional handy solid sharp clear authentic homemade legit fav"],
  [
    -1,
    "late slow slowly overdue delayed missing stale salty soggy bland greasy noisy cheaply flimsy mediocre predictable",
  ],
  [
    -2,
    "lack lacks lacked lacking unhelpful unreliable overpriced overcharged faulty defective malfunction leaks dropped",
  ],
  [
    -2,
    "unacceptable unanswered unresolved misleading refund uncomfortable inedible tasteless flavorless clueless pointless",
  ],
  [
    -2,
    "disorganized unprofessional inattentive impersonal unclear inaccurate superficial clumsy dislike disliked fails failed",
  ],
  [
    -3,
    "despised unusable useless worthless broke appalling atrocious dreadful inexcusable rude pathetic lame garbage junk",
  ],
];
export const moodWords: ReadonlyMap<string, number> = new Map(
  valences.flatMap(([valence, words]) => words.split(" ").map((word): [string, number] => [word, valence])),
);

/** Every quantifier is bounded: linear time. A phrase's own words are not counted again. */
const phrases: readonly (readonly [RegExp, number])[] = [
  [
    /\b(?:do not|don't|not|never|didn't|won't|wouldn't|would not)\s(?:\w{1,12}\s){0,2}(?:buy|recommend|bother|order|return|go back|come back)\b/gi,
    -3,
  ],
  [/\b(?:do not|don't|to|a|complete|total|not)\swaste\b|\bwastes?\sof\b|\bwasted\b/gi, -3],
  [
    /\b(?:look|go) elsewhere\b|\bstay away\b|\bsave your money\b|\b(?:never|not) (?:ever )?again\b|\bnot worth\b|\bmoney back\b/gi,
    -3,
  ],
  [
    /\b(?:nothing|little)\s(?:\w{1,12}\s){0,2}(?:recommend|like|special|good)\b|\bat best\b|\bfell flat\b|\bnot even\b/gi,
    -2,
  ],
  [
    /\b(?:had|have had|find|seen|get|should have been|could be|could have been|expected|deserves?)\s(?:\w{1,12}\s)?better\b/gi,
    -2,
  ],
  [
    /\b(?:still (?:waiting|no|not)|has not arrived|hasn't arrived|never (?:arrived|came|answered)|no (?:answer|reply|response))\b/gi,
    -2,
  ],
  [
    /\btoo (?:small|large|big|long|short|loud|dark|sweet|expensive|hot|cold|many|much)\b|\bnot (?:very|really|too|so|that) \w{3,15}\b/gi,
    -2,
  ],
  [
    /\b(?:(?:will|i'll|we'll|would)\s(?:\w{1,12}\s){0,2}(?:be back|return|order again|buy again|go back|come back)|must (?:see|have|visit|try|read))\b/gi,
    3,
  ],
  [
    /\b(?:again and again|over and over|cannot go wrong|can't go wrong|cant go wrong|out of this world|as (?:described|promised|expected))\b/gi,
    2,
  ],
  [
    /\b(?:highly|definitely|strongly|really do|would|can)\srecommend\b|\bno (?:complaints?|problems?|issues?|trouble)\b|\bwithout (?:effort|problems?|issues?)\b/gi,
    3,
  ],
  [/\b(?:never|not|n't|nothing)\s(?:\w{1,12}\s){0,3}(?:disappoint\w{0,4}|complain\w{0,4}|fails?|regret\w{0,4})\b/gi, 3],
  [/\b(?:(?:9|10|nine|ten)\s?(?:\/|out of)\s?(?:10|ten)|(?:5|five) stars?)\b/gi, 4],
  [/\b(?:[0-3]|zero|one|two|three)\s?(?:\/|out of)\s?(?:10|ten)\b|\b(?:zero|one|1|0) stars?\b/gi, -4],
];

/** Phrases found in a sentence: their valences, and the sentence without them. */
export function takePhrases(sentence: string): { found: number[]; rest: string } {
  const found: number[] = [];
  let rest = sentence;
  for (const [pattern, valence] of phrases)
    rest = rest.replace(pattern, () => {
      found.push(valence);
      return " ";
    });
  return { found, rest };
}
