import { head, letterCount, pause, unlabelled } from "./reading.ts";
import { closedAnswer, embeddedBidder, type Specialist } from "./specialist.ts";

/** Phrases of unasked bulk mail, and what each adds to the log-odds of spam. Written by hand, not fitted. */
const signs: readonly (readonly [RegExp, number])[] = [
  [/\b(?:viagra|cialis|levitra|rolex|casino|lottery|penis|xxx|porn)\b/i, 2.5],
  [/\b(?:click (?:here|below)|cli(?:ck|quez) ici|hier klicken|haga clic)\b/i, 1.2],
  [/\b(?:unsubscribe|opt[- ]?out|to be removed|remove (?:me|you|your (?:name|e-?mail|address))|opt[- ]?in)\b/i, 1],
  [/\b(?:act now|limited time|order now|call now|don'?t (?:miss|delay)|urgent|expires? (?:today|soon))\b/i, 1.2],
  [
    /\b(?:100 ?% (?:free|guaranteed|satisf\w{0,12})|money[- ]back|risk[- ]free|no (?:obligation|risk)|guarantee[ds]?)\b/i,
    1.2,
  ],
  [
    /\b(?:make (?:money|\$\d+)|earn (?:\$|money|up to)|extra (?:cash|income)|work (?:from|at) home|financial freedom)\b/i,
    1.8,
  ],
  [
    /\b(?:dear (?:friend|sir|customer|beneficiary|winner|user)|congratulations|you (?:have )?(?:won|been selected))\b/i,
    1.2,
  ],
  [
    /\b(?:verify your (?:account|identity)|account (?:has been |is )?(?:suspended|limited|locked)|confirm your password)\b/i,
    2.2,
  ],
  [
    /\b(?:mortgage|refinanc\w{1,4}|lowest (?:rates?|prices?)|credit card debt|consolidat\w{1,4} (?:your )?debt|insurance quote)\b/i,
    1.2,
  ],
  [/\b(?:weight loss|lose (?:\d+|weight)|pills?|herbal|growth hormone|hgh|diet)\b/i, 1],
  [
    /\b(?:million (?:us |united states )?dollars|next of kin|transfer of funds|bank of nigeria|late (?:husband|president))\b/i,
    2.2,
  ],
  [/\b(?:free (?:gift|trial|offer|access|membership)|for free|special offer|lowest price|discount)\b/i, 0.8],
  [/!{2,}|\${2,}/, 0.8],
  [/^subject:[^\r\n]{0,300}(?:!|\$|free\b|\bcash\b| {2}\w{3,12}$)/im, 1],
];

/** What ordinary correspondence shows. */
const calm: readonly (readonly [RegExp, number])[] = [
  [/^subject:\s*(?:re|aw|sv|antw|tr):/i, -1.5],
  [/^[ \t]{0,4}>/m, -1.5],
  [/^(?:on|am|le|el) [^\r\n]{5,120}(?:wrote|schrieb|a écrit|escribió):/im, -1.2],
];

/** Spam by a list of phrases: a second opinion that shares nothing with the trained one. */
export const spamKeywords: Specialist = {
  bidder: embeddedBidder({ name: "spam-keywords", family: "spam-keywords", serves: ["spam"], cpuMicrosPerKb: 130 }),
  async run(text) {
    await pause();
    if (letterCount(unlabelled(text)) === 0) return closedAnswer("ham", 0);
    const read = head(text, 16_384);
    let logOdds = -2;
    for (const [sign, weight] of [...signs, ...calm]) if (sign.test(read)) logOdds += weight;
    const spam = 1 / (1 + Math.exp(-logOdds));
    return closedAnswer(spam >= 0.5 ? "spam" : "ham", Math.max(spam, 1 - spam));
  },
};
