/** A piece of a model's text that may be the JSON that was asked for, and what was cut away to get it. */
export interface Candidate {
  text: string;
  repairs: string[];
}

const mostCandidates = 12;
/** Bracketed spans are looked for in this much of the text around the JSON. */
const longestScanned = 1_000_000;

/**
 * The places where the JSON of a model's answer may stand, likeliest first: the whole text, fenced blocks, bracketed
 * spans in prose (longest first), and an opening bracket that never closes. Linear in the text.
 */
export function findCandidates(text: string): Candidate[] {
  const thought = /^\s*<think(?:ing)?>[\s\S]*?<\/think(?:ing)?>/.exec(text.slice(0, longestScanned));
  const base = thought === null ? [] : ["thinking-removed"];
  const body = (thought === null ? text : text.slice(thought[0].length)).replace(/^\uFEFF/, "").trim();
  const found: Candidate[] = [{ text: body, repairs: base }];
  if (body.length > longestScanned) return found;
  const fences = fencedBlocks(body);
  for (const block of fences) found.push({ text: block, repairs: [...base, "fence-removed"] });
  const spans = bracketSpans(body);
  for (const span of spans)
    if (span.length < body.length) found.push({ text: span, repairs: [...base, "prose-removed"] });
  return found.slice(0, mostCandidates);
}

/** Fenced code blocks, those marked json first, then longest first; a fence that never closes ends with the text. */
function fencedBlocks(text: string): string[] {
  const blocks: { text: string; json: boolean }[] = [];
  for (let at = text.indexOf("```"); at >= 0 && blocks.length < 16; ) {
    const lineEnd = text.indexOf("\n", at);
    const head = text.slice(at + 3, lineEnd < 0 ? text.length : lineEnd).trim();
    const isInfo = lineEnd >= 0 && /^[\w.+-]{0,20}$/.test(head);
    const start = isInfo ? lineEnd + 1 : at + 3 + (/^(?:json\b)?/i.exec(text.slice(at + 3, at + 7))?.[0].length ?? 0);
    const end = text.indexOf("```", start);
    const inner = text.slice(start, end < 0 ? text.length : end).trim();
    if (inner !== "") blocks.push({ text: inner, json: /^json/i.test(head) });
    if (end < 0) break;
    at = text.indexOf("```", end + 3);
  }
  return blocks.sort((a, b) => Number(b.json) - Number(a.json) || b.text.length - a.text.length).map((b) => b.text);
}

/** Outermost spans from a bracket to its partner, strings skipped; the last may be open. Longest first. */
function bracketSpans(text: string): string[] {
  const spans: string[] = [];
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
      if (depth === 0) spans.push(text.slice(start, at + 1));
    }
    if (spans.length > 64) break;
  }
  if (depth > 0) spans.push(text.slice(start));
  return spans.sort((a, b) => b.length - a.length);
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
