import { fold } from "../../../src/job/evolve.ts";
import type { ToolCall, Tools } from "../../../src/plan/tool.ts";
import type { Invariant } from "../evidence.ts";

/** No accepted result disappears or changes: one join a microtask, of a complete attempt, and the answer is made of it. */
export const acceptedStays: Invariant = ({ log }) => {
  const breaches: string[] = [];
  const joined = new Map<string, string>();
  const calls = new Map<string, string>();
  for (const event of log) {
    if (event.type !== "microtask-joined") continue;
    if (joined.has(event.microtask)) breaches.push(`microtask ${event.microtask} was joined twice`);
    joined.set(event.microtask, event.text);
    const finished = log.find((e) => e.type === "attempt-finished" && e.attempt === event.attempt);
    if (finished === undefined || finished.seq > event.seq)
      breaches.push(`${event.attempt} was accepted before it was complete`);
    else if (finished.type === "attempt-finished" && finished.text !== event.text)
      breaches.push(`${event.attempt} was accepted with another text than it sent`);
    else if (finished.type === "attempt-finished" && named(finished.calls) !== named(event.calls))
      breaches.push(`${event.attempt} was accepted with other calls than it sent`);
    calls.set(event.microtask, JSON.stringify(event.calls ?? []));
  }
  const job = fold(log);
  const ends = log.filter((event) => event.type === "job-ended");
  if (ends.length > 1) breaches.push(`the job ended ${ends.length} times`);
  if (job?.status === "succeeded" && job.assembly?.type === "single") {
    const text = joined.get(job.assembly.of);
    if (text !== undefined && job.answer?.text !== text) breaches.push("the answer is not the accepted text");
    const called = calls.get(job.assembly.of);
    if (called !== undefined && JSON.stringify(job.answer?.calls ?? []) !== called)
      breaches.push("the answer's calls are not the accepted ones");
    breaches.push(...misfits(job.answer?.calls ?? [], job.request.tools));
  }
  return breaches;
};

/** Arguments may have been mended; who is called, in which order and by which id may not. */
const named = (calls: readonly ToolCall[] = []): string => JSON.stringify(calls.map(({ id, name }) => [id, name]));

/** Calls that a caller could not make: of no tool of its own, without the arguments that are required, or none where one must be. */
function misfits(calls: readonly ToolCall[], tools: Tools | undefined): string[] {
  if (tools === undefined) return calls.length > 0 ? ["calls were made without tools"] : [];
  const breaches = calls.flatMap(({ name, arguments: written }) => {
    const tool = tools.offered.find((one) => one.name === name);
    const required = typeof tool?.parameters === "object" ? (tool.parameters.required as string[] | undefined) : [];
    const value = JSON.parse(written) as object;
    return tool === undefined || required?.some((key) => !(key in value)) ? [`${name}(${written}) fits no tool`] : [];
  });
  if (calls.length === 0 && tools.choice !== "auto" && tools.choice !== "none") breaches.push("no tool was called");
  if (calls.length > 1 && !tools.parallel) breaches.push("several tools were called at once");
  return breaches;
}
