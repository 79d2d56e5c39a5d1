import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { placeholderNote, Redaction } from "../../src/output/redact.ts";
import type { Message } from "../../src/plan/microtask.ts";
import { identifierKinds, type RedactionRules } from "../../src/plan/redaction.ts";

const all: RedactionRules = { identifiers: [...identifierKinds], terms: [] };
const user = (content: string): Message[] => [{ role: "user", content }];
const sent = (text: string, rules = all): string => new Redaction(rules, user(text)).messages.at(-1)?.content ?? "";

const identifiers = {
  email: ["ana.maria+news@example.co.uk", "jörg@müller.example", "x@y.io"],
  phone: [
    "+49 30 1234567",
    "(030) 123-4567",
    "0171 2345678",
    "01.02.03.04.05",
    "030/12345678",
    "+1-202-555-0143",
    "00442079460958",
    "02079460958",
  ],
  iban: [
    "DE89 3704 0044 0532 0130 00",
    "GB29NWBK60161331926819",
    "FR14 2004 1010 0505 0001 3M02 606",
    "NO9386011117947",
    "gb29nwbk60161331926819",
    "MT84 MALT 0110 0001 2345 MTLC AST0 01S",
  ],
  card: ["4111 1111 1111 1111", "5500-0000-0000-0004", "340000000000009", "3400 000000 00009", "4111111111111111"],
  ip: [
    "192.168.0.1",
    "8.8.8.8",
    "2001:db8:85a3::8a2e:370:7334",
    "fe80::1",
    "::1",
    "2001:db8::",
    "2001:0db8:0000:0000:0000:ff00:0042:8329",
  ],
} as const;

describe("identifiers", () => {
  it.each(Object.entries(identifiers).flatMap(([kind, list]) => list.map((value) => [kind, value] as const)))(
    "are found by their form: %s %s",
    (kind, value) => {
      const tag = `[${kind.toUpperCase()}_1]`;
      for (const around of ["", "Reach me: ", "(", "<"]) {
        const after = around === "(" ? ")" : around === "<" ? ">" : around === "" ? "" : ", please.";
        expect(sent(around + value + after)).toBe(around + tag + after);
      }
      expect(sent(`${value}.`)).toBe(`${tag}.`);
    },
  );

  it.each([
    "2026-11-26",
    "2026-11-26 12:30",
    "2026-11-26T12:30:00Z",
    "26.11.2026, 12:30:45",
    "from 1.2.2026 to 3.4.2026",
    "26.11.2026",
    "1,250,000",
    "v1.2.3",
    "12:30",
    "12345",
    "order 4711",
    "3.14159",
    "std::vector",
    "$1200.50",
  ])("are not what only looks a little like one: %s", (text) => expect(sent(text)).toBe(text));

  it("are found among other numbers", () => {
    for (const text of ["Tel:030 1234567: urgent", "030 1234567/8", "2026-11-26 12:30 030 1234567", "tel.030 1234567,"])
      expect(sent(text).replace("2026-11-26 12:30", "")).toMatch(/^\D*\[PHONE_1\](?!.*\d\d)/);
    expect(sent("Pay FR76 3000 6000 0112 3456 7890 with this and that.")).toBe("Pay [IBAN_1] with this and that.");
    expect(sent("4711 12345 030 1234567 99 88 77")).not.toContain("1234567");
    expect(sent("Card 4111 1111 1111 1111 12/27, IBAN DE89 3704 0044 0532 0130 00, 26.11.2026")).toBe(
      "Card [CARD_1] 12/27, IBAN [IBAN_1], 26.11.2026",
    );
  });

  it("are left alone unless they are asked for", () => {
    const mixed = "x@y.io 8.8.8.8";
    expect(sent(mixed, { identifiers: ["ip"], terms: [] })).toBe("x@y.io [IP_1]");
    expect(sent(mixed, { identifiers: [], terms: [] })).toBe(mixed);
  });
});

