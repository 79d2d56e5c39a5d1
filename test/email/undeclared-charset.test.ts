import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isRefusal, parseMail } from "../../src/email/parse-mail.ts";
import { defaultMailCaps, type ParsedMail } from "../../src/email/parsed-mail.ts";
import { testServer } from "../http/memory-ports.ts";

/** A byte each: what a mail program of Latin-1 sends. */
const latin1 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replace(/\n/g, "\r\n"), "latin1"));
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text.replace(/\n/g, "\r\n"));
const joined = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));

async function parsed(raw: Uint8Array): Promise<ParsedMail> {
  const mail = await parseMail(raw);
  if (isRefusal(mail)) throw new Error(mail.message);
  return mail;
}

const german = "Grüße aus Köln: die Maße stimmen, das Öl fließt.";
const french = "Voilà l'été à Orléans, où ça coûte 3 £ ; garçon, déjà reçu !";

describe("a mail that says no charset", () => {
  it.each([german, french])("is read as windows-1252 where it is no UTF-8: %s", async (text) => {
    const mail = await parsed(latin1(`From: a@example.com\nSubject: x\n\n${text}`));
    expect(mail.text).toBe(text);
  });

  it("has the euro sign and quotes of windows-1252, where Latin-1 has controls", async () => {
    const mail = await parsed(
      joined(latin1("Subject: x\n\n"), Uint8Array.of(0x93, 0x80, 0x20, 0x39, 0x94, 0x96, 0xe4)),
    );
    expect(mail.text).toBe("“€ 9”–ä");
  });

  it.each([german, french, "今週中にご返信ください", "Все люди рождаются свободными"])(
    "stays UTF-8: %s",
    async (text) => {
      const mail = await parsed(utf8(`From: a@example.com\nSubject: ${text}\n\n${text}`));
      expect([mail.subject, mail.text]).toEqual([text, text]);
    },
  );

  it.each([
    ["us-ascii", "7bit"],
    ["unknown-8bit", "8bit"],
  ])("nor does one that says %s: its other bytes are told by themselves", async (charset, encoding) => {
    const head = `Subject: x\nContent-Type: text/plain; charset=${charset}\nContent-Transfer-Encoding: ${encoding}\n\n`;
    expect((await parsed(latin1(head + german))).text).toBe(german);
    expect((await parsed(utf8(head + german))).text).toBe(german);
  });

  it("is read so under quoted-printable and base64, too", async () => {
    const head = "Subject: x\nContent-Transfer-Encoding: ";
    expect((await parsed(latin1(`${head}quoted-printable\n\nGr=FC=DFe`))).text).toBe("Grüße");
    expect((await parsed(latin1(`${head}base64\n\n${btoa("Gr\u00fc\u00dfe")}`))).text).toBe("Grüße");
  });

  it("is told by each part for itself, in forwarded messages too", async () => {
    const part = (type: string, body: Uint8Array) =>
      joined(latin1(`--b\nContent-Type: ${type}\n\n`), body, latin1("\n"));
    const mail = await parsed(
      joined(
        latin1("Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n"),
        part("text/plain", latin1("eins für alle")),
        part("text/plain", utf8("zwei für alle")),
        part("text/html", latin1("<p>drei f\u00fcr alle</p>")),
        part("message/rfc822", latin1("Subject: für\n\nvier für alle")),
        latin1("--b--\n"),
      ),
    );
    for (const one of ["eins", "zwei", "drei", "vier"]) expect(mail.text).toContain(`${one} für alle`);
    expect(mail.text).toContain("Subject: für");
  });

  it("of HTML is what the HTML declares", async () => {
    const cyrillic = Uint8Array.of(0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2);
    const head = 'Subject: x\nContent-Type: text/html\n\n<meta http-equiv=Content-Type content="text/html; charset=';
    expect((await parsed(joined(latin1(`${head}windows-1251"><p>`), cyrillic))).text).toBe("Привет");
    expect((await parsed(joined(latin1(`${head}no-such-set"><p>`), latin1("für")))).text).toBe("für");
  });

  it("keeps its UTF-8 where few bytes are none: of a letter that was cut, of another program's line", async () => {
    const stray = joined(
      utf8(`Subject: x\n\n${german}\n`),
      latin1("> Grüße"),
      utf8(`\n${french}`),
      Uint8Array.of(0xc3),
    );
    expect((await parsed(stray)).text).toBe(`${german}\n> Grüße\n${french}Ã`);
  });

  it("is a mail whatever bytes its body has", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (junk) => {
        const mail = await parseMail(joined(latin1("From: a@example.com\nSubject: x\n\n"), junk));
        expect(isRefusal(mail)).toBe(false);
        const text = isRefusal(mail) ? "" : mail.text;
        expect(text.isWellFormed()).toBe(true);
      }),
      { numRuns: 300 },
    );
    const junk = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * i * 31 + i * 7) % 256);
    const mail = await parsed(joined(latin1("Subject: x\n\n"), junk));
    expect(mail.text.length).toBeLessThanOrEqual(defaultMailCaps.textChars);
  });
});

