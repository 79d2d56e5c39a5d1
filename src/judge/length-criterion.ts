import { isLowSurrogate, isSpace } from "./characters.ts";
import type { PreparedCriterion, Status } from "./criterion.ts";

interface Bounds {
  min?: number;
  max?: number;
}

/** Length in code points. Over `max` is a monotone reject; `min` reached without a `max` is decided for good. */
export function lengthCriterion(id: string, bounds: Bounds): PreparedCriterion {
  return counting(id, bounds, "characters", () => (chunk) => {
    let count = 0;
    for (let at = 0; at < chunk.length; at += 1) if (!isLowSurrogate(chunk.charCodeAt(at))) count += 1;
    return count;
  });
}

/** Words: runs of anything but white space, so scripts without spaces count few. Classes as for the length. */
export function wordsCriterion(id: string, bounds: Bounds): PreparedCriterion {
  return counting(id, bounds, "words", () => {
    let within = false;
    return (chunk) => {
      let count = 0;
      for (let at = 0; at < chunk.length; at += 1) {
        const space = isSpace(chunk.charCodeAt(at));
        if (!space && !within) count += 1;
        within = !space;
      }
      return count;
    };
  });
}

function counting(
  id: string,
  { min, max }: Bounds,
  unit: string,
  counter: () => (chunk: string) => number,
): PreparedCriterion {
  return {
    id,
    class: "monotone",
    open: () => {
      const count = counter();
      let seen = 0;
      const status = (): Status => {
        if (max !== undefined && seen > max) return "reject";
        if (min !== undefined && seen < min) return "undecided";
        return max === undefined ? "accept" : "standing";
      };
      const evidence = (): string => {
        if (max !== undefined && seen > max) return `more than ${max} ${unit}`;
        if (min !== undefined && seen < min) return `fewer than ${min} ${unit}`;
        return `${min ?? 0} to ${max ?? "any number of"} ${unit}`;
      };
      return {
        push: (chunk) => {
          // Once over the cap, counting on would tell nothing.
          if (max === undefined || seen <= max) seen += count(chunk);
        },
        status,
        evidence,
        finish: () => ({ accept: status() === "accept" || status() === "standing", evidence: evidence() }),
      };
    },
  };
}
