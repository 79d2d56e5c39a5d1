import { describe, expect, it } from "vitest";
import { normaliseAnswer } from "../../src/judge/closed-answer.ts";
import { probabilityOver } from "../../src/judge/projected-length.ts";
import type { Verdict } from "../../src/judge/verdict.ts";
import { surestPrediction, worthKilling } from "../../src/judge/worth-killing.ts";
import { readAnswer } from "../../src/output/read-answer.ts";
import type { Contract, Criterion } from "../../src/plan/contract.ts";
import { openPrefixJudge } from "./open-prefix-judge.ts";

const terms = (...criteria: Criterion[]): Contract => ({ criteria, judged: [] });
const whole = (contract: Contract, text: string, context = { input: "" }): Verdict =>
  openPrefixJudge(contract, context).whole(
    text,
    contract.schema === undefined ? null : readAnswer(text, contract.schema),
  );
const accepts = (criterion: Criterion, text: string, input = ""): boolean =>
  whole(terms(criterion), text, { input }).result === "accept";

describe("criteria on a whole answer", () => {
  it("length counts code points, words runs between blanks", () => {
    expect(accepts({ type: "length", min: 2, max: 2 }, "😀é")).toBe(true);
    expect(accepts({ type: "length", max: 2 }, "abc")).toBe(false);
    expect(accepts({ type: "words", min: 3, max: 3 }, " one\u00a0two\n three ")).toBe(true);
    expect(accepts({ type: "words", min: 3 }, "one two")).toBe(false);
  });

  it("number stands at a place and within bounds", () => {
    expect(accepts({ type: "number", path: "", min: 1000, max: 2000 }, " 1,234.5\n")).toBe(true);
    expect(accepts({ type: "number", path: "", max: 5 }, "about 4")).toBe(false);
    expect(accepts({ type: "number", path: "/a/0/b~1c", min: 3 }, 'Here: {"a": [{"b/c": 3}]}')).toBe(true);
    expect(accepts({ type: "number", path: "/a/1", min: 3 }, '{"a": [3]}')).toBe(false);
    expect(accepts({ type: "number", path: "/constructor" }, "{}")).toBe(false);
  });

  it("quotations stand in the input, whatever their marks and blanks", () => {
    const input = 'She said: “We will\n not pay the invoice,” and left. It\u2019s "final".';
    const quotes: Criterion = { type: "quotes", minChars: 8 };
    expect(accepts(quotes, 'The mail says "We will not pay the invoice."', input)).toBe(true);
    expect(accepts(quotes, "Es heißt „We will ... the invoice“.", input)).toBe(true);
    expect(accepts(quotes, 'The mail says "We will gladly pay the invoice".', input)).toBe(false);
    expect(accepts(quotes, 'A 5" screen and "short" stay.', input)).toBe(true);
    const contract: Contract = { ...terms(quotes), schema: { type: "object", properties: { a: { type: "string" } } } };
    expect(whole(contract, '{"a": "\\"not pay the invoice\\""}', { input }).result).toBe("accept");
    expect(whole(contract, '{"a": "\\"pay every invoice\\""}', { input }).result).toBe("reject");
  });

  it("parses JSON and JavaScript, fenced or bare", () => {
    expect(accepts({ type: "parses", language: "json" }, '```json\n{"a": 1}\n```')).toBe(true);
    expect(accepts({ type: "parses", language: "json" }, "{a: 1}")).toBe(false);
    expect(
      accepts(
        { type: "parses", language: "javascript" },
        "Sure:\n```js\nexport const f = async (x) => await x ?? 1;\n```",
      ),
    ).toBe(true);
    expect(accepts({ type: "parses", language: "javascript" }, "with (a) b = 1;")).toBe(true);
    const wrong = whole(terms({ type: "parses", language: "javascript" }), "let a = 1;\nlet = ;");
    expect(wrong.criteria[0]?.evidence).toContain("line 2");
    expect(accepts({ type: "parses", language: "javascript" }, "(".repeat(200_000))).toBe(false);
  });

  it("expressions are typed: unlike things never compare", () => {
    const holds = (expression: Extract<Criterion, { type: "expression" }>["expression"]): boolean =>
      accepts({ type: "expression", expression }, '{"a": 3, "b": "x", "list": [1, 2], "n": null, "big": "😀"}');
    expect(holds({ op: "lt", left: { path: "/a" }, right: { value: 4 } })).toBe(true);
    expect(holds({ op: "lt", left: { path: "/b" }, right: { value: 4 } })).toBe(false);
    expect(holds({ op: "ge", left: { path: "/b" }, right: { value: 4 } })).toBe(false);
    expect(holds({ op: "ne", left: { path: "/missing" }, right: { value: 4 } })).toBe(false);
    expect(holds({ op: "eq", left: { lengthOf: "/list" }, right: { value: 2 } })).toBe(true);
    expect(holds({ op: "eq", left: { lengthOf: "/big" }, right: { value: 1 } })).toBe(true);
    expect(holds({ op: "eq", left: { path: "/n" }, right: { value: null } })).toBe(true);
    expect(
      holds({
        op: "and",
        of: [
          { op: "exists", path: "/a" },
          { op: "not", of: { op: "exists", path: "/zz" } },
        ],
      }),
    ).toBe(true);
    expect(holds({ op: "or", of: [{ op: "exists", path: "/zz" }] })).toBe(false);
  });

  it("an empty answer is rejected, unless empty is what was wanted", () => {
    expect(whole(terms(), " \n").result).toBe("reject");
    expect(whole(terms(), "x").result).toBe("accept");
    expect(whole(terms({ type: "equals", anyOf: ["", "none"] }), " \n").result).toBe("accept");
  });

  it("without a language detector the language is not claimed to be right", () => {
    expect(
      whole(terms({ type: "language", language: "de" }), "Das ist ein langer deutscher Satz über nichts.").result,
    ).toBe("undecided");
  });
});

