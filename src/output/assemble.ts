import type { Assembly } from "../plan/microtask.ts";

/** What became of one microtask: its accepted answer, or why there is none. */
export type MicrotaskResult = { text: string; value: unknown } | { failed: string };

export interface AssembledAnswer {
  value: unknown;
  /** What a client that wants text gets: the text of a single microtask, else the value as JSON. */
  text: string;
  /** Fields (of a single: the microtask's id) that have no accepted answer. */
  unsure: string[];
  /** Fields that the assembly itself leaves out, and why; not named in `unsure`. Absent: none. */
  leftOut?: { part: string; why: string }[];
}

/**
 * The job's answer from its microtasks' results, as the plan's assembly says. A field without an accepted answer is
 * null and named in `unsure`; nothing is invented for it.
 */
export function assemble(assembly: Assembly, results: Readonly<Record<string, MicrotaskResult>>): AssembledAnswer {
  const accepted = (id: string): { text: string; value: unknown } | null => {
    const result = Object.hasOwn(results, id) ? results[id] : undefined;
    return result !== undefined && "text" in result ? result : null;
  };
  if (assembly.type === "single") {
    const result = accepted(assembly.of);
    if (result === null) return { value: null, text: "", unsure: [assembly.of] };
    return { value: valueIn(result), text: result.text, unsure: [] };
  }
  const unsure: string[] = [];
  const fields = Object.entries(assembly.fields).map(([field, id]): [string, unknown] => {
    const result = accepted(id);
    if (result === null) unsure.push(field);
    return [field, result === null ? null : valueIn(result)];
  });
  const value = Object.fromEntries(fields);
  const leftOut = Object.entries(assembly.without ?? {}).map(([part, why]) => ({ part, why }));
  for (const [part, { field, label, why }] of Object.entries(assembly.unless ?? {}))
    if (labelOf(value[field]) === label && value[part] != null) leftOut.push({ part, why });
  for (const { part } of leftOut) value[part] = null;
  return { value, text: JSON.stringify(value), unsure, ...(leftOut.length === 0 ? {} : { leftOut }) };
}

const labelOf = (value: unknown): unknown =>
  typeof value === "object" && value !== null && "label" in value ? value.label : undefined;

/** An answer without a schema has no value of its own: it is its text. */
const valueIn = (result: { text: string; value: unknown }): unknown =>
  result.value === undefined ? result.text : result.value;
