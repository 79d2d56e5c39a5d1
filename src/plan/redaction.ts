/** What can be told from its form alone. */
export const identifierKinds = ["email", "phone", "iban", "card", "ip"] as const;
export type IdentifierKind = (typeof identifierKinds)[number];

/** What is replaced in everything that leaves for a bidder outside this process. */
export interface RedactionRules {
  identifiers: IdentifierKind[];
  /** Names and words of the caller's, but for case and spelling: `src/output/text-shadow.ts`. */
  terms: string[];
}

/** How many different values of a call were replaced, by kind. */
export type RedactionCounts = Partial<Record<IdentifierKind | "term", number>>;

/** All that either replaces; undefined: neither replaces anything. */
export function bothRedactions(
  one: RedactionRules | undefined,
  other: RedactionRules | undefined,
): RedactionRules | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return {
    identifiers: identifierKinds.filter((kind) => one.identifiers.includes(kind) || other.identifiers.includes(kind)),
    terms: [...new Set([...one.terms, ...other.terms])],
  };
}
