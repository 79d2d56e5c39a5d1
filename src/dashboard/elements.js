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
 * A table below what it says. On a narrow screen it scrolls by itself, with a shadow where there is more.
 * @param {string} caption
 * @param {string[]} heads a head that begins with "#" is of a column of numbers
 * @param {(Node | string | number | null)[][]} rows
 * @param {(index: number) => string | null} classOf
 */
export function table(caption, heads, rows, classOf = () => null) {
  const names = heads.map((h) => h.replace(/^#/, ""));
  const kinds = heads.map((h) => (h.startsWith("#") ? "number" : null));
  const head = names.map((name, i) => el("th", { scope: "col", class: kinds[i] }, name));
  const body = rows.map((row, r) =>
    el(
      "tr",
      { class: classOf(r) },
      row.map((cell, i) => el("td", { class: kinds[i], "data-head": names[i] }, cell)),
    ),
  );
  const parts = [el("thead", {}, el("tr", {}, head)), el("tbody", {}, body)];
  return el("div", {}, quiet(caption), el("div", { class: "scroll" }, el("table", { "aria-label": caption }, parts)));
}

export const quiet = (/** @type {string} */ words) => el("p", { class: "quiet" }, words);

export const faint = (/** @type {string} */ words) => el("span", { class: "quiet" }, words);

/** @param {unknown} error */
export const fault = (error) =>
  el("p", { class: "fault", role: "alert" }, error instanceof Error ? error.message : String(error));

/** @param {...any} children */
export const card = (...children) => el("section", { class: "card" }, ...children);

/** @param {string} status */
export const badge = (status) => el("span", { class: `badge ${status}` }, status);

/** @param {string[]} items */
export const list = (items) =>
  el(
    "ul",
    { class: "plain" },
    items.map((one) => el("li", {}, one)),
  );

/** Which details the reader has open: they stay so when the page is drawn again. @type {Set<string>} */
const open = new Set();

/** @param {string} key @param {string} summary @param {...Node} content */
export function details(key, summary, ...content) {
  const element = el("details", { open: open.has(key) }, el("summary", {}, summary), ...content);
  element.addEventListener("toggle", () => {
    if (/** @type {HTMLDetailsElement} */ (element).open) open.add(key);
    else open.delete(key);
  });
  return element;
}
