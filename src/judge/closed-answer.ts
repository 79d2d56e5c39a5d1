import { readAnswer } from "../output/read-answer.ts";
import { quoted } from "./characters.ts";
import type { PreparedCriterion } from "./criterion.ts";

const longestLabel = 200;

/**
 * The answer of a closed kind in the form in which two answers are compared: one of `labels` as it is written there,
 * or the bare label in lower case when there are none given. Takes `{label, confidence?}`, a JSON string or a bare
 * label; null: no label can be read.
 */
export function normaliseAnswer(text: string, value: unknown, labels: readonly string[] | null): string | null {
  const label = labelOf(value) ?? labelOf(valueIn(text)) ?? text;
  if (label.length > longestLabel) return null;
  const bare = bareForm(label);
  if (bare === "") return null;
  if (labels === null) return bare;
  return labels.find((known) => bareForm(known) === bare) ?? null;
}

function labelOf(value: unknown): string | null {
  if (typeof value === "string") return value;
  if (typeof value === "boolean" || typeof value === "number") return String(value);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const label = "label" in value ? value.label : undefined;
  return typeof label === "string" || typeof label === "boolean" || typeof label === "number" ? String(label) : null;
}

/** The object with a label that a text holds, fenced or not; undefined: it holds none. */
export function valueIn(text: string): unknown {
  if (!/[{"]/.test(text.slice(0, 2000)) || text.length > 100_000) return undefined;
  const reading = readAnswer(text, { type: "object", required: ["label"] });
  return reading.ok ? reading.value : undefined;
}

/** Leads that models put before a label. */
const leads = ["label", "answer", "category", "class"];

function bareForm(label: string): string {
  return label
    .normalize("NFKC")
    .toLowerCase()
    .replace(/^[\s"'`*_]+/, "")
    .replace(new RegExp(`^(?:${leads.join("|")})\\s*[:=]\\s*`), "")
    .replace(/^[\s"'`*_]+|[\s"'`*_.!]+$/g, "")
    .replace(/[\s_-]+/g, " ");
}

/** A closed answer names one of the labels. A bare answer that begins none of them is a monotone reject. */
export function labelsCriterion(labels: readonly string[]): PreparedCriterion {
  const beginnings = [...labels.map(bareForm), ...leads];
  return {
    id: "labels",
    class: "monotone",
    open: () => {
      let head = "";
      let impossible = false;
      const evidence = (): string => (impossible ? `${quoted(head)} begins no label` : "a label is still possible");
      return {
        push: (chunk) => {
          if (impossible || head.length >= longestLabel) return;
          for (let at = 0; at < chunk.length && !impossible && head.length < longestLabel; at += 1) {
            head += chunk[at] ?? "";
            impossible = beginsNone(head, beginnings);
          }
        },
        status: () => (impossible ? "reject" : "undecided"),
        evidence,
        finish: (answer) => {
          if (impossible) return { accept: false, evidence: evidence() };
          const value = answer.reading?.ok === true ? answer.reading.value : undefined;
          const label = normaliseAnswer(answer.text, value, labels);
          return {
            accept: label !== null,
            evidence: label === null ? `none of the labels ${labels.join(", ")}` : `label ${label}`,
          };
        },
      };
    },
  };
}

/** Only plain ASCII words are told on a prefix, without the last character: marks that follow could change it. */
function beginsNone(head: string, beginnings: readonly string[]): boolean {
  const sure = head.slice(0, -1);
  if (!/^[A-Za-z]+$/.test(sure)) return false;
  const lower = sure.toLowerCase();
  return !beginnings.some((beginning) => beginning.startsWith(lower) || lower.startsWith(beginning));
}
