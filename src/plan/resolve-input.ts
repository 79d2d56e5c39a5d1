import { type JobRequest, jobText } from "./job-request.ts";
import type { Microtask } from "./microtask.ts";

/**
 * The text a microtask is about: its parts in order, joined by blank lines. `results` are the accepted texts of other
 * microtasks by id; one that failed and was not required reads as empty.
 */
export function resolveInput(task: Microtask, request: JobRequest, results: ReadonlyMap<string, string>): string {
  const whole = jobText(request.input);
  return task.input
    .map((part) => {
      switch (part.from) {
        case "job":
          return whole;
        case "slice":
          return whole.slice(part.start, part.end);
        case "microtask":
          return results.get(part.id) ?? "";
        case "text":
          return part.text;
      }
    })
    .join("\n\n");
}
