/**
 * The user turn of one re-ask: what was wrong with the answer, and that only corrected JSON is wanted. At most 12
 * errors; the answer's own text is not repeated here (it stands in the turn before).
 */
export function reaskMessage(errors: readonly { path: string; message: string }[]): string {
  const lines = errors
    .slice(0, 12)
    .map((error) => `- at ${error.path === "" ? "the top level" : oneLine(error.path)}: ${oneLine(error.message)}`);
  const more = errors.length > 12 ? [`- and ${errors.length - 12} more`] : [];
  return [
    "Your answer does not satisfy the JSON Schema:",
    ...lines,
    ...more,
    "Answer again with the whole corrected JSON and nothing else: no explanation, no code fence.",
  ].join("\n");
}

/** Error texts may quote an answer's keys: kept to one short line, so that they stay items of the list. */
const oneLine = (text: string): string => text.replace(/\s+/g, " ").slice(0, 200);
