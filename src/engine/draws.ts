/**
 * Uniform draws in [0, 1) for one decision, from the job's seed and the place of the decision in its log: the same log
 * gives the same draws on every machine. mulberry32 (Ettinger 2017, public domain): 32-bit state, integer arithmetic
 * only, so that Node and workerd agree to the bit.
 */
export function drawsFor(seed: number, position: number): () => number {
  let state = (seed ^ Math.imul(position + 1, 0x9e3779b9)) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
