import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { mailText } from "../../src/email/mail-text.ts";
import { isRefusal, parseMail } from "../../src/email/parse-mail.ts";
import { defaultMailCaps, type ParsedMail } from "../../src/email/parsed-mail.ts";

const folder = new URL("./mails/", import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith(".eml"));
const bytes = (text: string) => new TextEncoder().encode(text.replace(/\r?\n/g, "\r\n"));

async function parsed(raw: Uint8Array, caps = defaultMailCaps): Promise<ParsedMail> {
  const mail = await parseMail(raw, caps);
  if (isRefusal(mail)) throw new Error(mail.message);
  return mail;
}
const mailNamed = (name: string) => parsed(readFileSync(new URL(`${name}.eml`, folder)));
async function refused(raw: Uint8Array, caps = defaultMailCaps): Promise<string> {
  const mail = await parseMail(raw, caps);
  if (!isRefusal(mail)) throw new Error("it was accepted");
  expect(mail.code).toBe("invalid-email");
  return mail.message;
}

describe("the twelve mails", () => {
  it("are twelve, end their lines with CRLF, and are all accepted", async () => {
    expect(names).toHaveLength(12);
    for (const name of names) {
      const raw = readFileSync(new URL(name, folder), "latin1");
      expect(raw.match(/(?<!\r)\n/), name).toBeNull();
      await parsed(Buffer.from(raw, "latin1"));
    }
  });
  it("quoted-printable and encoded words", async () => {
    const mail = await mailNamed("02-request-de");
    expect(mail.subject).toBe("Zugänge für zwei neue Kolleginnen");
    expect(mail.from).toEqual({ name: "Jürgen Weiß", address: "juergen.weiss@example.net" });
    expect(mail.text).toContain("verstärken zwei Kolleginnen unser Büro in Köln");
    expect(mail.date).toBe("2027-01-12T13:03:10.000Z");
  });
  it.each([
    ["Auto-Submitted: auto-replied", true],
    ["Auto-Submitted: no", false],
    ["Precedence: bulk", true],
    ["Precedence: first-class", false],
    ["List-Id: News <news.example.com>", true],
    ["X-Other: list", false],
    ["Return-Path: <>", true],
    ["X-Auto-Response-Suppress: All", true],
  ])("%s: sent by a program or a list? %s", async (header, automatic) => {
    expect(await parsed(bytes(`From: a@b.c\n${header}\n\nHello.`))).toMatchObject({ automatic });
  });
  it("a bounce and what nobody reads answers to are a program's", async () => {
    for (const from of ["MAILER-DAEMON@example.com", "Shop <no-reply@example.com>"])
      expect(await parsed(bytes(`From: ${from}\nSubject: x\n\nHello.`))).toMatchObject({ automatic: true });
    expect(await parsed(bytes("Subject: x\n\nHello."))).toMatchObject({ automatic: false, from: null });
  });
  it("keeps of an attachment its name, type and size, and nothing else", async () => {
    const mail = await mailNamed("03-invoice-attachment-fr");
    expect(mail.attachments).toEqual([{ name: "facture-2027-0042.pdf", type: "application/pdf", size: 238 }]);
    expect(JSON.stringify(mail)).not.toContain("PDF-1.4");
  });
  it("other charsets and base64", async () => {
    expect((await mailNamed("04-order-question-es")).subject).toBe("¿Cuándo llega el pedido 88213?");
    expect((await mailNamed("05-delivery-date-ja")).text).toContain("今週中にご返信ください");
  });
  it("makes text of HTML without script, style and comment", async () => {
    const mail = await mailNamed("08-html-only-en");
    expect(mail.textFrom).toBe("html");
    expect(mail.text).toContain("The contractor".replace(" ", "\n"));
    expect(mail.text).toContain("Miller & Sons Ltd, quoted £2,350");
    expect(mail.text).not.toMatch(/never be read|margin|nobody should see|[<>]/);
  });
  it("prefers the plain alternative", async () => {
    const mail = await mailNamed("06-newsletter-en");
    expect(mail.textFrom).toBe("plain");
    expect(mail.text).toContain("broad beans can go under glass");
  });
  it("an empty mail is a mail", async () => {
    const mail = await mailNamed("10-empty-body");
    expect([mail.subject, mail.text, mail.textFrom]).toEqual(["", "", "none"]);
    expect(mailText(mail)).toBe("Subject:");
  });
});

