/**
 * Choice of an ordered line-up under correlated failures: which to ask first, which after a rejection. Weitzman's
 * indices (Econometrica 1979) are optimal for independent boxes; here they pick the candidates, and the sequences of
 * the candidates are compared exactly under the belief about the input.
 */
export interface Candidate {
  /** P(good answer in time) at each node of the belief. */
  at: number[];
  /** Mean of `at` under the belief. */
  accept: number;
  /** lambda x cost + lambda x look + mu x time, USD. */
  price: number;
  costNano: number;
}

export interface SequenceTerms {
  belief: readonly number[];
  valueUsd: number;
  verdict: { trueAccept: number; trueReject: number };
  maxPlaces: number;
  budgetNano: number | null;
}

/** Candidates kept by Weitzman index, and by net value. */
const byIndex = 8;
const byValue = 4;

export interface Sequence {
  places: number[];
  /** Expected value less expected price, USD; 0 for the empty line-up. */
  worth: number;
}

/** Best sequence of up to three places; `first` fixes the leader. Deterministic: ties go to the lower index. */
export function bestSequence(candidates: readonly Candidate[], terms: SequenceTerms, first: number | null): Sequence {
  const chosen = preselect(candidates, terms, first);
  const K = terms.belief.length;
  const afford = (nano: number) => terms.budgetNano === null || nano <= terms.budgetNano;
  const { trueAccept, trueReject } = terms.verdict;
  let best: Sequence = { places: [], worth: Number.NEGATIVE_INFINITY };
  const keep = (places: number[], worth: number) => {
    if (worth > best.worth) best = { places, worth };
  };
  // After a place: weight of each node with "rejected so far" on board.
  const rejected = (weight: readonly number[], c: Candidate): number[] =>
    weight.map((w, k) => w * (1 - (c.at[k] ?? 0) * trueAccept - (1 - (c.at[k] ?? 0)) * (1 - trueReject)));
  const good = (weight: readonly number[], c: Candidate): number => {
    let sum = 0;
    for (let k = 0; k < K; k++) sum += (weight[k] ?? 0) * (c.at[k] ?? 0);
    return sum * trueAccept * terms.valueUsd;
  };
  const mass = (weight: readonly number[]): number => {
    let sum = 0;
    for (let k = 0; k < K; k++) sum += weight[k] ?? 0;
    return sum;
  };
  for (const i of first === null ? chosen : [first]) {
    const a = candidates[i];
    if (!a || !afford(a.costNano)) continue;
    const worthA = good(terms.belief, a) - a.price;
    keep([i], worthA);
    if (terms.maxPlaces < 2) continue;
    const weightA = rejected(terms.belief, a);
    const reachA = mass(weightA);
    for (const j of chosen) {
      const b = candidates[j];
      if (!b || j === i || !afford(a.costNano + b.costNano)) continue;
      const worthB = worthA + good(weightA, b) - reachA * b.price;
      keep([i, j], worthB);
      if (terms.maxPlaces < 3) continue;
      const weightB = rejected(weightA, b);
      const reachB = mass(weightB);
      for (const l of chosen) {
        const c = candidates[l];
        if (!c || l === i || l === j || !afford(a.costNano + b.costNano + c.costNano)) continue;
        const worthC = worthB + good(weightB, c) - reachB * c.price;
        if (worthC > best.worth) best = { places: [i, j, l], worth: worthC };
      }
    }
  }
  return best;
}

function preselect(candidates: readonly Candidate[], terms: SequenceTerms, first: number | null): number[] {
  const all = candidates.map((_, i) => i);
  if (all.length <= byIndex + byValue || (terms.maxPlaces === 1 && first === null)) return all;
  const index = candidates.map((c) => terms.valueUsd - c.price / Math.max(1e-6, c.accept));
  const net = candidates.map((c) => terms.valueUsd * c.accept - c.price);
  const rank = (key: number[]) => all.slice().sort((x, y) => (key[y] ?? 0) - (key[x] ?? 0) || x - y);
  const chosen = rank(index).slice(0, byIndex);
  for (const i of rank(net)) {
    if (chosen.length >= byIndex + byValue) break;
    if (!chosen.includes(i)) chosen.push(i);
  }
  return chosen.sort((x, y) => x - y);
}
