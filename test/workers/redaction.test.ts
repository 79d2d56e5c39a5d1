import { expect, inject, it } from "vitest";
import type { LedgerEntry } from "../provider/ledger.ts";
import { bidder, call, keyOf, post, put } from "./call.ts";

const text = "Mail ana@example.com, phone +49 30 1234567, about Zanzibar.";
const answer = "[TERM_1]: [EMAIL_1], [PHONE_1].";
const whole = "Zanzibar: ana@example.com, +49 30 1234567.";
const redact = { terms: ["zanzibar"] };

const sentTo = async (model: string): Promise<string> =>
  JSON.stringify(
    ((await (await fetch(`${inject("providerUrl")}/ledger`)).json()) as LedgerEntry[])
      .filter((entry) => entry.model === model)
      .map((entry) => entry.body),
  );

it("replaces values before a provider is asked and puts them back, at every door and in both lanes", async () => {
  const model = await bidder("redacted", { pieces: ["[TER", "M_1]: [EMAIL", "_1], [PHONE_1", "]."] });
  const key = await keyOf("redacting");
  for (const lane of ["durable", "fast"]) {
    const view = await (await post("/v1/jobs?wait=true", { text, redact, lane, bidders: [model] }, key)).json();
    expect(view).toMatchObject({
      answer: { text: whole },
      microtasks: [{ attempts: [{ redacted: { email: 1, phone: 1, term: 1 } }] }],
    });
  }
  const messages = [{ role: "user", content: text }];
  const chat = await post("/v1/chat/completions", { model, messages, stream: true, atomic: { redact } }, key);
  const frames = (await chat.text()).split("\n\n").flatMap((frame) => {
    const data = frame.replace(/^data: /, "");
    return data.startsWith("{") ? [JSON.parse(data).choices[0]?.delta?.content ?? ""] : [];
  });
  expect(frames.join("")).toBe(whole);
  const response = await post("/v1/responses", { model, input: text, atomic: { redact } }, key);
  expect(JSON.stringify(await response.json())).toContain(whole);

  const sent = await sentTo("redacted");
  expect(sent).toContain("[EMAIL_1]");
  expect(sent).not.toMatch(/ana@example|1234567|zanzibar/i);
});

it("is what an operator asks of all of a tenant's jobs, beside what they ask for", async () => {
  const model = await bidder("redacted-rule", { text: answer });
  const key = await keyOf("redacting-rule");
  const rules = { redact: { identifiers: ["email"] } };
  expect(await (await put("/v1/tenants/redacting-rule/rules", rules)).json()).toMatchObject({
    redact: { identifiers: ["email"], terms: [] },
  });
  const own = { identifiers: ["phone"], terms: ["zanzibar"] };
  const view = await (await post("/v1/jobs?wait=true", { text, redact: own, bidders: [model] }, key)).json();
  expect(view).toMatchObject({ answer: { text: whole } });
  expect(await sentTo("redacted-rule")).not.toMatch(/ana@example|1234567|zanzibar/i);
  const { id } = view as { id: string };
  expect(await (await call(`/v1/jobs/${id}/events`, {}, key)).text()).toContain('"identifiers":["email","phone"]');
});

it.each([
  [{ identifiers: ["name"] }, "redact.identifiers[0]"],
  [{ terms: ['say "x"'] }, "redact.terms[0]"],
  [{ terms: ["x"] }, "redact.terms[0]"],
  [{ terms: ["[TERM_1]"] }, "redact.terms[0]"],
  [{ terms: Array.from({ length: 101 }, (_, i) => `term ${i}`) }, "redact.terms"],
  [{ names: true }, "redact.names"],
])("refuses what it cannot do: %j", async (bad, field) => {
  const refused = await post("/v1/jobs", { text, redact: bad });
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({ field });
});
