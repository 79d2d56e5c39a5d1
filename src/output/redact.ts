import type { Message } from "../plan/microtask.ts";
import type { IdentifierKind, RedactionCounts, RedactionRules } from "../plan/redaction.ts";
import { isPlain, mayDivide, shadowOf, unescaped } from "./text-shadow.ts";

/**
 * By form alone, and rather too much than too little: what is replaced by mistake comes back in the answer. Every
 * quantifier is bounded and no two neighbours can match the same text: linear time on hostile input.
 */
const forms: Record<IdentifierKind, string> = {
  email: "(?<![\\w.+-])[\\p{L}\\p{N}._%+-]{1,64}@[\\p{L}\\p{N}-]{1,63}(?:\\.[\\p{L}\\p{N}-]{1,63}){1,8}",
  // In groups as it is printed, in capitals; else each group but the bank's has a digit: words after it are not groups.
  iban: "(?<![\\p{L}\\p{N}])(?:[A-Z]{2}\\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?|[A-Za-z]{2}\\d{2}[ -]?[A-Za-z0-9]{4}(?:[ -]?(?=[A-Za-z]{0,3}\\d)[A-Za-z0-9]{4}){2,7}(?:[ -]?(?=[A-Za-z]{0,2}\\d)[A-Za-z0-9]{1,3})?|[A-Za-z]{2}\\d{2}[A-Za-z0-9]{11,30})(?![\\p{L}\\p{N}])",
  card: "(?<![\\p{L}\\p{N}])[2-6]\\d{3}(?:[ -]?\\d{4}){2}[ -]?\\d{1,7}(?![\\p{L}\\p{N}])|(?<![\\p{L}\\p{N}])3\\d{3}[ -]?\\d{6}[ -]?\\d{5}(?![\\p{L}\\p{N}])",
  ip: "(?<![\\w.:])(?:\\d{1,3}\\.){3}\\d{1,3}(?!\\w|\\.\\w)|(?<![\\w.:])(?:(?:[\\da-fA-F]{1,4}:){7}[\\da-fA-F]{1,4}|(?:[\\da-fA-F]{1,4}:){1,7}(?::[\\da-fA-F]{1,4}){1,7}|(?:[\\da-fA-F]{1,4}:){1,7}:|::(?:[\\da-fA-F]{1,4}:){0,6}[\\da-fA-F]{1,4})(?![\\w:])",
  phone:
    "(?<![\\p{L}\\p{N}]|\\d[.,/:-])(?:(?:\\+|00)\\d{1,3}[ ./-]?)?(?:\\(\\d{1,5}\\)[ ./-]?)?\\d{2,15}(?:[ ./-]\\d{2,8}){0,5}(?![\\p{L}\\p{N}])",
};
/** Where two forms begin at the same place the first of these has it. */
const order: IdentifierKind[] = ["email", "iban", "card", "ip", "phone"];

/** A date is no phone number, however many digits it has. */
const dateForm =
  "(?<![\\p{L}\\p{N}]|\\d[.,/:-])(?:\\d{4}[-./]\\d{1,2}[-./]\\d{1,2}|\\d{1,2}[-./]\\d{1,2}[-./](?:\\d{4}|\\d{2}))(?![.,/-]?\\d)";
