import { isDeepStrictEqual } from "node:util";
import { fold } from "../../../src/job/evolve.ts";
import type { Invariant } from "../evidence.ts";

/** What the process shows is the fold of what is stored. */
export const foldsEqual: Invariant = ({ log, shown }) => {
  if (shown === null) return [];
  const folded = fold(log);
  if (isDeepStrictEqual(folded, shown)) return [];
  const keys = Object.keys(shown) as (keyof typeof shown)[];
  const differing = keys.filter((key) => !isDeepStrictEqual(folded?.[key], shown[key]));
  return [`the job that is shown is not the fold of its log: ${differing.join(", ")}`];
};
