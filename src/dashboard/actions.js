import { ask } from "./ask.js";
import { el, fault } from "./elements.js";

/**
 * What a reader may say to a job: `path` takes `body`, and `done` stands in the buttons' place.
 * @typedef {{ name: string, path: string, body: object, done: string }} Choice
 */

/** What became of a press, by the row it was in: it stays when the page is drawn anew. @type {Map<string, { words: HTMLElement, done: boolean }>} */
const said = new Map();

/** @param {string} job @returns {Choice[]} */
export const cancelling = (job) => [{ name: "Cancel", path: `/v1/jobs/${job}/cancel`, body: {}, done: "Cancelled." }];

/** @param {string} job @param {string} microtask @returns {Choice[]} */
export function approving(job, microtask) {
  const path = `/v1/jobs/${job}/approvals/${encodeURIComponent(microtask)}`;
  return [
    { name: "Approve", path, body: { approved: true }, done: "Approved." },
    { name: "Reject", path, body: { approved: false }, done: "Rejected." },
  ];
}

/** @param {string} job @param {string} microtask @returns {Choice[]} */
export const rating = (job, microtask) =>
  [true, false].map((good) => ({
    name: good ? "Good" : "Bad",
    path: "/v1/feedback",
    body: { job, microtask, good },
    done: "Thanks: the market learns from it.",
  }));

/** @param {string} key @param {Choice[]} choices */
export function actions(key, choices) {
  const row = el("div", { class: "actions" });
  const draw = () => {
    const note = said.get(key);
    const buttons = choices.map((one) => el("button", { type: "button", onclick: () => void press(one) }, one.name));
    row.replaceChildren(...(note?.done ? [] : buttons), note?.words ?? "");
  };
  /** @param {Choice} choice */
  const press = async ({ path, body, done }) => {
    for (const button of row.querySelectorAll("button")) button.disabled = true;
    try {
      await ask(path, body);
      said.set(key, { words: el("span", { class: "quiet", role: "status" }, done), done: true });
    } catch (error) {
      said.set(key, { words: fault(error), done: false });
    }
    draw();
  };
  draw();
  return row;
}
