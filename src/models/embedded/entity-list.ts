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

/** The lists made fit to show: trimmed, once each, at most 50 of at most 200 characters. */
export function entityAnswer(lists: EntityLists): SpecialistAnswer {
  const tidy = (found: string[]): string[] => {
    const once = new Map<string, string>();
    for (const item of found) {
      const shown = item
        .replace(/\s+/g, " ")
        .replace(/^[\s,;:("'<]+|[\s,;:)"'>.!?]+$/g, "")
        .slice(0, 200);
      if (shown !== "" && !once.has(shown.toLowerCase())) once.set(shown.toLowerCase(), shown);
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
