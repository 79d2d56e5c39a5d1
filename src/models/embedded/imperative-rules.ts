import { looksEnglish, pause, unlabelled, words } from "./reading.ts";
import { requestAnswer, requestSentences } from "./request-answer.ts";
import { embeddedBidder, type Specialist } from "./specialist.ts";

/** Verbs that, at the start of a sentence of a mail, ask for something. */
const imperative =
  "accept add address adjust advise agree allow answer apply approve arrange ask assign assist assume attach attend be book " +
  "bring buy call cancel change charge check choose circulate clarify clear click close come comment compare complete confirm " +
  "consider contact continue convert coordinate copy correct create delete deliver describe determine discuss distribute do " +
  "double-check download draft drop edit e-mail email enclose ensure enter estimate evaluate execute explain extend fax file fill " +
  "find finish fix follow forward get give go grab handle have help hold identify include inform insert install investigate invite " +
  "join keep leave let list log look mail make mark meet modify move note notify obtain open order organize pass pay phone pick " +
  "plan post prepare press print proceed process provide pull put quote read recommend record refer register remember remind " +
  "remove rename reply report request resend reserve resolve respond return review revise rework run save schedule see select " +
  "send set share show sign speak specify start stay stop submit suggest supply take talk tell try turn update upload use verify " +
  "visit wait watch work write";
const startsWithVerb = new RegExp(
  `^["'“(*-]{0,3}\\s?(?:(?:please|pls|kindly|just|also|then|so|and|or|but|again|if possible|in the meantime|otherwise|next|first|finally),?\\s|[\\p{L}]{2,20},\\s|\\d{1,2}[.)]\\s){0,2}(?:do not|don't|never|always)?\\s?(?:${imperative.split(" ").join("|")})\\b(?!\\s(?:is|was|are|were|has|had|will|would)\\b)`,
  "iu",
);