/** Fewer digits are none: seven, and a prefix or eight. More may be several numbers. */
function isPhone(text: string): boolean {
  const digits = text.replace(/\D/g, "").length;
  return digits >= 7 && (/^[+(0]/.test(text) || digits >= 8);
}

/** Longest placeholder that is waited for, code units: [PHONE_99999] and room for a case fold. */
const longestTag = 16;
const tagPattern = /\[(?:EMAIL|IBAN|CARD|IP|PHONE|TERM)_\d{1,6}\]/gi;
/** What a placeholder that is still being written looks like. */
const openTag = /\[[a-z]{0,5}(?:_\d{0,6})?$/i;

/** What the model is told, where something was replaced. */
export const placeholderNote =
  "Texts like [EMAIL_1] or [TERM_2] stand for values that were taken out. Where such a value belongs into your answer, write its placeholder exactly as it stands here.";

/**
 * Replaces what the rules say in the messages of one call by numbered placeholders, the same value by the same one, and
 * puts the values back into what the model writes, as it writes it. Pure: the same messages give the same placeholders,
 * and nothing is kept beyond the call.
 */
export class Redaction {
  readonly messages: Message[];
  readonly counts: RedactionCounts = {};
  readonly #tags = new Map<string, string>();
  readonly #values = new Map<string, string>();
  readonly #taken: Set<string>;
  readonly #pattern: RegExp | null;
  readonly #json: boolean;
  #held = "";

  /** `json`: what the model writes is JSON, and so are the values in it. */
  constructor(rules: RedactionRules, messages: readonly Message[], json = false) {
    this.#json = json;
    this.#pattern = patternOf(rules);
    // A placeholder that a text holds already is not given a second meaning.
    this.#taken = new Set(
      messages.flatMap((m) => [...(m.content.match(tagPattern) ?? []), ...argumentTags(m)]).map((t) => t.toUpperCase()),
    );
    const masked = messages.map((message) => this.#maskedMessage(message));
    this.messages = this.#values.size === 0 ? masked : withNote(masked);
  }

  get replaced(): boolean {
    return this.#values.size > 0;
  }

  /** The text with placeholders for values, numbered on from those of the messages. */
  mask(text: string): string {
    const found = this.#find(text);
    if (found.length === 0) return text;
    const parts: string[] = [];
    let at = 0;
    for (const { from, to, kind } of found) {
      // A value that comes back in JSON is escaped there: it is kept as what it says, not as it was escaped here.
      parts.push(text.slice(at, from), this.#tagOf(kind, unescaped(text.slice(from, to))));
      at = to;
    }
    return parts.join("") + text.slice(at);
  }

  /** Would a model that knows placeholders alone never write the text, or within one? */
  concerns(text: string): boolean {
    if (this.#find(text).length > 0 || /[[\]]/.test(text)) return true;
    const upper = text.toUpperCase();
    return [...this.#values.keys()].some((tag) => tag.includes(upper));
  }

  /** Values in the order of the text, none within another. They are looked for in its shadow, however it spells them. */
  #find(text: string): Found[] {
    if (this.#pattern === null) return [];
    if (isPlain(text)) return matches(this.#pattern, text);
    const shadows = mayDivide(text) ? [shadowOf(text), shadowOf(text, true)] : [shadowOf(text)];
    const all: Found[] = [];
    for (const shadow of shadows)
      for (const { from, to, kind } of matches(this.#pattern, shadow.text))
        all.push({ from: shadow.starts[from] ?? 0, to: shadow.ends[to - 1] ?? 0, kind });
    return joined(all);
  }

  /** A whole text with its values put back; in JSON they stand within strings, and are escaped as those are. */
  restore(text: string, json = this.#json): string {
    return text.replace(tagPattern, (tag) => {
      const value = this.#values.get(tag.toUpperCase());
      return value === undefined ? tag : json ? JSON.stringify(value).slice(1, -1) : value;
    });
  }

  /** More of a text that comes in pieces; what may be the start of a placeholder is held back until it is known. */
  push(text: string): string {
    const all = this.#held + text;
    const from = all.lastIndexOf("[");
    const open = from >= 0 && all.length - from <= longestTag && openTag.test(all.slice(from));
    this.#held = open ? all.slice(from) : "";
    return this.restore(open ? all.slice(0, from) : all);
  }

  /** What was held back, once nothing more comes. */
  end(): string {
    const held = this.#held;
    this.#held = "";
    return held;
  }

  #maskedMessage(message: Message): Message {
    const content = this.mask(message.content);
    if (message.role !== "assistant" || message.calls === undefined) return { ...message, content };
    return { ...message, content, calls: message.calls.map((c) => ({ ...c, arguments: this.mask(c.arguments) })) };
  }

  #tagOf(kind: IdentifierKind | "term", value: string): string {
    const known = this.#tags.get(value);
    if (known !== undefined) return known;
    let n = this.counts[kind] ?? 0;
    this.counts[kind] = n + 1;
    let tag: string;
    do tag = `[${kind.toUpperCase()}_${++n}]`;
    while (this.#taken.has(tag));
    this.#taken.add(tag);
    this.#tags.set(value, tag);
    this.#values.set(tag, value);
    return tag;
  }
}

const argumentTags = (message: Message): string[] =>
  message.role === "assistant" ? (message.calls ?? []).flatMap((c) => c.arguments.match(tagPattern) ?? []) : [];

function patternOf({ identifiers, terms }: RedactionRules): RegExp | null {
  const longestFirst = terms
    .map((term) => shadowOf(term).text)
    .filter((term) => term !== "")
    .sort((a, b) => b.length - a.length)
    .map(literal);
  const parts = [
    ...(longestFirst.length === 0 ? [] : [`(?<term>${longestFirst.join("|")})`]),
    ...(identifiers.includes("phone") ? [`(?<date>${dateForm})`] : []),
    ...order.filter((kind) => identifiers.includes(kind)).map((kind) => `(?<${kind}>${forms[kind]})`),
  ];
  return parts.length === 0 ? null : new RegExp(parts.join("|"), "gu");
}

interface Found {
  from: number;
  to: number;
  kind: IdentifierKind | "term";
}

function matches(pattern: RegExp, text: string): Found[] {
  const found: Found[] = [];
  for (const { 0: value, index, groups = {} } of text.matchAll(pattern)) {
    if (groups.date !== undefined) continue;
    const kind = order.find((one) => groups[one] !== undefined) ?? "term";
    if (kind !== "phone" || isPhone(value)) found.push({ from: index, to: index + value.length, kind });
  }
  return found;
}

/** Places that overlap are one. */
function joined(all: Found[]): Found[] {
  const found: Found[] = [];
  for (const one of all.sort((a, b) => a.from - b.from || b.to - a.to)) {
    const last = found.at(-1);
    if (last !== undefined && one.from < last.to) last.to = Math.max(last.to, one.to);
    else found.push(one);
  }
  return found;
}

/** A term as it stands, but not within a longer word. */
function literal(term: string): string {
  const word = /[\p{L}\p{N}]/u;
  const before = word.test(term[0] ?? "") ? "(?<![\\p{L}\\p{N}])" : "";
  const after = word.test(term.at(-1) ?? "") ? "(?![\\p{L}\\p{N}])" : "";
  const characters = [...term.replace(/\s+/g, " ")].map(eitherCase).join("");
  return before + characters + after;
}

function eitherCase(character: string): string {
  if (character === " ") return "\\s{1,4}";
  const cases = new Set(
    [character, character.toLowerCase(), character.toUpperCase()].filter((c) => c.length === character.length),
  );
  return `[${[...cases].map((c) => c.replace(/[\\\]^-]/g, "\\$&")).join("")}]`;
}

function withNote(messages: Message[]): Message[] {
  const [first, ...rest] = messages;
  if (first?.role === "system") return [{ role: "system", content: `${first.content}\n\n${placeholderNote}` }, ...rest];
  return [{ role: "system", content: placeholderNote }, ...messages];
}
