import { type EntityLists, entityAnswer } from "./entity-list.ts";
import { head, pause } from "./reading.ts";
import { embeddedBidder, type Specialist } from "./specialist.ts";

/** Every quantifier is bounded and no two neighbours can match the same text: linear time on hostile input. */
const months =
  "jan(?:uary|uar|vier|\\.)?|feb(?:ruary|ruar|rero|\\.)?|févr(?:ier|\\.)?|mar(?:ch|s|zo|\\.)?|märz|apr(?:il|\\.)?|avril|abril|" +
  "ma[iy]o?|jun[ei]?|juin|junio|jul[yi]?|juillet|julio|aug(?:ust|\\.)?|août|agosto|sep(?:t(?:ember|embre|\\.)?|\\.)?|septiembre|" +
  "o[ck]t(?:ober|obre|\\.)?|octubre|nov(?:ember|embre|iembre|\\.)?|de[cz](?:ember|\\.)?|déc(?:embre|\\.)?|diciembre";
const patterns = {
  emails: /(?<![\w.+-])[\w.+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}/gi,
  urls: /\bhttps?:\/\/[^\s<>"'()[\]]{1,2000}|\bwww\.[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,6}(?:\/[^\s<>"'()[\]]{0,1000})?/gi,
  money:
    /(?:(?:US|CA|AU)?[$€£¥]|\b(?:USD|EUR|GBP|CHF|JPY))\s?\d{1,12}(?:[.,' ]\d{3}){0,4}(?:[.,]\d{1,2})?(?:\s?(?:million|billion|k|m|bn)\b)?|(?<![\d.,])\d{1,12}(?:[., ]\d{3}){0,4}(?:[.,]\d{1,2})?\s?(?:€|£|¥|円|(?:euros?|dollars?|pounds?|francs?|USD|EUR|GBP|CHF|JPY)\b)/gi,
  dates: new RegExp(
    [
      "(?<!\\d)\\d{4}-\\d{2}-\\d{2}(?:T\\d{2}:\\d{2}(?::\\d{2})?Z?)?(?!\\d)",
      "(?<![\\d.])\\d{1,2}[./]\\d{1,2}[./](?:\\d{4}|\\d{2})(?!\\d)",
      `(?<!\\d)\\d{1,2}(?:st|nd|rd|th|er|\\.)?\\s(?:of\\s|de\\s)?(?:${months})(?![\\p{L}])(?:(?:,|\\sde|\\sdel)?\\s\\d{4})?`,
      `(?<![\\p{L}])(?:${months})\\s\\d{1,2}(?:st|nd|rd|th)?(?!\\d)(?:,?\\s\\d{4})?`,
      "(?<!\\d)\\d{4}年\\d{1,2}月\\d{1,2}日",
      "\\b(?:next\\s|this\\s|last\\s)?(?:mon|tues|wednes|thurs|fri|satur|sun)day\\b",
      "\\b(?:tomorrow|today|yesterday|next (?:week|month|year))\\b",
    ].join("|"),
    "giu",
  ),
  phones: /(?<![\w.,/-])(?:\+\d{1,3}[ .-]?)?(?:\(\d{1,5}\)[ .-]?)?\d{2,5}(?:[ .-]\d{2,5}){1,4}(?![\w/-]|[.,]\d)/g,
  people:
    /\b(?:Mr|Mrs|Ms|Dr|Prof|Herr|Frau|Mme|Sra?|M)\.?[ ]\p{Lu}[\p{L}'’-]{1,30}(?:[ ]\p{Lu}[\p{L}'’-]{1,30}){0,2}/gu,
  organisations:
    /\b(?:(?:\p{Lu}[\p{L}\d'’-]{1,30}|&)[ ]){1,4}(?:Inc|Ltd|LLC|GmbH|AG|KG|SARL|SAS|S\.A\.|SL|Corp(?:oration)?|Company|Bank|University|Institute|Foundation)(?![\p{L}])/gu,
} as const;

/** Names at the end of a mail: the first short capitalised line after a closing formula. */
const signature =
  /(?:^|\n)[ \t]{0,8}(?:(?:best|kind|warm) regards|regards|sincerely|yours (?:truly|sincerely|faithfully)|cheers|thanks|many thanks|(?:mit )?(?:freundlichen|besten|viele|liebe) gr(?:ü|ue)(?:ß|ss)en?|cordialement|bien à vous|saludos(?: cordiales)?|un saludo|atentamente),?[ \t]{0,8}\r?\n(?:[ \t]{0,8}\r?\n){0,3}[ \t]{0,8}(\p{Lu}[\p{L}.'’-]{1,30}(?: \p{Lu}[\p{L}.'’-]{0,30}){0,3})[ \t]{0,8}(?:\r?\n|$)/giu;

/** Entities by hand-written patterns: dates, money, addresses, links, phone numbers in five languages; titled names. */
export const patternEntities: Specialist = {
  bidder: embeddedBidder({ name: "pattern-entities", family: "patterns", serves: ["entities"], cpuMicrosPerKb: 120 }),
  async run(text) {
    await pause();
    return entityAnswer(matchEntities(head(text)));
  },
};

/** The lists as the patterns find them; also the facts that reply templates are filled with. */
export function matchEntities(text: string): EntityLists {
  const all = (pattern: RegExp): string[] => (text.match(pattern) ?? []).slice(0, 500);
  const dates = all(patterns.dates);
  const signed = [...text.matchAll(signature)].flatMap((match) => (match[1] === undefined ? [] : [match[1]]));
  return {
    people: [...all(patterns.people), ...signed],
    organisations: all(patterns.organisations),
    places: [],
    dates,
    money: all(patterns.money),
    emails: all(patterns.emails),
    urls: all(patterns.urls),
    // A phone number has at least seven digits, is no date, and shows what it is: a prefix, or ten digits.
    phones: all(patterns.phones).filter(
      (found) =>
        found.replace(/\D/g, "").length >= 7 &&
        found.replace(/\D/g, "").length <= 15 &&
        !dates.includes(found) &&
        (/^[+(0]/.test(found) || found.replace(/\D/g, "").length >= 10),
    ),
  };
}