describe("verdicts on a prefix", () => {
  it("accepts once what must occur occurred, and names what can still break", () => {
    const judge = openPrefixJudge(
      terms({ type: "contains", text: "INV-7", must: true, ignoreCase: false }, { type: "length", max: 100 }),
      { input: "" },
    );
    expect(judge.push("Your invoice INV")).toBeNull();
    const verdict = judge.push("-7 is paid.");
    expect(verdict).toMatchObject({ on: "prefix", result: "accept", risk: ["criteria/1"] });
    expect(judge.push("x".repeat(100))).toMatchObject({ result: "reject" });
  });

  it("never accepts what only holds so far, nor what only the whole can tell", () => {
    expect(openPrefixJudge(terms({ type: "length", max: 100 }), { input: "" }).prefix().result).toBe("undecided");
    const judge = openPrefixJudge(
      terms({ type: "contains", text: "a", must: true, ignoreCase: false }, { type: "number", path: "" }),
      { input: "" },
    );
    expect(judge.push("aaa")?.result).toBe("undecided");
  });

  it("a schema speaks for a prefix when its required members stand, an enum's when it is complete", () => {
    const schema = {
      type: "object",
      properties: { label: { enum: ["spam", "ham"] }, why: { type: "string" } },
      required: ["label", "why"],
    };
    const judge = openPrefixJudge({ schema, criteria: [], judged: [] }, { input: "" });
    expect(judge.push('{"why": "it sells", "label": "sp')).toBeNull();
    expect(judge.push('am"')).toMatchObject({ result: "accept", risk: ["schema"] });
  });

  it("a predictive reject carries its price and leaves the verdict open", () => {
    const detectLanguage = (text: string): { language: string; confidence: number } => ({
      language: /\bdie\b/.test(text) ? "de" : "en",
      confidence: 0.9,
    });
    const judge = openPrefixJudge(terms({ type: "language", language: "en" }), { input: "", detectLanguage });
    const verdict = judge.push("Das ist die Antwort auf die Frage, die Sie gestellt haben, und sie ist deutsch.");
    expect(verdict?.result).toBe("undecided");
    const prediction = verdict === null ? null : surestPrediction(verdict);
    expect(prediction).toMatchObject({ criterion: "criteria/0" });
    const pFalse = prediction?.pFalse ?? 1;
    expect(worthKilling({ pFalse, valueNano: 1_000, remainingCostNano: 1_000 })).toBe(true);
    expect(worthKilling({ pFalse, valueNano: 1_000_000, remainingCostNano: 1_000 })).toBe(false);
  });

  it("sees a loop, and no loop in a table or in prose", () => {
    const open = () => openPrefixJudge(terms(), { input: "" });
    const loop = open();
    let verdict: Verdict | null = null;
    for (let at = 0; at < 40; at += 1) verdict = loop.push("I am sorry, I cannot. ") ?? verdict;
    expect(verdict === null ? null : surestPrediction(verdict)).toMatchObject({ criterion: "repetition" });
    expect(open().push(`${"-".repeat(1200)}`)).toBeNull();
    expect(open().push(Array.from({ length: 300 }, (_, at) => `line ${at * at}`).join("\n"))).toBeNull();
    expect(loop.whole("fine", null).result).toBe("accept");
  });

  it("projects a finish over the cap from the lengths seen before", () => {
    expect(probabilityOver(0, { median: 1000, sdLog: 0.3, cap: 1000 })).toBeCloseTo(0.5, 6);
    expect(probabilityOver(900, { median: 500, sdLog: 0.3, cap: 1000 })).toBeGreaterThan(0.4);
    expect(probabilityOver(990, { median: 500, sdLog: 0.3, cap: 1000 })).toBeGreaterThan(0.9);
    expect(probabilityOver(10, { median: 100, sdLog: 0.3, cap: 4000 })).toBeLessThan(1e-9);
    const judge = openPrefixJudge(terms(), { input: "" }, { median: 4000, sdLog: 0.2, cap: 2000 });
    expect(judge.push(Array.from({ length: 90 }, (_, at) => `word${at}`).join(" "))?.criteria[0]).toMatchObject({
      criterion: "cap",
      result: "reject",
    });
  });
});

describe("closed answers", () => {
  const labels = ["spam", "ham", "not sure", "action-request"];
  it("are compared in one form", () => {
    for (const text of [
      "spam",
      " Spam.\n",
      '"spam"',
      "**SPAM**",
      '{"label": "spam", "confidence": 0.9}',
      '```json\n{"label":"Spam"}\n```',
      "Label: spam",
    ]) {
      expect(normaliseAnswer(text, undefined, labels), text).toBe("spam");
    }
    expect(normaliseAnswer("Not-sure", undefined, labels)).toBe("not sure");
    expect(normaliseAnswer("x", { label: "Action request" }, labels)).toBe("action-request");
    expect(normaliseAnswer("spammy", undefined, labels)).toBeNull();
    expect(normaliseAnswer("I think it is spam", undefined, labels)).toBeNull();
    expect(normaliseAnswer("Positive!", undefined, null)).toBe("positive");
    expect(normaliseAnswer(" ", undefined, null)).toBeNull();
  });
});