describe("terms", () => {
  it("are found whole and in either case, the longest first", () => {
    const rules = { identifiers: [], terms: ["Ann", "Ann Lee", "C++", "Projekt Ü"] };
    expect(sent("ann lee met ANN, Annabel, C++ and Projekt  Ü.", rules)).toBe(
      "[TERM_1] met [TERM_2], Annabel, [TERM_3] and [TERM_4].",
    );
  });
});

describe("values in other spellings", () => {
  const rules: RedactionRules = { ...all, terms: ["Müller", "Project X", "Zoë".normalize("NFD"), "한국어"] };
  it.each([
    ["Müller".normalize("NFD"), "[TERM_1]"],
    ["MU\u0308LLER", "[TERM_1]"],
    ["zoë", "[TERM_1]"],
    ["한국어".normalize("NFD"), "[TERM_1]"],
    ['{"who":"M\\u00fcller"}', '{"who":"[TERM_1]"}'],
    ['{"who":"Mu\\u0308ller"}', '{"who":"[TERM_1]"}'],
    ["Pro\u00adject X", "[TERM_1]"],
    ["Project\u200bX", "[TERM_1]"],
    ["Pro\u00adject\u200b X", "[TERM_1]"],
    ["P\u200dr\u2060oject\u00a0X", "[TERM_1]"],
    ["for\u200bProject X", "for\u200b[TERM_1]"],
    ["Ｐｒｏｊｅｃｔ Ｘ", "[TERM_1]"],
    ["?q=Project%20X&r", "?q=[TERM_1]&r"],
    ["de89 3704 0044 0532 0130 00", "[IBAN_1]"],
    ["De89 3704 0044 0532 0130 00 now", "[IBAN_1] now"],
    ["gb29 nwbk 6016 1331 9268 19.", "[IBAN_1]."],
    ["fr76 3000 6000 0112 3456 7890 with this and that", "[IBAN_1] with this and that"],
    ["DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000", "[IBAN_1]"],
    ["ana＠example.com", "[EMAIL_1]"],
    ["ana%40example.com", "[EMAIL_1]"],
    ["ana\u200b@exam\u00adple.com", "[EMAIL_1]"],
    ["ana\\u0040example.com", "[EMAIL_1]"],
    ["０３０ １２３４５６７", "[PHONE_1]"],
    ["+49 30 123\u20114567", "[PHONE_1]"],
  ])("are found: %j", (text, masked) => expect(sent(text, rules)).toBe(masked));

  it.each([
    "Mülleri",
    "C:\\users\\\\u00fc",
    "100%40",
    "½ of 20 – 30 °C",
    "ﬁne…",
    "ﷺ",
    "e\u0301".repeat(40),
    "👩\u200d👧",
    "\\ud83d\\ude00",
  ])("are not what is none: %j", (text) => expect(sent(text, rules)).toBe(text));

  it("come back as they were written, those in escapes as what they stand for", () => {
    for (const text of ["Müller".normalize("NFD"), "Pro\u00adject\u200b X", "ana＠example.com", "ana%40example.com"]) {
      const redaction = new Redaction(rules, user(`See ${text}, please.`));
      expect(redaction.restore(redaction.messages.at(-1)?.content ?? "")).toBe(`See ${text}, please.`);
    }
    const redaction = new Redaction(rules, user('{"who":"M\\u00fcller"}'));
    expect(redaction.restore("[TERM_1]")).toBe("Müller");
    expect(JSON.parse(redaction.restore('{"a":"[TERM_1]"}', true))).toEqual({ a: "Müller" });
  });

  it("are found whatever stands around and within them, and nothing else is lost", () => {
    const odd = fc.constantFrom("\u00ad", "\u200b", "\u200d", "\ufeff", "");
    const spelt = fc
      .tuple(fc.constantFrom("Project X", "Müller", "ana@example.com"), fc.array(odd, { minLength: 16, maxLength: 16 }))
      .map(([text, between]) => [...text.normalize("NFD")].map((c, i) => c + (between[i] ?? "")).join(""));
    const around = fc.constantFrom(" ", ", ", " é ", " \u0301 ", "\n", " ﬁ ", " ①.");
    fc.assert(
      fc.property(fc.array(fc.tuple(around, spelt, around), { maxLength: 6 }), (parts) => {
        const text = parts.flat().join("");
        const redaction = new Redaction(rules, user(text));
        const masked = redaction.messages.at(-1)?.content ?? "";
        expect(masked.match(/\[(?:TERM|EMAIL)_\d+\]/g) ?? []).toHaveLength(parts.length);
        expect(redaction.restore(masked)).toBe(text);
      }),
    );
  });

  it("take time with the length of the text, whatever it is made of", () => {
    const ms = (text: string) => {
      const started = performance.now();
      sent(text, rules);
      return performance.now() - started;
    };
    for (const shape of ["u\u0308", "\u0308", "\u00ad", "\\u00fc", "\\\\", "%40", "ﷺ", "é@", "\u200b1", "ａ."]) {
      const once = ms(shape.repeat(20_000));
      expect(ms(shape.repeat(40_000)), JSON.stringify(shape)).toBeLessThan(3 * once + 500);
    }
  });
});