describe("a header of bytes that are no UTF-8", () => {
  it("is read as windows-1252, field by field, and so are attachments' names", async () => {
    const mail = await parsed(
      joined(
        latin1("From: Jürgen Weiß <j@example.com>\n"),
        utf8("To: Zoë Ørsted <z@example.com>\n"),
        latin1("Subject: Grüße\n aus Köln\nContent-Type: multipart/mixed; boundary=b\n\n"),
        latin1('--b\nContent-Type: application/pdf; name="für.pdf"\nContent-Disposition: attachment\n\nabc\n--b--\n'),
      ),
    );
    expect(mail.from).toEqual({ name: "Jürgen Weiß", address: "j@example.com" });
    expect(mail.to).toEqual([{ name: "Zoë Ørsted", address: "z@example.com" }]);
    expect(mail.subject.replace(/\s+/g, " ")).toBe("Grüße aus Köln");
    expect(mail.attachments.map(({ name }) => name)).toEqual(["für.pdf"]);
  });

  it("is read so of a mail that is over the limit, too", async () => {
    const raw = latin1(`From: a@example.com\nSubject: Grüße\n\n${"x".repeat(9_000)}`);
    expect(await parseMail(raw, { ...defaultMailCaps, bytes: 5_000 })).toMatchObject({
      subject: "Grüße",
      oversized: true,
    });
  });
});

describe("a charset that is declared", () => {
  const typed = (charset: string) => `Subject: x\nContent-Type: text/plain; charset=${charset}\n\n`;
  it("holds, also where it is wrong", async () => {
    expect((await parsed(latin1(typed("iso-8859-1") + german))).text).toBe(german);
    expect((await parsed(utf8(`${typed("iso-8859-1")}für`))).text).toBe("fÃ¼r");
    const wrong = await parseMail(latin1(`${typed("utf-8")}für`));
    expect(isRefusal(wrong) && wrong.message).toMatch(/not valid UTF-8/);
  });
  it("that nobody knows is read as windows-1252", async () => {
    expect((await parsed(latin1(`${typed("x-no-such-set")}für`))).text).toBe("für");
  });
});

it("a mail in Latin-1 that says so nowhere becomes a job that has its text", async () => {
  const raw = latin1(`From: a@example.com\nSubject: Grüße\n\n${german}\n`);
  const server = testServer();
  const response = await server.ask("/v1/jobs", { body: raw, headers: { "content-type": "message/rfc822" } });
  expect(response.status).toBe(202);
  expect(server.jobs.last()?.request.input).toMatchObject({
    type: "email",
    text: `Subject: Grüße\n\n${german}`,
    mail: { subject: "Grüße" },
  });
});
