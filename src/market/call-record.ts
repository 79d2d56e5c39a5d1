import { within } from "./elementary.ts";
import type { AttemptReport, FailureReason } from "./settlement.ts";
import type { SharedRow } from "./state.ts";

/** Failures that are not the bidder's doing. */
const notItsFault: ReadonlySet<FailureReason> = new Set([
  "orphaned",
  "internal",
  "unauthorized",
  "client-error",
  "no-capacity",
  "cut-short",
  "unmarked-thoughts",
]);

/** Does such a failure speak against the bidder? */
export const isItsFault = (failure: FailureReason): boolean => !notItsFault.has(failure);

/** Does this call tell whether its bidder answers? One that was cut before its first word does not: it may have hung. */
export const tellsOfErrors = ({ failure, censored, firstTokenMs }: AttemptReport): boolean =>
  failure === null ? !censored || firstTokenMs !== null : isItsFault(failure);

/** Calls remembered of one bidder: older ones fade, so that one that breaks after years is found out in a few hundred. */
const memory = 300;
/** Calls that the first belief is worth, and the share of them that is taken to fail. */
const assumed = 10;
const assumedFailing = 0.01;

/** Counts one call of weight `g`; `newest`: the weight of now, at least that (see forgetting.ts). */
export function recordCall(row: Pick<SharedRow, "calls" | "failed">, failed: boolean, g: number, newest: number): void {
  row.calls += g;
  if (failed) row.failed += g;
  const fade = Math.min(1, (memory * newest) / row.calls);
  row.calls *= fade;
  row.failed *= fade;
}

/** P(a call brings an answer), 0.01 to 1; `g`: the weight of now. */
export function answering(row: Pick<SharedRow, "calls" | "failed"> | undefined, g: number): number {
  const failing = ((row?.failed ?? 0) / g + assumed * assumedFailing) / ((row?.calls ?? 0) / g + assumed);
  return within(1 - failing, 0.01, 1);
}
