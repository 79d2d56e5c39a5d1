import { quoted } from "./characters.ts";
import type { PreparedCriterion } from "./criterion.ts";

/** What looks for something in a stream: found for good, impossible for good, or neither yet. */
export interface Search {
  push(chunk: string): void;
  found(): boolean;
  impossible(): boolean;
  /** Found when the text ends here? */
  foundAtEnd(): boolean;
}

/**
 * A criterion that something must occur (found: decided for good) or must not (found: a monotone reject; not found
 * so far: standing).
 */
export function occurrenceCriterion(id: string, what: string, must: boolean, open: () => Search): PreparedCriterion {
  const name = quoted(what);
  return {
    id,
    class: "monotone",
    open: () => {
      const search = open();
      return {
        push: search.push,
        status: () => {
          if (search.found()) return must ? "accept" : "reject";
          if (search.impossible()) return must ? "reject" : "accept";
          return must ? "undecided" : "standing";
        },
        evidence: () =>
          search.found()
            ? `${name} occurs`
            : search.impossible()
              ? `${name} can no longer occur`
              : `${name} did not occur`,
        finish: () => {
          const found = search.foundAtEnd();
          return { accept: found === must, evidence: found ? `${name} occurs` : `${name} does not occur` };
        },
      };
    },
  };
}