const value = fc.constantFrom(...Object.values(identifiers).flat(), "Zanzibar", "Ann Lee");
const words = fc.stringMatching(/^[a-z ,.!?\n[\]_]{0,40}$/);
const text = fc
  .array(fc.tuple(words, value), { maxLength: 12 })
  .map((parts) => parts.map(([w, v]) => `${w} ${v} `).join(""));
const rules = { ...all, terms: ["zanzibar", "Ann Lee"] };

describe("a call", () => {
  it("sends none of the values, and has all of them back whatever pieces the answer comes in", () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat(9), { maxLength: 200 }), (input, sizes) => {
        const redaction = new Redaction(rules, user(input));
        const masked = redaction.messages.at(-1)?.content ?? "";
        for (const list of [...Object.values(identifiers), ["Zanzibar", "Ann Lee"]])
          for (const one of list) expect(masked).not.toContain(one);
        expect(redaction.restore(masked)).toBe(input);
        let answer = "";
        let at = 0;
        for (const size of [...sizes, masked.length]) {
          answer += redaction.push(masked.slice(at, at + size));
          at += size;
        }
        expect(answer + redaction.end()).toBe(input);
      }),
    );
  });

  it("holds back no more than what may become a placeholder", () => {
    const redaction = new Redaction(all, user("x@y.io"));
    expect(redaction.push("see [1], [EMA")).toBe("see [1], ");
    expect(redaction.push("IL_1")).toBe("");
    expect(redaction.push("] and [email_1], [EMAIL_2], [a")).toBe("x@y.io and x@y.io, [EMAIL_2], ");
    expect(redaction.end()).toBe("[a");
    expect(redaction.push("[PHONE_1234567")).toBe("[PHONE_1234567");
  });

  it("has one placeholder a value through all of its turns, and never one that a text holds already", () => {
    const redaction = new Redaction(all, [
      { role: "system", content: "Be short." },
      { role: "user", content: "[email_1] is no address; a@b.io is, c@d.io is." },
      { role: "assistant", content: "", calls: [{ id: "1", name: "mail", arguments: '{"to":"c@d.io"}' }] },
      { role: "tool", content: "sent to c@d.io", call: "1" },
    ]);
    expect(redaction.messages).toEqual([
      { role: "system", content: `Be short.\n\n${placeholderNote}` },
      { role: "user", content: "[email_1] is no address; [EMAIL_2] is, [EMAIL_3] is." },
      { role: "assistant", content: "", calls: [{ id: "1", name: "mail", arguments: '{"to":"[EMAIL_3]"}' }] },
      { role: "tool", content: "sent to [EMAIL_3]", call: "1" },
    ]);
    expect(redaction.counts).toEqual({ email: 2 });
    expect(redaction.restore("[EMAIL_1] [EMAIL_2] [EMAIL_3]")).toBe("[EMAIL_1] a@b.io c@d.io");
  });

  it("without such values goes out as it is", () => {
    const plain = user("Nothing to hide.");
    const redaction = new Redaction(all, plain);
    expect(redaction.messages).toEqual(plain);
    expect(redaction.replaced).toBe(false);
  });
});
