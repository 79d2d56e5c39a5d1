import type { z } from "zod";

/** One route, as the document tells it. */
export interface Operation {
  method: "get" | "post" | "put" | "delete";
  /** With parameters in braces. */
  path: string;
  tag: "jobs" | "market" | "money" | "access" | "openai" | "anthropic";
  summary: string;
  /** The operator's key is needed. */
  operator?: true;
  body?: { name: string; schema: z.ZodType } | "bidder" | "mail-or-job";
  /** Query and header parameters: name, and what it is. */
  query?: Record<string, string>;
  headers?: Record<string, string>;
  answers: Record<number, Answer>;
}

/** What a success is; `schema`: of its JSON. */
export type Answer = { says: string; name?: string; schema?: z.ZodType; type?: string };

export const json = (says: string): Answer => ({ says });
export const none: Answer = { says: "Done.", type: "" };
