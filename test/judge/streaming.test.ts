import fc from "fast-check";
import { RE2JS } from "re2js";
import { describe, expect, it } from "vitest";
import { compilePattern } from "../../src/judge/pattern-program.ts";
import { prepareJudge } from "../../src/judge/prefix-judge.ts";
import type { Verdict } from "../../src/judge/verdict.ts";
import { readAnswer } from "../../src/output/read-answer.ts";
import type { Contract, Criterion, JsonSchema } from "../../src/plan/contract.ts";
import { openPrefixJudge } from "./open-prefix-judge.ts";

const pieces = [
  "a",
  "b",
  "ab",
  "B",
  " ",
  "\n",
  "\n\n",
  "1",
  "x y",
  "“",
  "”",
  '"',
  "é",
  "ß",
  "😀",
  "İ",
  "foo",
  "ba",
  '"the input text"',
  '"not there at all"',
];
const text = fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((parts) => parts.join(""));
const patterns = [
  "ab",
  "a+b",
  "^a",
  "b$",
  "\\bfoo\\b",
  "(?i)AB",
  "(a|ab)(b|$)",
  "^\\s*x",
  "é.",
  "(?m)^1$",
  "\\B",
  "[^a-z]{3}",
  "(?s)a.b",
  "😀|ß",
  "^$",
  "a{2,4}x?",
];

