import { z } from "zod";

/** Fields of the card that can be unsure. */
const triageFields = ["language", "spam", "sentiment", "actionRequest", "entities", "summary", "replyDraft"] as const;

const labelled = z.strictObject({ label: z.string().min(1).max(64), confidence: z.number().min(0).max(1).optional() });
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
  /** Never sent by itself. `template`: made by rules from slots, which always say so; a model need not say anything. */
  replyDraft: z.strictObject({ text: z.string().max(10_000), template: z.boolean().default(false) }).nullable(),
  unsure: z.array(z.strictObject({ field: z.enum(triageFields), why: z.string().min(1).max(300) })).max(16),
});
export type TriageCard = z.infer<typeof triageCardSchema>;
