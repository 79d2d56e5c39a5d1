import { jsonAnswer, type SpecialistAnswer } from "./specialist.ts";

/** Answer of the kind "entities": things named in a text, in order of appearance, each once, at most 50 a list. */
export interface EntityLists {
  people: string[];
  organisations: string[];
  places: string[];
  dates: string[];
  money: string[];
  emails: string[];
  urls: string[];
  phones: string[];
}

/** The lists made fit to show: trimmed, once each, at most 50. What is over 200 characters is left out: cut, an address is another. */
export function entityAnswer(lists: EntityLists): SpecialistAnswer {
  const tidy = (found: string[]): string[] => {
    const once = new Map<string, string>();
    for (const item of found) {
      const shown = item.replace(/\s+/g, " ").replace(/^[\s,;:("'<]+|[\s,;:)"'>.!?]+$/g, "");
      if (shown !== "" && shown.length <= 200 && !once.has(shown.toLowerCase())) once.set(shown.toLowerCase(), shown);
      if (once.size >= 50) break;
    }
    return [...once.values()];
  };
  return jsonAnswer({
    people: tidy(lists.people),
    organisations: tidy(lists.organisations),
    places: tidy(lists.places),
    dates: tidy(lists.dates),
    money: tidy(lists.money),
    emails: tidy(lists.emails),
    urls: tidy(lists.urls),
    phones: tidy(lists.phones),
  } satisfies EntityLists);
}