describe("bad mails are refused with what to do", () => {
  const good = "From: a@example.com\nSubject: Hi\n";
  it("no bytes, no header", async () => {
    expect(await refused(new Uint8Array())).toMatch(/empty/);
    expect(await refused(bytes("just some words\nand more words\n"))).toMatch(/no header/);
    expect(await refused(new Uint8Array(5000).fill(0x00))).toMatch(/no header/);
  });
  it("invalid UTF-8 in the header and in the body", async () => {
    const header = bytes(`${good}X-Name: ?\n\nbody`);
    header[header.indexOf(63)] = 0xff;
    expect(await refused(header)).toMatch(/not valid UTF-8/);
    const body = bytes(`${good}Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nbody ?`);
    body[body.length - 1] = 0xe4;
    expect(await refused(body)).toMatch(/not valid UTF-8/);
    const encoded = bytes(
      `${good}Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n/////w==\n`,
    );
    expect(await refused(encoded)).toMatch(/not valid/);
  });
  it("a replacement character that the mail itself carries is no error", async () => {
    const raw = bytes(`${good}Content-Type: text/plain; charset=utf-8\n\nsomeone else lost a letter: \ufffd`);
    expect((await parsed(raw)).text).toContain("\ufffd");
    const encoded = btoa(String.fromCharCode(...new TextEncoder().encode("x\ufffdy")));
    expect(
      (
        await parsed(
          bytes(`${good}Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n${encoded}\n`),
        )
      ).text,
    ).toBe("x\ufffdy");
  });
  it("multipart without boundary, or whose boundary never occurs", async () => {
    expect(await refused(bytes(`${good}Content-Type: multipart/mixed\n\nbody`))).toMatch(/no boundary/);
    expect(await refused(bytes(`${good}Content-Type: multipart/mixed; boundary="b"\n\nbody`))).toMatch(/never occurs/);
  });
  it("too deep, too many parts, too many lines, too long a header", async () => {
    let nested = "Content-Type: text/plain\n\nin the middle\n";
    for (let level = 0; level < 40; level++)
      nested = `Content-Type: multipart/mixed; boundary="b${level}"\n\n--b${level}\n${nested}\n--b${level}--\n`;
    expect(await refused(bytes(good + nested))).toMatch(/nests over 16/);
    const parts = "--b\nContent-Type: text/plain\n\nx\n".repeat(500);
    expect(await refused(bytes(`${good}Content-Type: multipart/mixed; boundary=b\n\n${parts}--b--\n`))).toMatch(
      /over 200 MIME parts/,
    );
    expect(await refused(bytes(`${good}\n${"\n".repeat(1_100_000)}`))).toMatch(/lines/);
    expect(await refused(bytes(`${good}X-Long: ${"x".repeat(300_000)}\n\nbody`))).toMatch(/header is over/);
  });
});

describe("bounds", () => {
  it("a mail over the limit is kept by its header and says so", async () => {
    const raw = bytes(`From: Ann <a@example.com>\nSubject: Big one\n\n${"line of text\n".repeat(2000)}`);
    const mail = await parsed(raw, { ...defaultMailCaps, bytes: 10_000 });
    expect(mail).toMatchObject({ subject: "Big one", oversized: true, text: "", size: raw.length });
    expect(mailText(mail)).toContain(`This mail of ${raw.length} bytes is over the limit`);
  });
  it("long text is cut and says so", async () => {
    const mail = await parsed(bytes(`Subject: Long\n\n${"word ".repeat(100_000)}`));
    expect(mail.text).toHaveLength(defaultMailCaps.textChars);
    expect(mail.textCut).toBe(true);
  });
  it("header values are one line, so none can forge another header", async () => {
    const mail = await parsed(bytes("Subject: =?utf-8?Q?Hi=0D=0ABcc:_victim@example.com?=\nFrom: a@example.com\n\nx"));
    expect(mail.subject).toBe("Hi Bcc: victim@example.com");
  });
  it("addresses are at most fifty, groups are flattened", async () => {
    const to = Array.from({ length: 80 }, (_, i) => `u${i}@example.com`).join(", ");
    expect((await parsed(bytes(`Subject: x\nTo: ${to}\n\nx`))).to).toHaveLength(50);
    expect(
      (await parsed(bytes("Subject: x\nTo: Team: a@example.com, b@example.com;\n\nx"))).to.map(
        ({ address }) => address,
      ),
    ).toEqual(["a@example.com", "b@example.com"]);
  });
  it("twice as much hostile HTML takes about twice as long, wherever it stands in the mail", async () => {
    const alone = (html: string) => `Content-Type: text/html; charset=utf-8\n\n${html}`;
    const beside = (html: string) =>
      `Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nhi\n--b\n${alone(html)}\n--b--\n`;
    const inside = (html: string) =>
      `Content-Type: multipart/mixed; boundary=c\n\n--c\nContent-Type: message/rfc822\n\nSubject: y\n${beside(html)}\n--c--\n`;
    const ms = async (text: string) => {
      const raw = bytes(`Subject: x\n${text}`);
      const started = performance.now();
      await parsed(raw);
      return performance.now() - started;
    };
    for (const shape of [
      "<a href=",
      "<a href=>",
      "<a ",
      "<!--",
      "<style>",
      "<style",
      "<script",
      "&#",
      "&amp",
      "<div><td>",
    ])
      for (const placed of [alone, beside, inside]) {
        const once = await ms(placed(shape.repeat(40_000)));
        // Quadratic, the smallest of these takes seconds.
        expect(await ms(placed(shape.repeat(80_000))), `${placed.name} ${shape}`).toBeLessThan(3 * once + 500);
      }
  }, 60_000);
  it("reads of a mail's HTML a megabyte, of all parts together", async () => {
    const part = `--b\nContent-Type: text/html\n\n${"<b>x</b>".repeat(60_000)}\n`;
    const raw = bytes(`Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n${part.repeat(4)}--b--\n`);
    const { text } = await parsed(raw, { ...defaultMailCaps, textChars: 1e9 });
    expect(Math.round(text.replace(/\s/g, "").length / 100)).toBe(Math.round(1_048_576 / "<b>x</b>".length / 100));
  });
  it("counts the parts and lines that are inside of encoded messages, and behind boundaries longer than allowed", async () => {
    const many = (boundary: string) => `--${boundary}\nContent-Type: text/plain\n\nx\n`.repeat(300);
    const digest = `Subject: y\nContent-Type: multipart/mixed; boundary=c\n\n${many("c")}--c--\n`;
    const encoded = (text: string) =>
      bytes(
        `Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n${btoa(text)}\n--b--\n`,
      );
    expect(await refused(encoded(digest))).toMatch(/over 200 MIME parts/);
    const caps = { ...defaultMailCaps, lines: 100 };
    expect(await refused(encoded(`Subject: y\n\n${"\n".repeat(1000)}`), caps)).toMatch(/over 100 lines/);
    const long = "q".repeat(250);
    const outer = "Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n";
    const inner = `Content-Type: multipart/mixed; boundary=${long}\n\n${many(long)}--${long}--\n--b--\n`;
    expect(await refused(bytes(outer + inner))).toMatch(/over 200 MIME parts/);
  });
});

