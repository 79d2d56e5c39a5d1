/** An accepted answer kept for a tenant and kind, shown to later attempts as data. */
export interface Example {
  input: string;
  output: string;
  /** What its job was confined to: nobody else is shown it. */
  only: Confined;
}

/** Who may be asked by a job, as it says itself or its tenant's rules do; null: anybody, anywhere. */
export interface Confined {
  bidders: string[] | null;
  region: string | null;
}

/** May whoever such a job asks be shown the example? Those who were let see it first could be asked by it alone. */
export function mayShow({ only }: Example, to: Confined): boolean {
  const { bidders } = only;
  if (only.region !== null && only.region !== to.region) return false;
  return bidders === null || (to.bidders?.every((id) => bidders.includes(id)) ?? false);
}

const size = 256;
/** Reading one as a schema takes a millisecond: so many are looked at in vain. */
const mostMisfits = 8;

/** Hashed bag of words (FNV-1a into 256 buckets), L2-normalised; the zero vector for a text without letters. */
function sketch(text: string): Float64Array {
  const vector = new Float64Array(size);
  for (const word of text
    .toLowerCase()
    .slice(0, 4000)
    .match(/\p{L}{3,}/gu) ?? []) {
    let hash = 0x811c9dc5;
    for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193);
    const bucket = (hash >>> 0) % size;
    vector[bucket] = (vector[bucket] ?? 0) + 1;
  }
  let norm = 0;
  for (const x of vector) norm += x * x;
  if (norm > 0) for (let i = 0; i < size; i++) vector[i] = (vector[i] ?? 0) / Math.sqrt(norm);
  return vector;
}

/**
 * The `k` examples that `fits` takes and whose input is most like `text` (cosine of hashed word counts), best first,
 * within `maxChars` in all. O(examples x words). Nearest-neighbour choice of in-context examples: Liu et al. 2022,
 * "What Makes Good In-Context Examples for GPT-3?", section 3.
 */
export function chooseExamples(
  examples: Example[],
  text: string,
  fits: (example: Example) => boolean = () => true,
  k = 3,
  maxChars = 6000,
): Example[] {
  // Most jobs have none, and a prompt is made several times: reading its words takes 0.1 ms each.
  if (examples.length === 0) return [];
  const target = sketch(text);
  const scored = examples.map((example) => {
    const vector = sketch(example.input);
    let dot = 0;
    for (let i = 0; i < size; i++) dot += (vector[i] ?? 0) * (target[i] ?? 0);
    return { example, dot };
  });
  scored.sort((a, b) => b.dot - a.dot);
  const chosen: Example[] = [];
  let chars = 0;
  let misfits = 0;
  for (const { example } of scored) {
    if (chosen.length >= k) break;
    const length = example.input.length + example.output.length;
    if (chars + length > maxChars) continue;
    if (!fits(example)) {
      misfits += 1;
      if (misfits === mostMisfits) break;
      continue;
    }
    chars += length;
    chosen.push(example);
  }
  return chosen;
}
