import { withoutHistory } from "./history.ts";
import { requestLogOdds } from "./imperative-rules.ts";
import { messageSentences, shorten, subjectOf } from "./lead.ts";
import { matchEntities } from "./pattern-entities.ts";
import { head, pause, withoutLinks, words } from "./reading.ts";
import { embeddedBidder, jsonAnswer, type Specialist, textAnswer } from "./specialist.ts";

interface Phrases {
  notice: string;
  greet: (name: string) => string;
  thanks: (subject: string) => string;
  asked: (request: string) => string;
  noted: (facts: string) => string;
  close: string;
  /** Function words that tell the language. */
  signs: string[];
}

/** The reply's fixed words; what stands between quotation marks is cut from the mail. */
const phrases: Record<string, Phrases> = {
  en: {
    notice: "[Template reply, filled in by rules, not written by a model. Check before sending.]",
    greet: (name) => (name === "" ? "Hello," : `Hello ${name},`),
    thanks: (subject) => (subject === "" ? "Thank you for your message." : `Thank you for your message "${subject}".`),
    asked: (request) => `You asked: "${request}"`,
    noted: (facts) => `I have noted: ${facts}.`,
    close: "I will come back to you about this.\n\nKind regards",
    signs: ["the", "and", "you", "of", "is", "for", "to"],
  },
  de: {
    notice: "[Vorlage, nach Regeln ausgefüllt, nicht von einem Modell geschrieben. Vor dem Senden prüfen.]",
    greet: (name) => (name === "" ? "Guten Tag," : `Guten Tag ${name},`),
    thanks: (subject) =>
      subject === "" ? "vielen Dank für Ihre Nachricht." : `vielen Dank für Ihre Nachricht „${subject}“.`,
    asked: (request) => `Sie schreiben: „${request}“`,
    noted: (facts) => `Notiert habe ich: ${facts}.`,
    close: "Ich melde mich dazu bei Ihnen.\n\nMit freundlichen Grüßen",
    signs: ["der", "die", "und", "sie", "ich", "nicht", "das", "wir", "bitte"],
  },
  fr: {
    notice: "[Modèle de réponse rempli par des règles, non rédigé par une IA. À vérifier avant l'envoi.]",
    greet: (name) => (name === "" ? "Bonjour," : `Bonjour ${name},`),
    thanks: (subject) => (subject === "" ? "Merci pour votre message." : `Merci pour votre message « ${subject} ».`),
    asked: (request) => `Vous écrivez : « ${request} »`,
    noted: (facts) => `J'ai noté : ${facts}.`,
    close: "Je reviens vers vous à ce sujet.\n\nCordialement",
    signs: ["le", "les", "et", "vous", "nous", "est", "pour", "je", "des"],
  },
  es: {
    notice: "[Plantilla rellenada por reglas, no escrita por un modelo. Revísela antes de enviarla.]",
    greet: (name) => (name === "" ? "Hola:" : `Hola, ${name}:`),
    thanks: (subject) => (subject === "" ? "Gracias por su mensaje." : `Gracias por su mensaje «${subject}».`),
    asked: (request) => `Usted escribe: «${request}»`,
    noted: (facts) => `He anotado: ${facts}.`,
    close: "Me pondré en contacto con usted al respecto.\n\nUn cordial saludo",
    signs: ["el", "los", "y", "usted", "que", "para", "por", "una", "con"],
  },
};

/** Reply by slots: greeting, subject, the sentence that asks most, dates and sums. It says that it is a template. */
export const slotReply: Specialist = {
  bidder: embeddedBidder({
    name: "slot-reply",
    family: "slot-reply",
    serves: ["draft"],
    cpuMicrosPerKb: 350,
    standIn: true,
  }),
  async run(text, { schema }) {
    await pause();
    const reply = fillReply(withoutHistory(head(text, 16_384)));
    // A caller whose schema asks for an object gets the mark as a field too.
    const wantsObject = typeof schema === "object" && schema !== null && schema.type === "object";
    return wantsObject ? jsonAnswer({ text: reply, template: true }) : textAnswer(reply);
  },
};

function fillReply(text: string): string {
  const { notice, greet, thanks, asked, noted, close } = phrasesFor(text);
  const said = messageSentences(text).slice(0, 40);
  let request = "";
  let most = 0;
  for (const sentence of said) {
    const logOdds = requestLogOdds(sentence);
    if (logOdds > most) [request, most] = [sentence, logOdds];
  }
  const facts = matchEntities(text);
  const noticed = [...new Set([...facts.money.slice(0, 2), ...facts.dates.slice(0, 3)])];
  const named = noticed
    .filter((fact) => !noticed.some((other) => other !== fact && other.includes(fact)))
    .map((fact) => quotable(fact, 60));
  const signer = facts.people.at(-1) ?? "";
  return [
    notice,
    "",
    greet(quotable(signer, 60)),
    "",
    thanks(quotable(readable(subjectOf(text)), 120)),
    ...(request === "" ? [] : [asked(quotable(request, 200))]),
    ...(named.length === 0 ? [] : [noted(named.join(", "))]),
    close,
  ].join("\n");
}

/** Words of the stranger's mail, made harmless to send back: one line, no links, no quotation marks. */
const quotable = (text: string, limit: number): string =>
  shorten(
    withoutLinks(text)
      .replace(/[\s"“”„«»]+/g, " ")
      .trim(),
    limit,
  );

/** A header whose encoding was not undone ("caf=E9", "=?utf-8?...") is nothing to quote. */
const readable = (header: string): string => (/=[0-9A-F]{2}|=\?/.test(header) ? "" : header);

/** The template whose function words occur most; English when none stands out. */
function phrasesFor(text: string): Phrases {
  const seen = words(text, 400);
  let best = phrases.en as Phrases;
  let most = 0;
  for (const candidate of Object.values(phrases)) {
    const hits = seen.filter((word) => candidate.signs.includes(word)).length;
    if (hits > most) [best, most] = [candidate, hits];
  }
  return best;
}