const criterion: fc.Arbitrary<Criterion> = fc.oneof(
  fc.record({ type: fc.constant("length" as const), min: fc.nat(10), max: fc.integer({ min: 10, max: 30 }) }),
  fc.record({ type: fc.constant("words" as const), max: fc.integer({ min: 1, max: 6 }) }),
  fc.record({ type: fc.constant("pattern" as const), pattern: fc.constantFrom(...patterns), must: fc.boolean() }),
  fc.record({
    type: fc.constant("contains" as const),
    text: fc.constantFrom("ab", "aab", "foo", "AB", "😀", "ÉB"),
    must: fc.boolean(),
    ignoreCase: fc.boolean(),
  }),
  fc.record({
    type: fc.constant("equals" as const),
    anyOf: fc.array(fc.constantFrom("ab", "a b", "foo", "1", " x y "), { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ type: fc.constant("quotes" as const), minChars: fc.constant(5) }),
);

const schemas: JsonSchema[] = [
  {
    type: "object",
    properties: { label: { enum: ["spam", "ham"] }, n: { type: "integer", minimum: 0, maximum: 9 } },
    required: ["label"],
    additionalProperties: false,
  },
  { type: "array", items: { type: "string", maxLength: 3 }, maxItems: 2 },
  {
    type: "object",
    properties: { a: { anyOf: [{ type: "number" }, { type: "null" }] }, b: { $ref: "#/$defs/b" } },
    required: ["a"],
    $defs: { b: { type: "object", properties: { c: { type: "boolean" } }, required: ["c"] } },
  },
  { anyOf: [{ type: "object", properties: { label: { const: "spam" } } }, { type: "array" }] },
  {
    type: "object",
    properties: {
      a: { type: "array", items: { type: "string" } },
      b: { type: "array", items: { type: "number" } },
      n: { type: "array", items: { type: "boolean" } },
      zz: {
        type: "array",
        items: { type: "array", items: { type: "object", properties: { c: { type: "boolean" } } } },
      },
      label: { type: "string", enum: ["ΘΕΣΣΑΛΟΝΙΚΗ", "ΑΘΗΝΑ"] },
    },
  },
];
const value = fc.oneof(
  fc.constantFrom<unknown>(
    "spam",
    "ham",
    "spa",
    "Spam",
    "abcd",
    "5",
    "true",
    5,
    12,
    1.5,
    null,
    true,
    [],
    ["ab"],
    ["abcd"],
    ["a", "b", "c"],
    '{"c":true}',
    "ΘΕΣΣΑΛΟΝΙΚΗ",
    "Θεσσαλονίκη",
    "αθηνα",
  ),
  fc.record({ c: fc.constantFrom<unknown>(true, "true", 1) }),
);
const jsonText = fc
  .tuple(
    fc.oneof(
      value,
      fc.dictionary(fc.constantFrom("label", "n", "a", "b", "zz"), value),
      fc.array(value, { maxLength: 3 }),
    ),
    fc.constantFrom("", "```json\n", "Here: ", "  "),
    fc.nat(4),
  )
  .map(([data, before, indent]) => before + JSON.stringify(data, null, indent));

const contract = fc
  .record({ criteria: fc.array(criterion, { minLength: 1, maxLength: 4 }) })
  .map(({ criteria }): Contract => ({ criteria, judged: [] }));
const context = { input: "Here is the input text, and more." };
const whole = (terms: Contract, answer: string): Verdict =>
  openPrefixJudge(terms, context).whole(answer, terms.schema === undefined ? null : readAnswer(answer, terms.schema));

/** Cuts a text at the given places (taken modulo its length). */
function split(answer: string, cuts: readonly number[]): string[] {
  const places = [...new Set(cuts.map((cut) => cut % (answer.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((place, at) => answer.slice(place, places[at] ?? answer.length));
}

function expectMonotone(terms: Contract, answer: string, extension: string): void {
  const judge = openPrefixJudge(terms, context);
  judge.push(answer);
  const rejected = judge
    .prefix()
    .criteria.filter((result) => result.class === "monotone" && result.result === "reject");
  const accepted = judge
    .prefix()
    .criteria.filter((result) => result.class === "monotone" && result.result === "accept");
  judge.push(extension);
  const later = judge.prefix();
  const ended = whole(terms, answer + extension);
  for (const { criterion: id } of rejected) {
    expect(later.criteria.find((result) => result.criterion === id)?.result, `${id} later`).toBe("reject");
    expect(ended.criteria.find((result) => result.criterion === id)?.result, `${id} at the end`).toBe("reject");
  }
  for (const { criterion: id } of accepted)
    expect(ended.criteria.find((result) => result.criterion === id)?.result).toBe("accept");
  if (rejected.length > 0) expect(ended.result).toBe("reject");
}

describe("criteria on a stream", () => {
  it("a monotone reject holds on every extension, an accept too", () => {
    fc.assert(fc.property(contract, text, text, expectMonotone), { numRuns: 200 });
  });

  it("so does a contradiction of the schema", () => {
    const terms = fc.constantFrom(...schemas).map((schema): Contract => ({ schema, criteria: [], judged: [] }));
    fc.assert(
      fc.property(terms, jsonText, fc.nat(60), fc.oneof(text, jsonText), (schema, answer, cut, extension) => {
        expectMonotone(schema, answer.slice(0, cut), answer.slice(cut));
        expectMonotone(schema, answer.slice(0, cut), extension);
      }),
      { numRuns: 200 },
    );
  });

  it("so does one in a string that breaks off: with a line feed, which strict JSON has not, or a wrong escape", () => {
    const schema = { type: "array", items: { type: "string", maxLength: 3 }, maxItems: 2 } as const;
    for (const extension of ["```json\n5", "\n", "\\x", "\\u00zz"])
      expectMonotone({ schema, criteria: [], judged: [] }, '["abcd', extension);
  });

  it("a valid answer is never contradicted on the way, strict or mended", () => {
    fc.assert(
      fc.property(fc.constantFrom(...schemas), jsonText, (schema, answer) => {
        const reading = readAnswer(answer, schema);
        fc.pre(reading.ok);
        expect(whole({ schema, criteria: [], judged: [] }, answer).result).toBe("accept");
      }),
      { numRuns: 200 },
    );
  });

  it("says the same at the same place, however the text was cut", () => {
    const anyContract = fc.oneof(
      contract,
      fc
        .constantFrom(...schemas)
        .map(
          (schema): Contract => ({ schema, criteria: [{ type: "pattern", pattern: "sp.m", must: true }], judged: [] }),
        ),
    );
    fc.assert(
      fc.property(
        anyContract,
        fc.oneof(text, jsonText),
        fc.array(fc.nat(100), { maxLength: 8 }),
        (terms, answer, cuts) => {
          const prepared = prepareJudge(terms, context);
          const cut = prepared.open();
          let seen = 0;
          for (const chunk of split(answer, cuts)) {
            cut.push(chunk);
            seen += chunk.length;
            const single = prepared.open();
            for (let at = 0; at < seen; at += 1) single.push(answer[at] ?? "");
            expect(cut.prefix()).toEqual(single.prefix());
          }
          const reading = terms.schema === undefined ? null : readAnswer(answer, terms.schema);
          expect(cut.whole(answer, reading)).toEqual(prepared.open().whole(answer, reading));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("pushes say when something changed, and only then", () => {
    fc.assert(
      fc.property(contract, text, (terms, answer) => {
        const judge = openPrefixJudge(terms, context);
        let before = JSON.stringify(judge.prefix().criteria.map(({ result, standing }) => [result, standing]));
        for (const unit of answer) {
          const verdict = judge.push(unit);
          const now = JSON.stringify(judge.prefix().criteria.map(({ result, standing }) => [result, standing]));
          expect(verdict === null).toBe(now === before);
          before = now;
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe("patterns on a stream", () => {
  const atom = fc.constantFrom(
    "a",
    "b",
    ".",
    "[ab]",
    "[^a]",
    "\\w",
    "\\W",
    "\\b",
    "\\B",
    "^",
    "$",
    "é",
    "😀",
    "\\s",
    "(?:ab|b)",
    "(?i:AB)",
    "(?m:^)",
    "(?m:$)",
    "\\z",
    "\\A",
  );
  const quantified = fc
    .tuple(atom, fc.constantFrom("", "", "", "*", "+", "?", "{2}"))
    .map(([one, how]) => (/^[\^$]$|\\[bBzA]|\?m/.test(one) ? one : one + how));
  const pattern = fc.oneof(
    fc.constantFrom(...patterns),
    fc.array(quantified, { minLength: 1, maxLength: 5 }).map((parts) => parts.join("")),
    fc.array(quantified, { minLength: 1, maxLength: 3 }).map((parts) => `(?:${parts.join("|")})+b`),
  );
  const input = fc
    .array(fc.constantFrom("a", "b", "A", " ", "\n", "é", "😀", "\ud83d", "_", "ab"), { maxLength: 12 })
    .map((parts) => parts.join(""));

  it("finds what re2js finds", () => {
    fc.assert(
      fc.property(pattern, input, (source, subject) => {
        const judge = openPrefixJudge(
          { criteria: [{ type: "pattern", pattern: source, must: true }], judged: [] },
          context,
        );
        for (let at = 0; at < subject.length; at += 1) judge.push(subject[at] ?? "");
        const found = judge.whole(subject, null).criteria[0]?.result === "accept";
        expect(found, JSON.stringify([source, subject])).toBe(RE2JS.compile(source).test(subject));
      }),
      { numRuns: 600 },
    );
  });

  it("stays linear where a backtracking engine would explode, and when its automaton overflows", () => {
    for (const source of ["(a+)+$", "(a|aa)*c", "(.*a){8}z", "(a|b)*a(a|b){12}c", "(?:a?){30}a{30}d"]) {
      const program = compilePattern(source);
      const work = (length: number): number => {
        let state = program.start;
        const start = process.cpuUsage().user;
        for (let at = 0; at < length; at += 1) state = program.step(state, (at * 7 + (at >> 3)) % 3 === 0 ? 98 : 97);
        expect(program.matchesAtEnd(state)).toBe(
          source === "(a+)+$" && ((length - 1) * 7 + ((length - 1) >> 3)) % 3 !== 0,
        );
        return process.cpuUsage().user - start;
      };
      work(500);
      // A microsecond bound far above what is measured (1 to 30 us a character), far below any blow-up.
      expect(work(4_000), source).toBeLessThan(4_000 * 250);
    }
  });
});
