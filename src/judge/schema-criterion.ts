import { prepareSchema } from "../output/validator.ts";
import type { JsonSchema } from "../plan/contract.ts";
import type { PreparedCriterion, RunningCriterion } from "./criterion.ts";
import { type ContradictionWatch, watchContradictions } from "./schema-contradiction.ts";
import { shapeReader } from "./schema-shape.ts";

const longestPrelude = 64;

/**
 * The answer is valid against the schema, as the reader reads it. Monotone: JSON that begins the answer (after white
 * space or a fence) and contradicts the schema in what the reader does not mend is rejected for good, although a text
 * could still go on with a second, better value. Prose before the JSON: only the whole can tell.
 */
export function schemaCriterion(schema: JsonSchema): PreparedCriterion {
  const prepared = prepareSchema(schema);
  const shape = prepared.ok ? shapeReader(prepared)(prepared.root) : null;
  // A schema that takes a string takes any text, JSON or not.
  const watched = shape !== null && shape.types !== null && !shape.types.has("string") ? shape : null;
  return {
    id: "schema",
    class: "monotone",
    open: () => {
      const watch = watched === null ? null : watchContradictions(watched);
      const stream = watch === null ? null : fromFirstBracket(watch);
      const running: RunningCriterion = {
        push: (chunk) => stream?.(chunk),
        status: () => {
          if (watch === null) return "undecided";
          if (watch.contradiction() !== null) return "reject";
          return watch.stands() ? "standing" : "undecided";
        },
        evidence: () =>
          watch?.contradiction() ?? (watch?.stands() ? "every required key stands" : "the schema is not contradicted"),
        finish: (answer) => {
          const contradiction = watch?.contradiction() ?? null;
          if (contradiction !== null) return { accept: false, evidence: contradiction };
          const { reading } = answer;
          if (reading === null) return { accept: null, evidence: "the answer was not read" };
          if (reading.ok)
            return {
              accept: true,
              evidence: reading.repairs.length === 0 ? "valid" : `valid after ${reading.repairs.join(", ")}`,
            };
          const first = reading.errors[0];
          return {
            accept: false,
            evidence:
              first === undefined
                ? "invalid"
                : `${first.message} at ${first.path === "" ? "the top level" : first.path}`,
          };
        },
      };
      return running;
    },
  };
}

/** Passes the text on from its first bracket, when only white space or the head of a fence stands before it. */
function fromFirstBracket(watch: ContradictionWatch): (chunk: string) => void {
  let prelude: string | null = "";
  return (chunk) => {
    if (prelude === null) {
      watch.push(chunk);
      return;
    }
    if (prelude.length >= longestPrelude) return;
    const taken = longestPrelude - prelude.length;
    prelude += chunk.slice(0, taken);
    const begun = /^[\s\uFEFF]*(?:```[a-zA-Z]*\s+)?(?=[[{])/.exec(prelude);
    if (begun === null) return;
    const rest = prelude.slice(begun[0].length) + chunk.slice(taken);
    prelude = null;
    watch.push(rest);
  };
}
