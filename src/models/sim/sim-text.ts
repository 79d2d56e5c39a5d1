import type { ModelCall } from "../../race/model-port.ts";
import type { SimProfile } from "./presets.ts";
import { hashOf, Seeded } from "./seeded.ts";
import { valueFor } from "./sim-value.ts";

type Sentences = readonly [string, ...string[]];

const plain: Sentences = [
  "Thank you for your message about {topic}.",
  "We have read it and can help.",
  "The next step is simple and takes a day.",
  "Please tell us which date suits you.",
  "We will confirm it in writing.",
  "If anything about {topic} is unclear, write to us again.",
];
const rambling: Sentences = [
  "There is a good deal to say about {topic}, and it is worth saying slowly.",
  "Before we come to the point, let us look at how {topic} came about.",
  "One could argue, and many have argued, that the matter has two sides.",
  "On the other hand it has a third side, which is often forgotten.",
  "To be thorough, we should also mention what {topic} is not.",
  "In other words, and to put it differently, the same holds again.",
  "It is important to note that this, too, depends on {topic}.",
];
const foreign: Sentences = [
  "Vielen Dank für Ihre Nachricht über {topic}.",
  "Wir haben sie gelesen und melden uns in den nächsten Tagen bei Ihnen.",
  "Bitte haben Sie noch ein wenig Geduld, denn die Prüfung dauert.",
  "Sobald wir mehr über {topic} wissen, schreiben wir Ihnen wieder.",
  "Mit freundlichen Grüßen und den besten Wünschen.",
];
const stockPhrase = "As an AI language model, I will gladly answer. ";

/**
 * The text a simulated bidder writes: a function of bidder, seed and input alone. Its content is made up. Two of them
 * agree on a closed question when both are right, so agreement can be watched too.
 */
export function simText(call: ModelCall, profile: SimProfile): string {
  const draws = new Seeded(`${call.bidder}|${call.seed}|${hashOf(call.text)}`);
  const good = draws.uniform() < profile.quality;
  const topic = topicOf(call.text);
  if (call.labels && call.labels.length > 0) return labelled(call, call.labels, good, draws);
  if (call.schema !== null) {
    const json = JSON.stringify(valueFor(call.schema, draws, prose(plain, topic, 8, draws)));
    return good ? json : json.slice(0, Math.max(1, json.length - 2));
  }
  const words = Math.max(8, Math.round(draws.logNormal(profile.words.median, profile.words.sigma)));
  if (profile.style === "foreign") return stockPhrase + prose(foreign, topic, words, draws);
  if (profile.style === "rambling") return prose(rambling, topic, words, draws);
  return good ? prose(plain, topic, words, draws) : prose(rambling, topic, words * 2, draws);
}

function labelled(call: ModelCall, labels: string[], good: boolean, draws: Seeded): string {
  const right = hashOf(call.text) % labels.length;
  const chosen = good ? right : (right + 1 + Math.floor(draws.uniform() * (labels.length - 1))) % labels.length;
  return JSON.stringify({ label: labels[chosen], confidence: Math.round((0.5 + draws.uniform() / 2) * 100) / 100 });
}

function prose(sentences: Sentences, topic: string, words: number, draws: Seeded): string {
  const from = Math.floor(draws.uniform() * sentences.length);
  let text = "";
  for (let i = 0, count = 0; count < words && i < 2000; i++) {
    // The first sentence always opens; the rest go round from a drawn place.
    const sentence = (i === 0 ? sentences[0] : (sentences[(from + i) % sentences.length] ?? sentences[0])).replace(
      "{topic}",
      topic,
    );
    text += `${i === 0 ? "" : " "}${sentence}`;
    count += sentence.split(" ").length;
  }
  return text;
}

/** A few words of the input, so that a person sees the answers belong to it. */
export function topicOf(text: string): string {
  const words = text.slice(0, 2000).match(/\p{L}{5,}/gu) ?? [];
  return words.slice(0, 2).join(" ").toLowerCase() || "it";
}
