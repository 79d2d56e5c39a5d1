import { expect, it } from "vitest";
import type { JobInput } from "../../src/plan/job-request.ts";
import { bidderOf, requestOf, says, World } from "./world.ts";

const draft = '{"text":"Thank you."}';

/** The card of a mail that one model reads, what was left unsure, and which kinds were asked for. */
async function triaged(text: string, { spam = "ham", automatic }: { spam?: string; automatic?: true } = {}) {
  const asked = new Set<string>();
  const world = new World([bidderOf("a/one")], (call) => {
    asked.add(call.kind);
    if (call.kind === "draft") return says(draft);
    if (call.kind === "spam") return says(`{"label":"${spam}","confidence":0.99}`);
    return says(call.kind === "summarise" ? "A mail." : "{}");
  });
  const facts = { subject: "", from: "a@b.c", to: [], messageId: null, oversized: false, attachments: [] };
  const input: JobInput = { type: "email", text, mail: { ...facts, ...(automatic ? { automatic } : {}) } };
  world.accept(requestOf({ input, plan: "email-triage" }));
  const { answer } = await world.settle();
  const card = answer?.value as Record<string, unknown>;
  return { card, asked, why: Object.fromEntries((answer?.unsure ?? []).map((u) => [u.part, u.why])) };
}

it("summarises a mail and proposes a reply", async () => {
  const { card, why } = await triaged("Subject: Lamps\n\nWhere are they?");
  expect(card).toMatchObject({ summary: "A mail.", replyDraft: { text: "Thank you." } });
  expect(why).not.toHaveProperty("replyDraft");
});

it("says nothing of a mail that says nothing, and asks nobody to", async () => {
  const { card, why, asked } = await triaged("Subject:");
  expect(card).toMatchObject({ summary: null, replyDraft: null });
  expect(why).toMatchObject({ summary: expect.stringContaining("neither"), replyDraft: expect.any(String) });
  expect([asked.has("summarise"), asked.has("draft")]).toEqual([false, false]);
});

it("drafts no reply to a program or a list, and shows none to spam", async () => {
  const list = await triaged("Subject: News\n\nAll the news.", { automatic: true });
  expect(list.card).toMatchObject({ summary: "A mail.", replyDraft: null });
  expect([list.why.replyDraft, list.asked.has("draft")]).toEqual([expect.stringContaining("nobody waits"), false]);
  const spam = await triaged("Subject: Win\n\nClick here.", { spam: "spam" });
  expect([spam.card.replyDraft, spam.why.replyDraft]).toEqual([null, expect.stringContaining("spam")]);
});
