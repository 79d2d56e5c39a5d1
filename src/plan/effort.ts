/** How long a model is to think before it answers, from least to most. */
export const efforts = ["minimal", "low", "medium", "high"] as const;
export type Effort = (typeof efforts)[number];
/** What an endpoint asks its model for. */
export type Reasoning = "none" | Effort;

/** Place of an effort among all, from 0 (none, and what is not known) up. */
export const rankOf = (effort: Reasoning | undefined): number =>
  effort === undefined || effort === "none" ? 0 : efforts.indexOf(effort) + 1;
