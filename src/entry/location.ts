import type { ClientPlace } from "../http/ports.ts";

const gulfAndLevant = ["AE", "BH", "IL", "IQ", "IR", "JO", "KW", "LB", "OM", "PS", "QA", "SA", "SY", "TR", "YE"];

/** Where a job's object is to live: near its client. null: nothing is known, and the platform chooses. */
export function locationHint(place: ClientPlace | undefined): DurableObjectLocationHint | null {
  if (place === undefined) return null;
  const { continent, country = "" } = place;
  if (gulfAndLevant.includes(country)) return "me";
  const longitude = Number(place.longitude ?? Number.NaN);
  switch (continent) {
    case "NA":
      // The Mississippi, about: what is nearer to which coast.
      return longitude < -97 ? "wnam" : "enam";
    case "SA":
      return "sam";
    case "EU":
      return longitude > 15 ? "eeur" : "weur";
    case "AS":
      return "apac";
    case "OC":
      return "oc";
    case "AF":
      return "afr";
    default:
      return null;
  }
}
