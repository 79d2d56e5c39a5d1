import type { Refusal } from "../error.ts";
import { isKind } from "./kind.ts";
import type { Assembly, Microtask } from "./microtask.ts";

export const maxMicrotasks = 32;
/** Of an answer: each holds a result whole, so many names for one result would multiply it. */
export const maxFields = 64;

/**
 * Checks that microtasks are a DAG within bounds and that the assembly names only them. A planner's plan is checked
 * like a stranger's. Returns the first fault with its field, or null. O(microtasks + dependencies).
 */
export function validatePlan(plan: { microtasks: Microtask[]; assembly: Assembly }): Refusal | null {
  const { microtasks, assembly } = plan;
  if (microtasks.length === 0) return fault("plan.microtasks", "A plan needs at least one microtask.");
  if (microtasks.length > maxMicrotasks)
    return fault(
      "plan.microtasks",
      `A plan may have ${maxMicrotasks} microtasks, this one has ${microtasks.length}. Split the job.`,
    );
  const ids = new Set<string>();
  for (const [i, task] of microtasks.entries()) {
    if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(task.id))
      return fault(
        `plan.microtasks[${i}].id`,
        "An id is 1 to 64 characters of a-z, 0-9 and -, and starts with a letter or digit.",
      );
    if (ids.has(task.id)) return fault(`plan.microtasks[${i}].id`, `The id "${task.id}" is used twice.`);
    if (!isKind(task.kind)) return fault(`plan.microtasks[${i}].kind`, `Unknown kind "${String(task.kind)}".`);
    if (task.kind === "classify" && task.labels === undefined && task.contract.schema === undefined)
      return fault(`plan.microtasks[${i}].labels`, `"${task.id}" needs the labels to choose from: give "labels".`);
    ids.add(task.id);
  }
  for (const [i, task] of microtasks.entries()) {
    for (const need of task.needs)
      if (!ids.has(need))
        return fault(`plan.microtasks[${i}].needs`, `"${task.id}" needs "${need}", which is not in the plan.`);
    for (const part of task.input)
      if (part.from === "microtask" && !task.needs.includes(part.id))
        return fault(`plan.microtasks[${i}].input`, `"${task.id}" reads "${part.id}" and so must name it in needs.`);
  }
  const cycle = findCycle(microtasks);
  if (cycle !== null) return fault("plan.microtasks", `The dependencies form a cycle: ${cycle.join(" -> ")}.`);
  const named = assembly.type === "single" ? [assembly.of] : Object.values(assembly.fields);
  for (const id of named)
    if (!ids.has(id)) return fault("plan.assembly", `The assembly names "${id}", which is not in the plan.`);
  if (named.length > maxFields)
    return fault("plan.assembly.fields", `An answer may have ${maxFields} fields, this one has ${named.length}.`);
  if (named.length === 0) return fault("plan.assembly", "The assembly names no microtask.");
  return null;
}

/** What a body may have: parts that are not repeated are never longer. Each repeat is memory, of all that are priced at a time. */
export const longestInputChars = 1_000_000;

/** Checks that what microtasks read of a job's `text` is there and, with texts of their own, is not multiplied. null: fine. */
export function checkInputLengths(microtasks: readonly Microtask[], text: string): Refusal | null {
  for (const [i, { id, input }] of microtasks.entries()) {
    let chars = 0;
    for (const part of input) {
      if (part.from === "job") chars += text.length;
      else if (part.from === "text") chars += part.text.length;
      else if (part.from === "slice") {
        const slice = Math.min(part.end, text.length) - part.start;
        if (slice <= 0)
          return fault(
            `plan.microtasks[${i}].input`,
            `"${id}" reads ${part.start} to ${part.end} of a text of ${text.length} characters: there is nothing.`,
          );
        chars += slice;
      }
    }
    if (chars > longestInputChars)
      return fault(
        `plan.microtasks[${i}].input`,
        `The parts that "${id}" reads have ${chars} characters together, and may have ${longestInputChars}. Name each once.`,
      );
  }
  return null;
}

const fault = (field: string, message: string): Refusal => ({ code: "invalid-plan", field, message });

/** Depth-first search; returns the ids along one cycle, first repeated at the end, or null. */
function findCycle(microtasks: Microtask[]): string[] | null {
  const needs = new Map(microtasks.map((t) => [t.id, t.needs]));
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (id: string): string[] | null => {
    const at = path.indexOf(id);
    if (at >= 0) return [...path.slice(at), id];
    if (done.has(id)) return null;
    path.push(id);
    for (const need of needs.get(id) ?? []) {
      const cycle = visit(need);
      if (cycle !== null) return cycle;
    }
    path.pop();
    done.add(id);
    return null;
  };
  for (const task of microtasks) {
    const cycle = visit(task.id);
    if (cycle !== null) return cycle;
  }
  return null;
}
