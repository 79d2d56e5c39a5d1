import { looksEnglish, pause, words } from "./reading.ts";
import { requestAnswer, requestSentences } from "./request-answer.ts";
import { embeddedBidder, type Specialist } from "./specialist.ts";

/** Sentences that are tagged; tagging and matching cost about 25 ms a KB. */
const mostSentences = 16;

/** What the tags of a sentence say, as log-odds set by hand. */
const signs: readonly (readonly [string, number])[] = [
  ["#Imperative", 2.4],
  ["^(please|kindly)? #Infinitive", 2.2],
  ["please #Adverb? #Verb", 2.2],
  ["(can|could|would|will|may|shall) (you|we|i|someone)", 2.2],
  ["(i|we) (need|want|would like) #Pronoun? to? #Verb", 1.2],
  ["(need|want|like|expect|ask) you to", 1.6],
  ["you (need|have|must|should|ought)", 1.6],
  ["let (me|us|him|her|them) #Infinitive", 2],
  ["(appreciate|wondering|hoping|grateful) (if|it|that)? #Pronoun?", 1.2],
  ["#Pronoun #Adverb? #PastTense", -1],
  ["^(i|he|she|it|they|this|that) #Adverb? #Copula", -1],
  ["thank you", -0.8],
  ["(i|we) #Modal? #Adverb? (discuss|meet|talk|speak|join|call)", 1.2],
  ["let us|let's", 1.6],
  ["(asap|tomorrow|#WeekDay)", 0.8],
];
const bias = -1.6;

/** Does a text ask its reader for something: verb forms and questions as compromise 14.17.0 tags them. English. */
export const compromiseVerbs: Specialist = {
  bidder: embeddedBidder({
    name: "compromise-verbs",
    family: "compromise",
    serves: ["action-request"],
    cpuMicrosPerKb: 25000,
  }),
  async run(text, { labels }) {
    const { default: nlp } = await import("compromise");
    const compiled = signs.map(([pattern, weight]) => [nlp.parseMatch(pattern), weight] as const);
    const logOdds: number[] = [];
    // Tags of another language are chance.
    const english = looksEnglish(words(text, 400));
    for (const [index, sentence] of requestSentences(text).slice(0, mostSentences).entries()) {
      if (index % 8 === 0) await pause();
      const doc = nlp(sentence.slice(0, 500));
      let sum = bias;
      for (const [pattern, weight] of compiled) if (doc.has(pattern)) sum += weight;
      if (doc.questions().found) sum += 2.2;
      logOdds.push(english ? sum : 0.3 * sum);
    }
    return requestAnswer(logOdds, labels);
  },
};
