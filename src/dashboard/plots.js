/**
 * Numbers as drawings. Geometry stands in attributes, since the pages allow no inline style; colours are the style
 * sheet's. Each says in words what it shows.
 */

/** @param {string} tag @param {Record<string, string | number>} attributes @param {...(Node | string)} children */
function svg(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** @param {string} words @param {number} width @param {number} height @param {string} name @param {...Node} children */
const drawing = (words, width, height, name, ...children) =>
  svg(
    "svg",
    { class: name, role: "img", "aria-label": words, width, height, viewBox: `0 0 ${width} ${height}` },
    ...children,
  );

/**
 * A probability with its bounds on a rail from 0 to 1.
 * @param {{ low: number, mean: number, high: number }} known
 * @param {string} words
 */
export function interval({ low, mean, high }, words) {
  const [width, height, inset] = [96, 12, 5];
  const x = (/** @type {number} */ p) => inset + p * (width - 2 * inset);
  const middle = height / 2;
  return drawing(
    words,
    width,
    height,
    "interval",
    svg("line", { class: "rail", x1: x(0), x2: x(1), y1: middle, y2: middle }),
    svg("line", { class: "bounds", x1: x(low), x2: x(high), y1: middle, y2: middle }),
    svg("circle", { class: "mean", cx: x(mean), cy: middle, r: 4 }),
  );
}

/** @param {string} text @param {number} x @param {number} y @param {Record<string, string>} more */
const label = (text, x, y, more = {}) => svg("text", { x, y, ...more }, text);

/**
 * A reliability diagram (DeGroot and Fienberg 1983): what was said on average, to the right, against the share that came
 * true, upwards; on the diagonal they agree. The area of a dot is its claims' share of all.
 * @param {{ said: number, cameTrue: number, n: number }[]} bins
 * @param {string} words
 */
export function reliability(bins, words) {
  const [side, left, top, largest] = [110, 44, 10, 9];
  const x = (/** @type {number} */ p) => left + p * side;
  const y = (/** @type {number} */ p) => top + (1 - p) * side;
  const all = bins.reduce((sum, bin) => sum + bin.n, 0);
  return drawing(
    words,
    x(1) + 16,
    y(0) + 32,
    "reliability",
    svg("rect", { class: "frame", x: x(0), y: y(1), width: x(1) - x(0), height: y(0) - y(1) }),
    svg("line", { class: "rail", x1: x(0), y1: y(0), x2: x(1), y2: y(1) }),
    ...[0, 0.5, 1].flatMap((p) => {
      const tick = `${100 * p}${p === 1 ? " %" : ""}`;
      return [label(tick, x(p), y(0) + 13), label(tick, x(0) - 15, y(p) + 3)];
    }),
    label("said", x(0.5), y(0) + 27),
    label("came true", 10, y(0.5), { transform: `rotate(-90 10 ${y(0.5)})` }),
    ...bins.flatMap(({ said, cameTrue, n }) => [
      svg("line", { class: "gap", x1: x(said), x2: x(said), y1: y(said), y2: y(cameTrue) }),
      svg("circle", { class: "mean", cx: x(said), cy: y(cameTrue), r: Math.max(2, largest * Math.sqrt(n / all)) }),
    ]),
  );
}
