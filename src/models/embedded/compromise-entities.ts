import { entityAnswer } from "./entity-list.ts";
import { head, pause } from "./reading.ts";
import { embeddedBidder, type Specialist } from "./specialist.ts";

/** It tags about 60 KB a second: 12 KB bound its time, and what matters in a mail stands early. */
const readChars = 12_288;
const sliceChars = 2048;

/** Entities by part-of-speech tags: compromise 14.17.0. English. */
export const compromiseEntities: Specialist = {
  bidder: embeddedBidder({
    name: "compromise-entities",
    family: "compromise",
    serves: ["entities"],
    cpuMicrosPerKb: 16000,
  }),
  async run(text) {
    const { default: nlp } = await import("compromise");
    const found = {
      people: [] as string[],
      organisations: [] as string[],
      places: [] as string[],
      dates: [] as string[],
      money: [] as string[],
      emails: [] as string[],
      urls: [] as string[],
      phones: [] as string[],
    };
    const read = head(text, readChars);
    for (let at = 0; at < read.length; ) {
      await pause();
      // Cut at a line's end, so that no name is torn.
      const cut = read.length - at <= sliceChars ? -1 : read.lastIndexOf("\n", at + sliceChars);
      const end = read.length - at <= sliceChars ? read.length : cut > at ? cut : at + sliceChars;
      const doc = nlp(read.slice(at, end));
      found.people.push(...doc.people().out("array"));
      found.organisations.push(...doc.organizations().out("array"));
      found.places.push(...doc.places().out("array"));
      found.dates.push(...doc.match("#Date+").out("array"));
      found.money.push(...doc.match("#Money+").out("array"));
      found.emails.push(...doc.emails().out("array"));
      found.urls.push(...doc.urls().out("array"));
      found.phones.push(...doc.phoneNumbers().out("array"));
      at = end;
    }
    // It also tags what only looks like a name, a link or a date.
    const capital = (name: string) => /^\p{Lu}/u.test(name);
    return entityAnswer({
      ...found,
      people: found.people.filter(capital),
      organisations: found.organisations.filter(capital),
      places: found.places.filter(capital),
      dates: found.dates.filter((date) =>
        /\d{1,2}|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\btomorrow\b/i.test(date),
      ),
      urls: found.urls.filter((url) => !/["{}<>]/.test(url)),
    });
  },
};
