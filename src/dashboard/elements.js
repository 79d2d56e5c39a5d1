/**
 * Builds an element. Children are elements or text; text is only ever text, whatever a model or a mail put into it.
 * @param {string} tag
 * @param {Record<string, unknown>} attributes `class`, `onclick`, ...; null, undefined and false are left out
 * @param {...(Node | string | number | null | undefined | (Node | string | number | null)[])} children
 * @returns {HTMLElement}
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat())
    if (child !== null && child !== undefined) element.append(child instanceof Node ? child : String(child));
  return element;
}

/**
 * A table with a caption for those who cannot see it.
 * @param {string} caption
 * @param {string[]} heads a head that begins with "#" is of a column of numbers
 * @param {(Node | string | number | null)[][]} rows
 * @param {(index: number) => string | null} classOf
 */
export function table(caption, heads, rows, classOf = () => null) {
  const numeric = heads.map((h) => h.startsWith("#"));
  return el(
    "div",
    { class: "scroll" },
    el(
      "table",
      {},
      el("caption", {}, caption),
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          heads.map((h, i) => el("th", { scope: "col", class: numeric[i] ? "number" : null }, h.replace(/^#/, ""))),
        ),
      ),
      el(
        "tbody",
        {},
        rows.map((row, r) =>
          el(
            "tr",
            { class: classOf(r) },
            row.map((cell, i) =>
              el("td", { class: numeric[i] ? "number" : null, "data-head": heads[i]?.replace(/^#/, "") }, cell),
            ),
          ),
        ),
      ),
    ),
  );
}

/** @param {string} status */
export const badge = (status) => el("span", { class: `badge ${status}` }, status);

/** @param {string[]} items */
export const list = (items) =>
  el(
    "ul",
    { class: "plain" },
    items.map((one) => el("li", {}, one)),
  );
