import { describe, expect, it } from "vitest";
import { isAutomatic } from "../../src/email/automatic-mail.ts";
import { handleMail } from "../../src/entry/mail.ts";
import type { AtomicEnv } from "../../src/env.ts";
import type { HttpPorts, JobHandle } from "../../src/http/ports.ts";

const person = "ann@example.com";
const machines: [Record<string, string>, string][] = [
  [{ "Auto-Submitted": "auto-replied" }, person],
  [{ "Auto-Submitted": "Auto-Generated; type=x" }, person],
  [{ "List-Id": "<news.example.com>" }, person],
  [{ Precedence: "bulk" }, person],
  [{ Precedence: "List" }, person],
  [{ Precedence: "junk" }, person],
  [{ "X-Auto-Response-Suppress": "OOF, AutoReply" }, person],
  [{ "Return-Path": "<>" }, person],
  [{}, ""],
  [{}, "<>"],
  [{}, "MAILER-DAEMON@mx.example.com"],
  [{}, "<mailer-daemon@mx.example.com>"],
  [{}, "owner-list@example.com"],
  [{}, "list-request@example.com"],
  [{}, "no-reply@example.com"],
];
const people: [Record<string, string>, string][] = [
  [{}, person],
  [{ "Auto-Submitted": "no" }, person],
  [{ "Auto-Submitted": "No (sent by hand)" }, person],
  [{ Precedence: "first-class", "X-Auto-Response-Suppress": "None" }, person],
  [{}, "owner@example.com"],
];

/** A mail through the Worker's handler, with rules for everything; its job succeeds at once. */
async function handled(
  headers: Record<string, string>,
  from: string,
  replyDraft: object = { text: "Thank you.", template: false },
): Promise<string[]> {
  const done: string[] = [];
  const card = {
    language: { label: "en", confidence: 0.9 },
    spam: { label: "ham", confidence: 0.9 },
    sentiment: null,
    actionRequest: null,
    entities: null,
    summary: null,
    replyDraft,
  };
  const event = { seq: 1, atMs: 1, type: "job-ended", status: "succeeded", answer: { value: card, unsure: [] } };
  const jobs = {
    create: async () => ({ id: "job_1" }),
    open: async () => ({ events: async () => new Response(`${JSON.stringify(event)}\n`).body }) as unknown as JobHandle,
  } as unknown as HttpPorts["jobs"];
  const message = {
    from,
    to: "desk@example.org",
    headers: new Headers(headers),
    raw: new Response("Subject: Hello\r\nFrom: ann@example.com\r\n\r\nWhen?\r\n").body,
    forward: async (to: string, more?: Headers) => {
      done.push(`forward ${to} ${JSON.stringify([...(more ?? [])])}`);
    },
    reply: async () => {
      done.push("reply");
    },
    setReject: (why: string) => done.push(why),
  } as unknown as ForwardableEmailMessage;
  const rules = [
    { when: { spam: "ham" }, take: { action: "forward", to: "team@example.org" } },
    { when: { spam: "ham" }, take: { action: "reply", from: "desk@example.org" } },
  ];
  await handleMail(message, { ATOMIC_MAIL_ACTIONS: JSON.stringify({ rules }) } as AtomicEnv, jobs);
  return done;
}

describe("mail that a program sent", () => {
  it("is told from a person's by its header and its envelope", () => {
    for (const [headers, from] of machines)
      expect([headers, from, isAutomatic(new Headers(headers), from)]).toEqual([headers, from, true]);
    for (const [headers, from] of people)
      expect([headers, from, isAutomatic(new Headers(headers), from)]).toEqual([headers, from, false]);
  });
  it("is not answered, whatever the rules say; it is forwarded, and what comes back is left alone", async () => {
    const forward = 'forward team@example.org [["x-atomic-forwarded","1"]]';
    expect(await handled({}, person)).toEqual([forward, "reply"]);
    for (const [headers, from] of machines) expect(await handled(headers, from)).toEqual([forward]);
    expect(await handled({ "X-Atomic-Forwarded": "1" }, person)).toEqual([]);
  });
  it("the rules hold too when a model's draft does not say that it is no template", async () => {
    const both = ['forward team@example.org [["x-atomic-forwarded","1"]]', "reply"];
    expect(await handled({}, person, { text: "Thank you." })).toEqual(both);
  });
});
