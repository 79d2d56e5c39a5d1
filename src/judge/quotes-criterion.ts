import { isSpace, quoted } from "./characters.ts";
import type { PreparedCriterion, WholeAnswer } from "./criterion.ts";

/** Longest quotation that is looked up, and how many an answer may have: the cost of looking them up is bounded. */
const longest = 2_000;
const most = 500;

/** Opening marks and what closes them: straight, English, German, French, and French marks turned as in German. */
const closers: { readonly [open: string]: string } = { '"': '"', "“": "”", "„": "“”", "«": "»", "»": "«" };

/**
 * Every quotation of at least `minChars` stands in the input word for word; white space and the shape of quotation
 * marks do not count, "..." leaves something out. A closed quotation that is not there is a monotone reject.
 * In an answer with a schema the quotations are those inside its strings, and only the whole is judged.
 */
export function quotesCriterion(id: string, minChars: number, input: string, inSchema: boolean): PreparedCriterion {
  const known = normalise(input);
  const check = (): { push(chunk: string): void; wrong(): string | null; count(): number } => {
    let count = 0;
    let wrong: string | null = null;
    const reader = readQuotations((quotation) => {
      const parts = normalise(quotation)
        .split(/ ?(?:\[\.{3}\]|\.{3}|\[…\]|…) ?/)
        .map((part) => part.replace(/^[\s,.;:!?]+|[\s,.;:!?]+$/g, ""));
      if (parts.join(" ").length < minChars) return;
      count += 1;
      if (count > most) wrong ??= `more than ${most} quotations`;
      else if (!parts.every((part) => known.includes(part))) wrong ??= `${quoted(quotation)} is not in the input`;
    });
    return { push: (chunk) => wrong === null && reader(chunk), wrong: () => wrong, count: () => count };
  };
  const said = (wrong: string | null, count: number): string => wrong ?? `${count} quotations are in the input`;
  if (inSchema) {
    return {
      id,
      class: "final",
      open: () => ({
        push() {},
        status: () => "undecided",
        evidence: () => "told on the whole answer",
        finish: (answer) => {
          const checker = check();
          checker.push(stringsOf(answer));
          return { accept: checker.wrong() === null, evidence: said(checker.wrong(), checker.count()) };
        },
      }),
    };
  }
  return {
    id,
    class: "monotone",
    open: () => {
      const checker = check();
      return {
        push: checker.push,
        status: () => (checker.wrong() === null ? "standing" : "reject"),
        evidence: () => said(checker.wrong(), checker.count()),
        finish: () => ({ accept: checker.wrong() === null, evidence: said(checker.wrong(), checker.count()) }),
      };
    },
  };
}

/** Reads a stream and reports every closed quotation. A paragraph's end, or 2,000 characters, drop an open one. */
function readQuotations(report: (quotation: string) => void): (chunk: string) => void {
  let open = "";
  let text = "";
  let before = " ";
  let newlines = 0;
  return (chunk) => {
    for (const char of chunk) {
      newlines = char === "\n" ? newlines + 1 : isSpace(char.charCodeAt(0)) ? newlines : 0;
      if (open !== "") {
        if (closers[open]?.includes(char)) {
          report(text);
          open = "";
        } else if (newlines > 1 || text.length > longest) open = "";
        else text += char;
      } else if (closers[char] !== undefined && (char !== '"' || !/[\p{L}\p{N}]/u.test(before))) {
        open = char;
        text = "";
      }
      before = char;
    }
  };
}

function normalise(text: string): string {
  return text
    .normalize("NFC")
    .replace(/[‘’‚‛`´]/g, "'")
    .replace(/[“”„«»]/g, '"')
    .replace(/\s+/g, " ");
}

/** All strings of a parsed answer, each a paragraph; its text when nothing was read. */
function stringsOf(answer: WholeAnswer): string {
  const value = answer.value();
  if (value === undefined) return answer.text;
  const strings: string[] = [];
  const open: unknown[] = [value];
  while (open.length > 0) {
    const part = open.pop();
    if (typeof part === "string") strings.push(part);
    else if (typeof part === "object" && part !== null) open.push(...Object.values(part).reverse());
  }
  return strings.join("\n\n");
}
