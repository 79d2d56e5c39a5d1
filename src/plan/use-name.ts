import { fnv1a } from "./fnv1a.ts";
import { type JobRequest, jobImages } from "./job-request.ts";
import { isClosed } from "./kind.ts";
import type { Microtask } from "./microtask.ts";

/** Characters of a conversation's system messages that name a use: what follows may be retrieved for each request. */
const namingChars = 256;
/** Characters of an instruction, of labels or of a schema that are looked at. */
const longestPart = 4000;

/**
 * A name for what a microtask is used for, "use-1a2b3c4d", made from its standing instructions: system messages, an
 * instruction, labels, a schema, tools; and whether there are pictures. One application asks the same thing again and again, so its answers can be learned
 * from apart without its saying so. Digits are taken to be alike: a date in a prompt changes no use. null: nothing
 * stands. `planned`: a planner wrote the instruction for this one job.
 */
export function useName(task: Microtask, request: JobRequest, { planned }: { planned: boolean }): string | null {
  const standing = [
    systemText(request),
    planned ? "" : task.instruction,
    task.labels?.join("\n") ?? "",
    // The schema of a closed kind follows from its labels.
    isClosed(task.kind) || task.contract.schema === undefined ? "" : JSON.stringify(task.contract.schema),
    ...(task.tools === undefined ? [] : [JSON.stringify(task.tools.offered)]),
    // Who reads texts well need not see well.
    ...(jobImages(request.input).length === 0 ? [] : ["pictures"]),
  ].map((part, i) =>
    part
      .slice(0, longestPart)
      .replace(/\d+/g, "0")
      .replace(/\s+/g, " ")
      // Counted once digits are alike: a longer date must not move the end.
      .slice(0, i === 0 ? namingChars : longestPart)
      .trim(),
  );
  if (standing.every((part) => part === "")) return null;
  // Two uses that share a name by chance are learned together: no harm.
  return `use-${fnv1a(standing.join("\u0000")).toString(16).padStart(8, "0")}`;
}

const systemText = ({ input }: JobRequest): string =>
  input.type === "messages"
    ? input.messages
        .filter((message) => message.role === "system")
        .map((message) => message.content)
        .join("\n")
    : "";