/** A rule adds its weight (log-odds, set by hand) when its pattern occurs in a sentence. */
const rules: readonly (readonly [RegExp, number])[] = [
  [/^["'“(*-]{0,3}\s?(?:please|pls|kindly)\b/i, 3.5],
  [/\b(?:please|pls|kindly)\b/i, 2.5],
  [/\b(?:can|could|would|will|may|might) (?:you|we|i|someone|somebody|anyone)\b[^.!]{0,300}\?/i, 2.8],
  [/\b(?:can|could|would|will) you\b/i, 2],
  [/\b(?:would|do) you mind\b|\bwould you (?:like|be (?:able|willing))\b/i, 2.5],
  [/\b(?:let|inform|advise|tell|give) (?:me|us|him|her|them)(?: know| a call)?\b/i, 2],
  [/\b(?:i|we) (?:need|want|would like|'d like|expect|ask|urge|request|require) (?:you|your|for you|that you)\b/i, 2.8],
  [/\byou (?:need|have|ought|are (?:asked|required|requested|expected)) to\b|\byou (?:must|should)\b/i, 1.8],
  [
    /\b(?:i|we) (?:would|'d|will) (?:really |greatly )?appreciate\b|\bi was (?:wondering|hoping)\b|\bi(?:'d| would) be grateful\b/i,
    2,
  ],
  [/\b(?:i|we) (?:need|require) (?:a|an|the|to (?:know|have|get|see|talk|discuss|meet|schedule))\b/i, 1.2],
  [
    /\b(?:make sure|be sure to|remember to|don't forget|do not forget|feel free to|asap|as soon as possible|by (?:close of business|cob|eod|end of (?:the )?day|tomorrow|noon|(?:mon|tues|wednes|thurs|fri)day))\b/i,
    1.8,
  ],
  [
    /\b(?:let's|let us|shall we|why don't (?:you|we)|how about|what about|are you (?:free|available|able|interested|coming|going)|do you (?:want|have (?:time|a minute|any)|think (?:you|we)))\b/i,
    2,
  ],
  [/\?["')\]]{0,2}$/, 2.2],
  [/^(?:what|when|where|who|which|how|why|is|are|do|does|did|can|could|have|has|any|if)\b[^?]{0,500}\?/i, 0.6],
  [/\bi (?:want|demand|insist|expect)\b[^!?]{0,80}\b(?:back|refund|replace\w{0,4}|answer|reply|by)\b/i, 2.8],
  // A proposal to meet or talk asks for an answer.
  [
    /\b(?:i|we)(?:'d|'ll| would| will| shall| could| can| should| need to| want to| have to| probably need to| may)\b[^.!?]{0,40}\b(?:discuss|meet|get together|talk|speak|call you|see you|join|catch up|set up|lunch)\b/i,
    2.4,
  ],
  [
    /\b(?:i|we) (?:hope|suggest|propose|wanted to|look forward)\b|\b(?:works? (?:for|better|next)|if you(?:'re| are)? (?:available|free|around|could|would|can))\b/i,
    1.6,
  ],
  [
    /\b(?:i|we) need\b|\bget back to (?:me|us)\b|\b(?:call|e-?mail|contact|ask|forward|send|remind|give|show) (?:me|us)\b/i,
    1.6,
  ],
  [/\b(?:it )?would be (?:very |really |so )?(?:great|good|useful|helpful|nice|fine|appreciated)\b/i, 2],
  [
    /\b(?:happy|glad|like|love|pleased|free|available|open) (?:to|for) (?:\w{1,12} ){0,3}(?:meet|discuss|talk|speak|join|reschedule|visit|get together|lunch|dinner|hear)\b/i,
    1.8,
  ],
  [
    /\b(?:lets|join (?:us|me)|perhaps|maybe) (?:\w{1,12} ){0,3}(?:discuss|meet|talk|get together|set up|arrange|call|have|try|go|see|do)\b|\bjoin (?:us|me)\b/i,
    2,
  ],
  [
    /,\s(?:please )?(?:call|visit|check|contact|write|send|e-?mail|let|reply|enter|confirm|join|forward|review|sign|ask|grab)\b/i,
    1.6,
  ],
  [
    /\b(?:need|want|wanted|have) (?:you |this |these |it )?(?:to (?:know|hear|discuss|meet|ask|get|reach|fill|follow|turn|coordinate|complete)|done)\b/i,
    0.8,
  ],
  [/\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\b(?:tomorrow|tonight|next week|this week)\b/i, 0.5],
  // Footers of bulk mail ask everyone and no one.
  [
    /\b(?:address book|safe[- ]senders?|white ?list|your (?:inbox|contacts|account|profile|preferences|subscription)|receiv\w{1,3} (?:these|this|our|further|future|such|emails?|communications)|app store|rate us|follow us|any (?:questions|difficulties)|\(link\)|https?:\/\/)/i,
    -2,
  ],
  // Thanks in advance, offers and reports only sound like requests.
  [/\b(?:please (?:find|see) (?:attached|enclosed|below)|thank you for|thanks for|as (?:you )?requested)\b/i, -2.2],
  [/\b(?:click|subscribe|unsubscribe|order now|offer|% off|visit our|free)\b/i, -1.5],
  [/^(?:i|we|he|she|it|they|this|that|there|the)\b/i, -0.6],
  // The same in German, French, Spanish, Italian.
  [/\b(?:bitte|könn(?:t)?en sie|könntest du|kannst du|würden sie|geben sie|senden sie|teilen sie|lassen sie)\b/i, 3.2],
  [
    /\b(?:veuillez|merci de|s'il (?:vous|te) plaît|svp|(?:remercions|merci) de|bien vouloir|pourriez-vous|pouvez-vous|peux-tu|nous vous prions|je vous prie)\b/i,
    3.2,
  ],
  [
    /\b(?:por favor|podr(?:ías?|ían)|pued(?:es?|en)|podría usted|le (?:ruego|pido)|les? rogamos|necesito que|envíe(?:n?me|nos))\b/i,
    3.2,
  ],
  [/(?:per favore|potresti|potrebbe|la prego)|(?:ください|下さい|お願いします|いただけますか|願います)/i, 3.2],
];
const bias = -1.8;

const functionWords = new Set(
  (
    "der die das den dem und ich sie wir nicht ist sind ein eine mit für auf zu bitte " +
    "le la les des du et vous nous est pour je une dans ce pas el los las y por con una para usted " +
    "il lo gli di che per non è della sono"
  ).split(" "),
);

/** Is it in a language that the rules have words of? In any other, hearing nothing says nothing. */
function isRead(text: string): boolean {
  const sample = words(text, 400);
  if (looksEnglish(sample) || /[\u3040-\u30ff]/.test(text)) return true;
  // As large a share as of English ones.
  return sample.filter((word) => functionWords.has(word)).length >= 0.12 * sample.length;
}

/** Does a text ask its reader for something: rules on imperatives and questions. English first, four more in outline. */
export const imperativeRules: Specialist = {
  bidder: embeddedBidder({
    name: "imperative-rules",
    family: "request-rules",
    serves: ["action-request"],
    cpuMicrosPerKb: 200,
  }),
  async run(text, { labels }) {
    await pause();
    const logOdds = requestSentences(text).map(requestLogOdds);
    const read = isRead(unlabelled(text));
    return requestAnswer(
      logOdds.map((sum) => (sum < 0 && !read ? 0.3 * sum : sum)),
      labels,
    );
  },
};

/** Log-odds that a sentence asks its reader for something. */
export function requestLogOdds(sentence: string): number {
  let sum = bias;
  if (startsWithVerb.test(sentence)) sum += 2.6;
  for (const [pattern, weight] of rules) if (pattern.test(sentence)) sum += weight;
  return sum;
}
