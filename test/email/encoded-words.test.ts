import { expect, it } from "vitest";
import { encodedWords } from "../../src/email/encoded-words.ts";
import { isRefusal, parseMail } from "../../src/email/parse-mail.ts";

it.each(["Re: Hello", `Re: ${"お届け日".repeat(40)}`, `Re: ${"👩‍💻 done ".repeat(20)}`, ""])(
  "a subject of any length comes back whole, in words and lines as long as RFC 2047 allows: %s",
  async (subject) => {
    const words = encodedWords(subject);
    for (const word of words.split("\r\n ")) expect(word.length).toBeLessThanOrEqual(75);
    const mail = await parseMail(new TextEncoder().encode(`From: a@example.com\r\nSubject: ${words}\r\n\r\nx\r\n`));
    expect(isRefusal(mail) ? mail : mail.subject).toBe(subject.trim());
  },
);
