import { isSpace } from "./characters.ts";
import type { PreparedCriterion } from "./criterion.ts";

/** The trimmed answer is one of `anyOf` (trimmed). A prefix that begins none of them is a monotone reject. */
export function equalsCriterion(id: string, anyOf: readonly string[]): PreparedCriterion {
  const wanted = anyOf.map((text) => text.trim());
  return {
    id,
    class: "monotone",
    open: () => {
      let alive = wanted;
      let position = 0;
      const push = (chunk: string): void => {
        for (let at = 0; at < chunk.length && alive.length > 0; at += 1) {
          const code = chunk.charCodeAt(at);
          const space = isSpace(code);
          if (position === 0 && space) continue;
          const here = position;
          alive = alive.filter((text) => (here < text.length ? text.charCodeAt(here) === code : space));
          position += 1;
        }
      };
      const rejects = "the answer begins none of the wanted texts";
      return {
        push,
        status: () => (alive.length === 0 ? "reject" : "undecided"),
        evidence: () =>
          alive.length === 0 ? rejects : `${alive.length} of ${wanted.length} wanted texts are still possible`,
        finish: () => {
          const accept = alive.some((text) => position >= text.length);
          return {
            accept,
            evidence: accept
              ? "equals a wanted text"
              : alive.length === 0
                ? rejects
                : "equals none of the wanted texts",
          };
        },
      };
    },
  };
}
