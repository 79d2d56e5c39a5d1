import type { Microtask } from "./microtask.ts";

/**
 * The text a microtask is about: its parts in order, joined by blank lines. `whole` is what the job says, slices are of
 * its `text`. `results` are the accepted texts of other microtasks by id; before they are there, as in a preview, they
 * read as empty.
 */
export function resolveInput(
  task: Microtask,
  { text, whole }: { text: string; whole: string },
  results: ReadonlyMap<string, string>,
): string {
  return task.input
    .map((part) => {
      switch (part.from) {
        case "job":
          return whole;
        case "slice":
          return text.slice(part.start, part.end);
        case "microtask":
          return results.get(part.id) ?? "";
        case "text":
          return part.text;
      }
    })
    .join("\n\n");
}
