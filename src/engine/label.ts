import { normaliseAnswer, valueIn } from "../judge/closed-answer.ts";
import { foldText } from "../output/fold-case.ts";
import { readAnswer } from "../output/read-answer.ts";
import type { Reading } from "../output/reader.ts";
import type { JsonSchema } from "../plan/contract.ts";
import { isClosed, labelsOf } from "../plan/kind.ts";
import type { Microtask } from "../plan/microtask.ts";
import type { Finish } from "../race/model-port.ts";

type Labelled = Pick<Microtask, "kind" | "labels">;

/** The label in its compared form, whatever it was dressed in; null where the text names none of the microtask's. */
export function labelIn(text: string, task: Labelled): string | null {
  return normaliseAnswer(text, undefined, labelsOf(task.kind, task.labels))?.toLowerCase() ?? null;
}

/** The label and own confidence of a closed answer; null where the text has none. */
export function readLabel(text: string, task: Labelled): { label: string; confidence: number | null } | null {
  const label = labelIn(text, task);
  if (label === null) return null;
  const value = valueIn(text);
  const confidence = typeof value === "object" && value !== null && "confidence" in value ? value.confidence : null;
  return { label, confidence: typeof confidence === "number" ? confidence : null };
}

/**
 * An answer as a value of its contract's schema. That of labels is `{label}`, whatever the kind: a model that says the
 * bare label, in whatever dress, has answered, and is not asked again for its form.
 */
export function readAs(text: string, task: Labelled, schema: JsonSchema, finish: Finish): Reading {
  // A provider that does not say how the answer ended may have lost its end.
  const cut = finish === "length" || finish === "unknown";
  const reading = readAnswer(text, schema, { cut });
  if (reading.ok || !(isClosed(task.kind) || task.labels !== undefined)) return reading;
  const labels = labelsOf(task.kind, task.labels);
  const label = normaliseAnswer(text, undefined, labels);
  if (label === null || (cut && beginsAnother(label, labels))) return reading;
  const value = valueIn(text);
  const dressed = readAnswer(JSON.stringify(value === undefined ? { label } : { ...Object(value), label }), schema);
  return dressed.ok ? { ...dressed, repairs: ["label-read"] } : reading;
}

/** What was cut off behind this label may have been the rest of a longer one. */
const beginsAnother = (label: string, labels: readonly string[] | null): boolean =>
  labels?.some((other) => other !== label && foldText(other).startsWith(foldText(label))) ?? true;
