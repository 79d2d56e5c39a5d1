import { readAnswer } from "../output/read-answer.ts";

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

/** What models put before a label. */
const lead = /^(?:label|answer|category|class)\s*[:=]\s*/;

function bareForm(label: string): string {
  return label
    .normalize("NFKC")
    .toLowerCase()
    .replace(/^[\s"'`*_]+/, "")
    .replace(lead, "")
    .replace(/^[\s"'`*_]+|[\s"'`*_.!]+$/g, "")
    .replace(/[\s_-]+/g, " ");
}
