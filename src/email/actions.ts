import { z } from "zod";
import type { Refusal } from "../error.ts";
import type { TriageCard } from "./triage-card.ts";

const address = z.email().max(320);

/** When a rule holds: every named condition must. An unsure field never fulfils one. */
const conditionSchema = z.strictObject({
  spam: z.enum(["spam", "ham"]).optional(),
  sentiment: z.enum(["positive", "negative", "neutral"]).optional(),
  actionRequest: z.enum(["action-request", "no-action"]).optional(),
  /** ISO 639-1. */
  language: z
    .string()
    .regex(/^[a-z]{2,3}$/)
    .optional(),
});

const ruleSchema = z.strictObject({
  when: conditionSchema.refine((when) => Object.keys(when).length > 0, "name at least one field of the card"),
  take: z.discriminatedUnion("action", [
    z.strictObject({ action: z.literal("forward"), to: address }),
    /** Answers the sender with the card's draft. `from` is an address of this Worker's own domain. */
    z.strictObject({ action: z.literal("reply"), from: address, templates: z.boolean().default(false) }),
  ]),
});

/** The operator's binding ATOMIC_MAIL_ACTIONS. Absent: nothing is ever forwarded or answered. */
export const mailActionsSchema = z.strictObject({ rules: z.array(ruleSchema).max(32).default([]) });
export type MailActions = z.infer<typeof mailActionsSchema>;

export const noMailActions: MailActions = { rules: [] };

export type MailAction =
  | { action: "forward"; to: string; rule: number }
  | { action: "reply"; from: string; text: string; rule: number };

/** Reads the binding; a binding that does not fit is refused whole, so that half a configuration never acts. */
export function readMailActions(binding: string | undefined): MailActions | Refusal {
  if (binding === undefined || binding.trim() === "") return noMailActions;
  let value: unknown;
  try {
    value = JSON.parse(binding);
  } catch {
    return refuse('is not JSON. Set it to {"rules": [...]} or remove it');
  }
  const read = mailActionsSchema.safeParse(value);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  return refuse(
    `is wrong at ${issue?.path.join(".") || "its top"}: ${issue?.message ?? "unknown"}. Correct it or remove it`,
  );
}

/**
 * What the operator's rules say is to be done with a mail; nothing is done here, and nothing the mail says can add an
 * action or change an address. Each target once; at most one reply, none to spam, and none without a draft.
 */
export function chooseActions(actions: MailActions, card: TriageCard): MailAction[] {
  const unsure = new Set<string>(card.unsure.map(({ field }) => field));
  const chosen: MailAction[] = [];
  for (const [rule, { when, take }] of actions.rules.entries()) {
    const holds = (Object.keys(when) as (keyof typeof when)[]).every(
      (field) => when[field] === undefined || (!unsure.has(field) && card[field]?.label === when[field]),
    );
    if (!holds) continue;
    if (take.action === "forward") {
      if (!chosen.some((other) => other.action === "forward" && other.to === take.to))
        chosen.push({ action: "forward", to: take.to, rule });
      continue;
    }
    const draft = card.replyDraft;
    if (draft === null || unsure.has("replyDraft") || (draft.template && !take.templates)) continue;
    if (card.spam?.label !== "ham" || chosen.some((other) => other.action === "reply")) continue;
    chosen.push({ action: "reply", from: take.from, text: draft.text, rule });
  }
  return chosen;
}

const refuse = (message: string): Refusal => ({
  code: "not-configured",
  message: `ATOMIC_MAIL_ACTIONS ${message}.`,
  field: "ATOMIC_MAIL_ACTIONS",
});
