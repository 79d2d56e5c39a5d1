import type { Kind } from "../plan/kind.ts";

/** Sampling temperature where the caller set none. null: the provider's own. Answers that can be wrong are not varied. */
const temperatures: Record<Kind, number | null> = {
  language: 0,
  spam: 0,
  sentiment: 0,
  "action-request": 0,
  classify: 0,
  entities: 0,
  extract: 0,
  summarise: 0.3,
  draft: 0.7,
  answer: null,
  code: 0.2,
  translate: 0.2,
  plan: 0,
  judge: 0,
};

/** Outcomes a bidder needs in a cell before its usual length says anything of its longest. */
const known = 20;
/** Room above the usual length: log-normal lengths of spread 0.6 exceed eight times their median once in 4,000. */
const room = 8;
const leastCap = 256;

export interface Parameters {
  temperature: number | null;
  /** null: too little is known of its lengths. */
  maxOutputTokens: number | null;
}

/**
 * What a call is asked with, from the profile behind its bid: `typical` output tokens and `n` outcomes. A cap that fits
 * what this bidder usually sends bounds what a runaway can cost.
 */
export function parametersFor(kind: Kind, profile: { typical: number; n: number } | null): Parameters {
  const isKnown = profile !== null && profile.n >= known;
  return {
    temperature: temperatures[kind],
    maxOutputTokens: isKnown ? Math.max(leastCap, Math.ceil(profile.typical * room)) : null,
  };
}
