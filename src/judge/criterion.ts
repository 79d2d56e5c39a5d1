import type { Reading } from "../output/reader.ts";

/**
 * Where a criterion stands on the text so far. accept: decided for every continuation; standing: holds so far, more
 * text can break it; undecided: only the whole can tell, or not enough was seen; reject: see the criterion's class.
 */
export type Status = "accept" | "standing" | "undecided" | "reject";

/** A whole answer: its text, and the value that was read from it. */
export interface WholeAnswer {
  text: string;
  reading: Reading | null;
  /** The parsed answer: the reading's value, else the first JSON in the text; undefined: there is none. */
  value(): unknown;
}

export interface Finding {
  /** null: it could not be told. */
  accept: boolean | null;
  evidence: string;
}

/** One criterion on one racer's stream. Cost of `push` is O(chunk); memory is a few KB. */
export interface RunningCriterion {
  push(chunk: string): void;
  status(): Status;
  evidence(): string;
  /** Of a predictive criterion that rejects. */
  pFalse?(): number;
  /** The verdict on the whole, after all of it was pushed. A monotone reject stays one. */
  finish(answer: WholeAnswer): Finding;
}

/** A criterion made ready for one microtask, shared by its racers. */
export interface PreparedCriterion {
  id: string;
  class: "monotone" | "predictive" | "final";
  open(): RunningCriterion;
}

/** A criterion that says nothing on a prefix. */
export function finalCriterion(id: string, finish: (answer: WholeAnswer) => Finding): PreparedCriterion {
  return {
    id,
    class: "final",
    open: () => ({ push() {}, status: () => "undecided", evidence: () => "told on the whole answer", finish }),
  };
}
