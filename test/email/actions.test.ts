import { describe, expect, it } from "vitest";
import { chooseActions, noMailActions, readMailActions } from "../../src/email/actions.ts";
import { type TriageCard, triageCardSchema } from "../../src/email/triage-card.ts";

const card: TriageCard = {
  language: { label: "en", confidence: 0.9 },
  spam: { label: "ham", confidence: 0.9 },
  sentiment: { label: "negative", confidence: 0.8 },
  actionRequest: { label: "action-request", confidence: 0.9 },
  entities: null,
  summary: "One line.",
  replyDraft: { text: "Thank you.", template: true },
  unsure: [],
};
const rules = (text: unknown) => {
  const read = readMailActions(JSON.stringify(text));
  if ("code" in read) throw new Error(read.message);
  return read;
};

describe("the card", () => {
  it("is checked by its schema", () => {
    expect(triageCardSchema.parse(card)).toEqual(card);
  });
});

describe("mail actions", () => {
  it("are none without configuration", () => {
    expect(readMailActions(undefined)).toEqual(noMailActions);
    expect(chooseActions(noMailActions, card)).toEqual([]);
  });
  it("a binding that does not fit is refused whole and names the place", () => {
    for (const binding of [
      "{",
      "[]",
      '{"rules":[{"when":{},"take":{"action":"forward","to":"a@example.com"}}]}',
      '{"rules":[{"when":{"spam":"ham"},"take":{"action":"forward","to":"nobody"}}]}',
      '{"rules":[{"when":{"spam":"ham"},"take":{"action":"delete"}}]}',
      '{"rules":[],"also":1}',
    ])
      expect(readMailActions(binding), binding).toMatchObject({ code: "not-configured", field: "ATOMIC_MAIL_ACTIONS" });
  });
  it("forward when every condition holds, each address once", () => {
    const actions = rules({
      rules: [
        { when: { sentiment: "negative", spam: "ham" }, take: { action: "forward", to: "care@example.com" } },
        { when: { actionRequest: "action-request" }, take: { action: "forward", to: "care@example.com" } },
        { when: { language: "de" }, take: { action: "forward", to: "de@example.com" } },
      ],
    });
    expect(chooseActions(actions, card)).toEqual([{ action: "forward", to: "care@example.com", rule: 0 }]);
  });
  it("an unsure field fulfils no condition", () => {
    const actions = rules({ rules: [{ when: { spam: "ham" }, take: { action: "forward", to: "a@example.com" } }] });
    expect(chooseActions(actions, { ...card, unsure: [{ field: "spam", why: "low" }] })).toEqual([]);
    expect(chooseActions(actions, { ...card, spam: null })).toEqual([]);
  });
  it("reply once, never to spam, with a template only when that is allowed", () => {
    const reply = (templates: boolean) =>
      rules({
        rules: [
          { when: { language: "en" }, take: { action: "reply", from: "desk@example.com", templates } },
          { when: { spam: "ham" }, take: { action: "reply", from: "desk@example.com", templates } },
        ],
      });
    expect(chooseActions(reply(false), card)).toEqual([]);
    expect(chooseActions(reply(true), card)).toEqual([
      { action: "reply", from: "desk@example.com", text: "Thank you.", rule: 0 },
    ]);
    expect(chooseActions(reply(true), { ...card, spam: { label: "spam", confidence: 1 } })).toEqual([]);
    expect(chooseActions(reply(true), { ...card, replyDraft: null })).toEqual([]);
  });
});
