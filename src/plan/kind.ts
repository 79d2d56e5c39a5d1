/**
 * Kinds of microtask. A closed kind has an answer from a small set, `{label, confidence}`, so two answers can be
 * compared for equality; passing its schema says nothing about being right. A generative kind has free text or data.
 */
export const kinds = {
  language: { closed: true, what: "ISO 639-1 code of the language of a text" },
  spam: { closed: true, what: "spam or ham" },
  sentiment: { closed: true, what: "positive, negative or neutral" },
  "action-request": { closed: true, what: "does the text ask its reader to do something" },
  classify: { closed: true, what: "one label of a given set" },
  entities: { closed: false, what: "people, organisations, dates, money, addresses in a text" },
  extract: { closed: false, what: "fields of a schema, read from a text" },
  summarise: { closed: false, what: "a shorter text with the same message" },
  draft: { closed: false, what: "a reply or another text to be edited by a person" },
  answer: { closed: false, what: "an answer to a conversation" },
  code: { closed: false, what: "source code" },
  translate: { closed: false, what: "the same text in another language" },
  plan: { closed: false, what: "a plan of microtasks for a request" },
  judge: { closed: false, what: "a verdict on candidates" },
} as const satisfies Record<string, { closed: boolean; what: string }>;

export type Kind = keyof typeof kinds;
export const kindNames = Object.keys(kinds) as [Kind, ...Kind[]];
/** What a job or a microtask of a caller's plan may be; plans and verdicts are Atomic's own. */
export const jobKinds = kindNames.filter((kind) => kind !== "plan" && kind !== "judge") as [JobKind, ...JobKind[]];
type JobKind = Exclude<Kind, "plan" | "judge">;
export const isKind = (name: string): name is Kind => Object.hasOwn(kinds, name);
/** Labels of a closed kind when neither caller nor plan names others. */
export const kindLabels: Partial<Record<Kind, string[]>> = {
  spam: ["spam", "ham"],
  sentiment: ["positive", "negative", "neutral"],
  "action-request": ["action-request", "no-action"],
};

/** Labels that an answer may name, `own` before the kind's; null: it names one of an open set (languages), or none. */
export const labelsOf = (kind: Kind, own: string[] | null | undefined): string[] | null =>
  own ?? kindLabels[kind] ?? null;

/** A closed answer that claims less than this is shown as unsure. A guess among two labels has 0.5. */
export const sureFrom = 0.6;

export const isClosed = (kind: Kind): boolean => kinds[kind].closed;
