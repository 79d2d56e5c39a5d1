import { isClosed, type Kind } from "./kind.ts";

/** Output tokens that an answer of a kind usually fits in. */
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

/** Kinds whose answers have no more to say: what is usual is their cap, whoever writes them. */
export const isShort = (kind: Kind): boolean => isClosed(kind) || kind === "plan" || kind === "judge";
