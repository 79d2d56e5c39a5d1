/** A piece of a model's text that may be the JSON that was asked for, and what was cut away to get it. */
export interface Candidate {
  text: string;
  repairs: string[];
  /** Where it begins in the text, roughly: later is larger. */
  at: number;
}

const mostCandidates = 12;
/** Bracketed spans are looked for in this much of the text around the JSON. */
const longestScanned = 1_000_000;

/**
 * The places where the JSON of a model's answer may stand, likeliest first: the whole text, fenced blocks, and, with
 * `spans`, bracketed spans in prose (longest first; the last may be an opening bracket that never closes). Linear.
 */
export function findCandidates(text: string, spans: boolean): Candidate[] {
  const thought = /^\s*<think(?:ing)?>[\s\S]*?<\/think(?:ing)?>/.exec(text.slice(0, longestScanned));
  const base = thought === null ? [] : ["thinking-removed"];
  const body = (thought === null ? text : text.slice(thought[0].length)).replace(/^\uFEFF/, "").trim();
  const found: Candidate[] = [{ text: body, repairs: base, at: 0 }];
  if (body.length > longestScanned) return found;
  for (const block of fencedBlocks(body)) found.push({ ...block, repairs: [...base, "fence-removed"] });
  if (spans)
    for (const span of bracketSpans(body).spans)
      if (span.text.length < body.length) found.push({ ...span, repairs: [...base, "prose-removed"] });
  return found.slice(0, mostCandidates);
}

/** Does a text end within a bracket or a string that it opened? */
export function isOpen(text: string): boolean {
  if (text.startsWith('"')) return stringEnd(text, 0) < 0;
  return bracketSpans(text).open;
}

interface Piece {
  text: string;
  at: number;
}

/** Fenced code blocks, those marked json first, then longest first; a fence that never closes ends with the text. */
function fencedBlocks(text: string): Piece[] {
  const blocks: (Piece & { json: boolean })[] = [];
  for (let at = text.indexOf("```"); at >= 0 && blocks.length < 16; ) {
    const lineEnd = text.indexOf("\n", at);
    const head = text.slice(at + 3, lineEnd < 0 ? text.length : lineEnd).trim();
    const isInfo = lineEnd >= 0 && /^[\w.+-]{0,20}$/.test(head);
    const start = isInfo ? lineEnd + 1 : at + 3 + (/^(?:json\b)?/i.exec(text.slice(at + 3, at + 7))?.[0].length ?? 0);
    const end = text.indexOf("```", start);
    const inner = text.slice(start, end < 0 ? text.length : end).trim();
    if (inner !== "") blocks.push({ text: inner, at: start, json: /^json/i.test(head) });
    if (end < 0) break;
    at = text.indexOf("```", end + 3);
  }
  const sorted = blocks.sort((a, b) => Number(b.json) - Number(a.json) || b.text.length - a.text.length);
  return sorted.map(({ json: _, ...piece }) => piece);
}

/** Outermost spans from a bracket to its partner, strings skipped, longest first; `open`: the last has no partner. */
function bracketSpans(text: string): { spans: Piece[]; open: boolean } {
  const spans: Piece[] = [];
  let depth = 0;
  let start = 0;
  let strings = true;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (depth > 0 && char === '"' && strings) {
      const end = stringEnd(text, at);
      // A quote without a partner is looked for once; from there on quotes are characters.
      if (end < 0) strings = false;
      else at = end;
    } else if (char === "{" || char === "[") {
      if (depth === 0) start = at;
      depth += 1;
    } else if ((char === "}" || char === "]") && depth > 0) {
      depth -= 1;
      if (depth === 0) spans.push({ text: text.slice(start, at + 1), at: start });
    }
    if (spans.length > 64) break;
  }
  const open = depth > 0;
  if (open) spans.push({ text: text.slice(start), at: start });
  return { spans: spans.sort((a, b) => b.text.length - a.text.length), open };
}

/** Index of the quote that ends the string opened at `at`; -1: there is none. */
function stringEnd(text: string, at: number): number {
  for (let next = at + 1; next < text.length; next += 1) {
    const code = text.charCodeAt(next);
    if (code === 0x5c) next += 1;
    else if (code === 0x22) return next;
  }
  return -1;
}
