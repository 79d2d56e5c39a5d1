import { expect, it } from "vitest";
import { handleMail } from "../../src/entry/mail.ts";
import type { AtomicEnv } from "../../src/env.ts";
import type { HttpPorts } from "../../src/http/ports.ts";
import { call, eventsOf, operator } from "./api.ts";

const text = "Grüße aus Köln.";
/** In Latin-1, which it does not say. */
const raw = Uint8Array.from(`From: a@example.com\r\nSubject: Grüße\r\n\r\n${text}`, (letter) => letter.charCodeAt(0));
const input = { type: "email", text: `Subject: Grüße\n\n${text}` };

it("a mail that says no charset is a job's text, and stays so in its log", async () => {
  const headers = { ...operator, "content-type": "message/rfc822" };
  const response = await call("/v1/jobs", { method: "POST", body: raw, headers });
  expect(response.status).toBe(202);
  const { id } = (await response.json()) as { id: string };
  const [first] = await eventsOf(id);
  expect(first).toMatchObject({ type: "job-accepted", request: { input } });
});

it("the same comes of one that is sent to the Worker", async () => {
  const made: unknown[] = [];
  const jobs = {
    create: async (_caller: unknown, request: { input: unknown }) => {
      made.push(request.input);
      return { id: "job_1" };
    },
  } as unknown as HttpPorts["jobs"];
  const message = { raw: new Response(raw).body, headers: new Headers(), from: "a@example.com", to: "b@example.com" };
  await handleMail(message as unknown as ForwardableEmailMessage, {} as AtomicEnv, jobs);
  expect(made).toEqual([expect.objectContaining(input)]);
});
