import { Tokenizer } from "htmlparser2";

/** What an element puts into the text where it opens and closes; the other elements put a space. */
const inline = new Set(["span", "em", "i", "strong", "b", "u", "a"]);
const blocks = new Set(["p", "div", "table", "tr", "td", "th"]);
/** Elements whose content no reader sees; the tokenizer knows that only their own end tag ends them. */
const unseen = new Set(["script", "style", "title"]);

/**
 * Text of an HTML body: tags, comments, scripts and style sheets are dropped, links are kept as "(address)". One pass
 * of a tokenizer that builds no tree, so a mail's nesting and unclosed tags cost no more than its length. The result
 * is text, not safe HTML.
 */
export function htmlText(html: string): string {
  const kept: string[] = [];
  let hidden = false;
  let tag = "";
  let attribute = "";
  let link: string[] = [];
  const say = (text: string) => {
    if (!hidden) kept.push(text);
  };
  const opened = () => {
    const address = /^[^\s"']+/.exec(link.join("").trim())?.[0];
    if (tag === "a" && address !== undefined) say(` (${address}) `);
    else if (tag === "br") say("\n");
    else if (tag === "li") say("* ");
    else if (tag === "hr") say("\n-------------\n");
    else if (!inline.has(tag)) say(blocks.has(tag) ? "\n\n" : " ");
    hidden = unseen.has(tag);
  };
  const nothing = () => {};
  const tokenizer = new Tokenizer(
    { decodeEntities: true },
    {
      ontext: (from, to) => say(html.slice(from, to)),
      ontextentity: (codePoint) => say(String.fromCodePoint(codePoint)),
      onopentagname: (from, to) => {
        tag = html.slice(from, to).toLowerCase();
        attribute = "";
        link = [];
      },
      onattribname: (from, to) => {
        // The first of two counts, as in a browser.
        attribute = link.length > 0 ? "" : html.slice(from, to).toLowerCase();
      },
      onattribdata: (from, to) => {
        if (attribute === "href") link.push(html.slice(from, to));
      },
      onattribentity: (codePoint) => {
        if (attribute === "href") link.push(String.fromCodePoint(codePoint));
      },
      onattribend: nothing,
      onopentagend: opened,
      onselfclosingtag: opened,
      onclosetag: (from, to) => {
        hidden = false;
        const name = html.slice(from, to).toLowerCase();
        if (!inline.has(name)) say(blocks.has(name) ? "\n\n" : " ");
      },
      oncomment: () => say(" "),
      oncdata: nothing,
      ondeclaration: nothing,
      onprocessinginstruction: nothing,
      onend: nothing,
    },
  );
  tokenizer.write(html);
  tokenizer.end();
  return kept
    .join("")
    .replace(/\r\n?/g, "\n")
    .replace(/[ \t\u00a0]+/g, " ")
    .replace(/ ?\n ?/g, "\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}