describe("text of HTML and of several parts", () => {
  const html = async (body: string) => (await parsed(bytes(`Subject: x\nContent-Type: text/html\n\n${body}`))).text;
  it("keeps lines, list items, links and entities, and what follows a broken tag", async () => {
    expect(await html("<p>One<br>two &amp; three&nbsp;&euro;</p><ul><li>a<li>b</ul>")).toBe(
      "One\ntwo & three €\n\n* a* b",
    );
    expect(await html('See <a class=x href="https://a.example/?a=1&amp;b=2">this</a>.')).toBe(
      "See (https://a.example/?a=1&b=2) this.",
    );
    expect(await html("<b>a</b>b <i>c</i><unknown>d</unknown")).toBe("ab c d");
    expect(await html("a < b and 3<4, <3")).toBe("a < b and 3<4, <3");
  });
  it("leaves out what no reader is shown", async () => {
    expect(
      await html(
        "<!doctype html><html><head><title>t</title><style>p{}</style></head><body>a<script>x</script><!-- c -->b</body>",
      ),
    ).toBe("a b");
    expect(await html("<STYLE>p::after{content:'</p>'}</STYLE>seen")).toBe("seen");
  });
  it("joins plain parts and HTML parts in their order; of alternatives it takes the plain one, unless it is blank", async () => {
    const parts = (type: string, ...each: [string, string][]) =>
      bytes(
        `Subject: x\nContent-Type: multipart/${type}; boundary=b\n\n${each.map(([kind, text]) => `--b\nContent-Type: text/${kind}\n\n${text}\n`).join("")}--b--\n`,
      );
    const mixed = await parsed(parts("mixed", ["plain", "one"], ["html", "<b>two</b>"], ["plain", "three"]));
    expect([mixed.text.split(/\n+/), mixed.textFrom]).toEqual([["one", "two", "three"], "plain"]);
    const plain = await parsed(parts("alternative", ["plain", "one"], ["html", "<b>two</b>"]));
    expect([plain.text, plain.textFrom]).toEqual(["one", "plain"]);
    const blank = await parsed(parts("alternative", ["plain", " "], ["html", "<b>two</b>"]));
    expect([blank.text, blank.textFrom]).toEqual(["two", "html"]);
  });
  it("reads a message inside below its header, and its attachments", async () => {
    const mail = await parsed(
      bytes(
        'Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nFYI\n--b\nContent-Type: message/rfc822\n\nSubject: y\nFrom: Ann <a@example.com>\nContent-Type: multipart/mixed; boundary=c\n\n--c\nContent-Type: text/html\n\n<p>inner</p>\n--c\nContent-Type: image/png; name="p.png"\n\nabc\n--c--\n--b\nContent-Type: text/plain\n\nfooter\n--b--\n',
      ),
    );
    expect(mail.text).toMatch(/^FYI\n+-+\nFrom: Ann <a@example.com>\nSubject: y\n-+\n+inner\n+footer$/);
    expect(mail.attachments.map(({ name }) => name)).toEqual(["p.png"]);
  });
});
