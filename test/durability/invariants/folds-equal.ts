import { isDeepStrictEqual } from "node:util";
import { fold } from "../../../src/job/evolve.ts";
import { viewOf } from "../../../src/job/job-view.ts";
import type { Invariant } from "../evidence.ts";

/** What the process holds, and what the API shows, is the fold of what is stored. */
export const foldsEqual: Invariant = ({ log, shown, view }) => {
  const folded = fold(log);
  const breaches: string[] = [];
  const compare = (what: string, got: object | null, want: object | null) => {
    if (got === null || isDeepStrictEqual(want, got)) return;
    const [a, b] = [want ?? {}, got] as Record<string, unknown>[];
    const differing = Object.keys(b ?? {}).filter((key) => !isDeepStrictEqual(a?.[key], b?.[key]));
    breaches.push(`${what} is not the fold of its log: ${differing.join(", ")}`);
  };
  compare("the job that is shown", shown, folded);
  // Over the wire what is undefined is left out.
  compare("the view", view, folded === null ? null : (JSON.parse(JSON.stringify(viewOf(folded))) as object));
  return breaches;
};
