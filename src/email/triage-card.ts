import { z } from "zod";

/** Fields of the card that can be unsure. */
const triageFields = ["language", "spam", "sentiment", "actionRequest", "entities", "summary", "replyDraft"] as const;

const labelled = z.strictObject({ label: z.string().min(1).max(64), confidence: z.number().min(0).max(1) });
const list = z.array(z.string().max(200)).max(50).default([]);

/** The answer of e-mail triage. A field that could not be settled is null, and `unsure` says why. */
export const triageCardSchema = z.strictObject({
  /** ISO 639-1, or "und". */
  language: labelled.nullable(),
  spam: labelled.nullable(),
  sentiment: labelled.nullable(),
  actionRequest: labelled.nullable(),
  entities: z
    .strictObject({
      people: list,
      organisations: list,
      places: list,
      dates: list,
      money: list,
      emails: list,
      urls: list,
      phones: list,
    })
    .nullable(),
  /** One line. */
  summary: z.string().max(1000).nullable(),
  /** Never sent by itself. `template`: made by rules from slots, not written by a model. */
  replyDraft: z.strictObject({ text: z.string().max(10_000), template: z.boolean() }).nullable(),
  unsure: z.array(z.strictObject({ field: z.enum(triageFields), why: z.string().min(1).max(300) })).max(16),
});
export type TriageCard = z.infer<typeof triageCardSchema>;
export type TriageField = (typeof triageFields)[number];

/** Below these, a label is shown together with "unsure". A guess among two labels has 0.5, among three 0.33. */
export const sureFrom: Record<"language" | "spam" | "sentiment" | "actionRequest", number> = {
  language: 0.6,
  spam: 0.7,
  sentiment: 0.6,
  actionRequest: 0.6,
};

/** What is unsure on a card: fields that are missing, and labels claimed with too little confidence. */
export function unsureFields(card: Omit<TriageCard, "unsure">): TriageCard["unsure"] {
  const found: TriageCard["unsure"] = [];
  for (const field of triageFields) {
    const value = card[field];
    if (value === null) {
      found.push({ field, why: "No bidder gave an accepted answer." });
      continue;
    }
    if (field === "language" || field === "spam" || field === "sentiment" || field === "actionRequest") {
      const labelledField = card[field];
      if (labelledField !== null && labelledField.confidence < sureFrom[field])
        found.push({
          field,
          why: `"${labelledField.label}" with confidence ${labelledField.confidence}, below ${sureFrom[field]}.`,
        });
    }
  }
  return found;
}
