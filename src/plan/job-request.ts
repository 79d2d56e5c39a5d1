import type { Policy, Strategy } from "../market/bid.ts";
import type { NanoUsd } from "../money/nano-usd.ts";
import type { Contract } from "./contract.ts";
import type { Effort } from "./effort.ts";
import type { Image } from "./image.ts";
import type { Kind } from "./kind.ts";
import type { Message, Plan } from "./microtask.ts";
import { imagesOf } from "./prompt-texts.ts";
import type { RedactionRules } from "./redaction.ts";
import type { Sampling } from "./sampling.ts";
import type { Tools } from "./tool.ts";

/** What arrived, already parsed: a conversation, a bare text, or a mail's readable part. */
export type JobInput =
  | { type: "messages"; messages: Message[] }
  | { type: "text"; text: string }
  | { type: "email"; text: string; mail: MailFacts };

/** What the log keeps of a mail besides its text: metadata, never attachment content. */
export interface MailFacts {
  subject: string;
  from: string;
  to: string[];
  messageId: string | null;
  oversized: boolean;
  /** A program sent it, or a list: nobody waits for a reply. Absent: no. */
  automatic?: true;
  attachments: { name: string; type: string; bytes: number }[];
}

/** live: the leader's tokens are passed on at once. accepted: only text that satisfied the contract. */
export type Delivery = "live" | "accepted";
/** What happens when the leader changes after its tokens were delivered. */
export type LeaderChange = "restart" | "continue" | "fail";

/** A client's request after validation, as the job log keeps it. */
export interface JobRequest {
  input: JobInput;
  kind: Kind;
  /** A built-in plan, the LLM planner ("auto"), or the caller's own plan. */
  plan: "single" | "email-triage" | "map-reduce" | "auto" | Omit<Plan, "source">;
  instruction: string;
  /** fast: run by the Worker that took it, its log written down when it has ended. Absent: in an object of its own. */
  lane?: "fast";
  /** What it is a case of, in the caller's words: outcomes are learned by it. Absent: see `useName`. */
  context?: string;
  labels: string[] | null;
  contract: Contract;
  /** Of plan "single" only. Absent: none are offered. */
  tools?: Tools;
  valueNano: NanoUsd | null;
  /** Cap on what providers may bill for this job; null: none. */
  budgetNano: NanoUsd | null;
  /** From acceptance of the job; null: none but the platform's. */
  deadlineMs: number | null;
  policy: Policy;
  strategy: Strategy;
  delivery: Delivery;
  leaderChange: LeaderChange;
  /** What happens instead of "continue" where nobody can go on from the delivered text. Absent: restart. */
  leaderChangeElse?: "restart" | "fail";
  bidders: string[] | null;
  /** Who can be told how long to think is to think so long at least. Absent: as its operator said. */
  effort?: Effort;
  /** Who may judge its answers, and is shown them for that; asked for one only who is in `bidders` too. Absent: whoever may be asked. */
  judges?: string[];
  maxOutputTokens: number | null;
  temperature: number | null;
  /** Absent: each provider's own, and a seed of Atomic's. */
  sampling?: Sampling;
  /** An answer ends before the first of these that occurs in it; of plan "single" only. Absent: none. */
  stop?: string[];
  /** Keep accepted answers as examples for this tenant, and carry the best of them. */
  examples: boolean;
  /** true: providers are to cache its prompt, whose beginning comes again. false: none is to. Absent: see `comesAgain`. */
  promptCache?: boolean;
  /** Only bidders that promise not to keep what they are sent. */
  noRetention: boolean;
  region: string | null;
  /** What is replaced in all that leaves for a bidder outside this process, and put back into what it answers. Absent: nothing. */
  redact?: RedactionRules;
  cancelOnDisconnect: boolean;
  /** Who is told of the job's end; `secretName` names a secret binding, absent: the tenant's own secret signs. */
  webhook?: { url: string; secretName?: string };
  metadata: Record<string, string>;
  /** The answer to the very same request, made less than so long ago, will do. A job's own request never has it. Absent: none will. */
  reuseMs?: number;
}

/** The pictures of a conversation, which all are shown who work on it. */
export const jobImages = (input: JobInput): Image[] => (input.type === "messages" ? imagesOf(input.messages) : []);

/** The text a job is about: the last user turn of a conversation, the text, or the mail's text. */
export function jobText(input: JobInput): string {
  if (input.type !== "messages") return input.text;
  for (let i = input.messages.length - 1; i >= 0; i--) {
    const message = input.messages[i];
    if (message?.role === "user") return message.content;
  }
  return "";
}
