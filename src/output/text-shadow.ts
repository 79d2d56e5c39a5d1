/** A text in its plainest spelling, and where each of its code units stands in the text itself. */
export interface TextShadow {
  text: string;
  /** Of each code unit of the shadow, where what it comes from begins in the text. */
  starts: Uint32Array;
  /** And where that ends. */
  ends: Uint32Array;
}

/** Nothing beyond ASCII, and nothing in an escape. */
const special = /[^\0-\x7f]|\\u[\da-fA-F]{4}|%[24]0/;
/** What a shadow would undo or leave out, beside forms; and marks in such a row that normalising them takes long. */
const undone = /\\u[\da-fA-F]{4}|%[24]0|\p{Cf}|[\u034f\u2010\u2011]|[\ufe00-\ufe0f]|\p{M}{32}/u;
/** Is the text its own shadow? Most are, in any language. */
export const isPlain = (text: string): boolean =>
  !special.test(text) || (!undone.test(text) && text.normalize("NFKC") === text);

/** JSON's escape of a character beyond the first plane, or of another; "@" and " " in a URL; an escaped backslash. */
const escapes = /\\\\|\\u([dD][89abAB][\da-fA-F]{2})\\u([dD][c-fC-F][\da-fA-F]{2})|\\u([\da-fA-F]{4})|%([24]0)/y;
/** Letters that are their own form and join nothing: Latin, Cyrillic, Japanese, Chinese, Korean syllables. */
const isLetter = (code: number): boolean =>
  (code >= 0x4e00 && code <= 0x9fff) ||
  (code >= 0x3041 && code <= 0x3096) ||
  (code >= 0x30a1 && code <= 0x30fa) ||
  (code >= 0xac00 && code <= 0xd7a3) ||
  (code >= 0xc0 && code <= 0xff) ||
  (code >= 0x400 && code <= 0x45f);
/** What joins the character before it: marks, and the parts of a Korean syllable. */
const joins = /^[\p{M}\u1160-\u11ff]$/u;
/** Seen by no reader. Variation selectors and the grapheme joiner are such too. */
const unseen = /^(?:\p{Cf}|\u034f|[\ufe00-\ufe0f])$/u;
/** Of the unseen: these stand within words; the others may also stand between two. */
const withinWords = /^(?:[\u00ad\u200c\u200d]|\u034f|[\ufe00-\ufe0f])$/;
export const mayDivide = (text: string): boolean => /[^\P{Cf}\u00ad\u200c\u200d]/u.test(text);

/** Marks that are joined to one character, and characters that one may become. */
const longestCluster = 8;
const longestForm = 4;

/**
 * The shadow of a text: compatibility forms (NFKC) of its characters, marks joined to their letters, escapes undone,
 * what nobody sees left out; with `divide` a space where it may stand between words. One pass.
 */
export function shadowOf(text: string, divide = false): TextShadow {
  const forms: string[] = [];
  const from: number[] = [];
  const to: number[] = [];
  let cluster = "";
  let size = 0;
  let start = 0;
  let end = 0;
  const flush = () => {
    if (cluster === "") return;
    forms.push(plainForm(cluster));
    from.push(start);
    to.push(end);
    cluster = "";
  };
  const take = (character: string, at: number, until: number) => {
    const code = character.codePointAt(0) ?? 0;
    const simple = code < 0x80 || isLetter(code);
    if (!simple && unseen.test(character)) {
      if (!divide || withinWords.test(character)) return;
      flush();
      forms.push(" ");
      from.push(at);
      to.push(until);
    } else if (!simple && cluster !== "" && size < longestCluster && joins.test(character)) {
      cluster += character;
      size++;
      end = until;
    } else {
      flush();
      cluster = character;
      size = 1;
      start = at;
      end = until;
    }
  };
  for (let at = 0; at < text.length; ) {
    const code = text.codePointAt(at) ?? 0;
    let until = at + (code > 0xffff ? 2 : 1);
    let character = text.slice(at, until);
    if (code === backslash || code === percent) {
      escapes.lastIndex = at;
      const found = escapes.exec(text);
      if (found !== null) {
        until = at + found[0].length;
        character = meant(found);
      }
    }
    take(character, at, until);
    at = until;
  }
  flush();
  const length = forms.reduce((sum, form) => sum + form.length, 0);
  const shadow: TextShadow = { text: forms.join(""), starts: new Uint32Array(length), ends: new Uint32Array(length) };
  let at = 0;
  for (const [i, form] of forms.entries())
    for (let n = 0; n < form.length; n++, at++) {
      shadow.starts[at] = from[i] ?? 0;
      shadow.ends[at] = to[i] ?? 0;
    }
  return shadow;
}

const backslash = 92;
const percent = 37;

function meant([all, high, low, code, inUrl]: RegExpExecArray): string {
  const of = (hex: string) => String.fromCharCode(Number.parseInt(hex, 16));
  if (high !== undefined && low !== undefined) return of(high) + of(low);
  if (code !== undefined) return of(code);
  return inUrl === "40" ? "@" : inUrl === "20" ? " " : all;
}

function plainForm(cluster: string): string {
  if (cluster.length === 1 && (cluster <= "\x7f" || isLetter(cluster.charCodeAt(0)))) return cluster;
  if (cluster === "\\\\") return cluster;
  const form = cluster.normalize("NFKC").replace(/[\u2010\u2011]/g, "-");
  return form.length > longestForm * cluster.length ? cluster : form;
}

/** What JSON's escapes in a piece of text stand for. */
export const unescaped = (text: string): string =>
  text.replace(/\\\\|\\u([\da-fA-F]{4})/g, (all, hex: string | undefined) =>
    hex === undefined ? all : String.fromCharCode(Number.parseInt(hex, 16)),
  );
