import { finalCriterion, type PreparedCriterion } from "./criterion.ts";
import { atPointer } from "./json-pointer.ts";

/** A number stands at `path` (JSON Pointer; "" is the whole text) and lies within the bounds, both included. */
export function numberCriterion(
  id: string,
  { path, min, max }: { path: string; min?: number; max?: number },
): PreparedCriterion {
  return finalCriterion(id, (answer) => {
    const place = path === "" ? "the answer" : path;
    const number = path === "" ? numberOf(answer.text) : atPointer(answer.value(), path);
    if (typeof number !== "number" || !Number.isFinite(number))
      return { accept: false, evidence: `no number at ${place}` };
    const accept = (min === undefined || number >= min) && (max === undefined || number <= max);
    return { accept, evidence: `${number} at ${place}, wanted ${min ?? "any"} to ${max ?? "any"}` };
  });
}

/** A text that is one number, with thousands commas or not; else null. */
function numberOf(text: string): number | null {
  const bare = text.trim();
  if (bare.length > 100) return null;
  if (/^[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(bare)) return Number(bare.replaceAll(",", ""));
  return /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(bare) ? Number(bare) : null;
}
