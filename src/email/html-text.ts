import PostalMime from "postal-mime";

/** Characters of HTML that are read; the rest of longer ones is dropped. */
const readChars = 1_048_576;

/**
 * Text of an HTML body by postal-mime's own converter, which is linear and drops scripts, comments and tags. It is
 * reached by its public face: a message of an empty text part and the HTML is rendered as text. The HTML goes in as
 * base64, so it cannot close the part it stands in. The result is text, not safe HTML.
 */
export async function htmlText(html: string): Promise<string> {
  const bytes = new TextEncoder().encode(withoutStyles(html.slice(0, readChars)));
  const lines: string[] = [];
  // 57 bytes make a line of 76 characters.
  for (let at = 0; at < bytes.length; at += 57) lines.push(btoa(String.fromCharCode(...bytes.subarray(at, at + 57))));
  const message = [
    'Content-Type: multipart/mixed; boundary="edge"',
    "",
    "--edge",
    "Content-Type: text/plain",
    "",
    "",
    "--edge",
    "Content-Type: text/html; charset=utf-8",
    "Content-Transfer-Encoding: base64",
    "",
    ...lines,
    "--edge--",
    "",
  ].join("\r\n");
  const { text } = await PostalMime.parse(message);
  return (text ?? "")
    .replace(/[ \t\u00a0]+/g, " ")
    .replace(/ ?\n ?/g, "\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

/** Style sheets are no text; the converter keeps those of a body. One pass, case folded without changing lengths. */
function withoutStyles(html: string): string {
  const lower = html.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  const kept: string[] = [];
  let from = 0;
  for (;;) {
    const open = lower.indexOf("<style", from);
    const close = open < 0 ? -1 : lower.indexOf("</style", open);
    if (open < 0 || close < 0) break;
    kept.push(html.slice(from, open), " ");
    const end = lower.indexOf(">", close);
    from = end < 0 ? html.length : end + 1;
  }
  kept.push(html.slice(from));
  return kept.join("");
}
