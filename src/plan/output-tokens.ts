import type { Kind } from "./kind.ts";

/** Cap on output tokens of a kind when neither caller nor plan set one. */
export const outputTokens: Record<Kind, number> = {
  language: 32,
  spam: 32,
  sentiment: 32,
  "action-request": 32,
  classify: 48,
  entities: 600,
  extract: 1000,
  summarise: 400,
  draft: 600,
  answer: 1024,
  code: 2048,
  translate: 2048,
  plan: 800,
  judge: 300,
};
