import type { Attempt, MicrotaskState } from "../job/job.ts";
import { readCall } from "../output/read-call.ts";
import { reaskMessage } from "../output/reask.ts";
import type { Message } from "../plan/microtask.ts";
import { isSwitchedOff, type Scene } from "./scene.ts";

/** Criteria that speak of an answer's form: whoever broke nothing else may mend it. */
const ofForm: ReadonlySet<string> = new Set(["schema", "calls"]);

/**
 * The attempt whose answer broke the schema, or its tools, and nothing else: the same bidder is shown its errors once
 * before the race moves on. Its place counts as running meanwhile. null: there is none, it had its second chance, or its
 * bidder was switched off.
 */
export function owedReask(microtask: MicrotaskState, scene?: Scene): Attempt | null {
  const { contract, tools } = microtask.task;
  if (contract.schema === undefined && tools === undefined) return null;
  if (microtask.attempts.some((a) => a.role === "reask" && a.status !== "orphaned")) return null;
  if (microtask.refused.some((r) => r.role === "reask")) return null;
  const first = microtask.attempts.find((a) => (a.role === "leader" || a.role === "fallback") && brokeFormOnly(a));
  return first === undefined || (scene !== undefined && isSwitchedOff(scene, first.bidder)) ? null : first;
}

function brokeFormOnly(attempt: Attempt): boolean {
  // Specialists in this process do not read errors.
  if (attempt.bidder.startsWith("embedded/") || attempt.status === "failed" || attempt.status === "orphaned")
    return false;
  const verdict = attempt.wholeVerdict ?? attempt.prefixVerdict;
  return (
    verdict?.result === "reject" && verdict.criteria.every((c) => c.result !== "reject" || ofForm.has(c.criterion))
  );
}

/** What a bidder is shown of its answer, and of what was wrong with it in the verdict's own words. */
export function reaskTurns({ task }: MicrotaskState, first: Attempt): Message[] {
  const content = first.text.slice(0, longestShown);
  const { tools } = task;
  const evidence = evidenceOf(first);
  if (tools !== undefined && first.calls.length > 0)
    return [
      { role: "assistant", content, calls: first.calls },
      // Providers want a result for each call; a tool that was called wrongly says so.
      ...first.calls.map((call): Message => {
        const { errors } = readCall(call, tools);
        const wrong = errors.length > 0 ? errors.join("; ") : evidence.map(({ message }) => message).join("; ");
        return { role: "tool", call: call.id, content: `Not run. ${wrong.slice(0, 600)}. Answer again, corrected.` };
      }),
    ];
  // Chat templates of some models (Mistral's, Gemma's) refuse two turns of one side in a row.
  const shown: Message = { role: "assistant", content: first.status === "complete" ? content : cutShort };
  const broke = verdictOf(first)?.criteria.some((c) => c.criterion === "calls" && c.result === "reject");
  const names = tools?.offered.map(({ name }) => name).join(", ") ?? "";
  return [shown, { role: "user", content: broke ? `Call one of the tools: ${names}.` : reaskMessage(evidence) }];
}

const longestShown = 20_000;
/** Stands for an answer that was cut at its first error: its text is not kept. */
const cutShort = "(This answer was cut off where it broke the schema.)";
const verdictOf = (attempt: Attempt) => attempt.wholeVerdict ?? attempt.prefixVerdict;

const evidenceOf = (attempt: Attempt): { path: string; message: string }[] =>
  (verdictOf(attempt)?.criteria ?? [])
    .filter((c) => c.result === "reject")
    .map((c) => ({ path: "", message: c.evidence }));
