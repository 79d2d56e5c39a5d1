/**
 * Choice of an ordered line-up under correlated failures: which to ask first, which after a rejection. Weitzman's
 * indices (Econometrica 1979) are optimal for independent boxes; here they pick the candidates, and the sequences of
 * the candidates are compared exactly under the belief about the input.
 */
export interface Candidate {
  /** P(good answer in time) under the belief. */
  accept: number;
  /** lambda x cost + lambda x look + mu x time, USD. */
  price: number;
  costNano: number;
}

/** What a sequence is worth by: the belief about the input (sums to 1), worth in USD, how verdicts err, and what bounds it. */
export interface SequenceTerms {
  belief: readonly number[];
  valueUsd: number;
  verdict: { trueAccept: number; trueReject: number };
  maxPlaces: number;
  budgetNano: number | null;
  /** P(good answer in time) of a candidate at each node of the belief. */
  at: (candidate: number) => readonly number[];
}

/** Candidates kept by Weitzman index, and by net value. */
const byIndex = 6;
const byValue = 3;

/** Candidates (indices) in the order in which they are asked. */
export interface Sequence {
  places: number[];
  /** Expected value less expected price, USD; 0 for the empty line-up. */
  worth: number;
}

/** Best sequence of up to three places; `first` fixes the leader. Deterministic: ties go to the lower index. */
export function bestSequence(candidates: readonly Candidate[], terms: SequenceTerms, first: number | null): Sequence {
  const chosen = preselect(candidates, terms, first);
  const m = chosen.length;
  const K = terms.belief.length;
  const { trueAccept, trueReject } = terms.verdict;
  // Flat tables of the candidates: value of "good and accepted", chance of "rejected", at every node.
  const gain = new Float64Array(m * K);
  const miss = new Float64Array(m * K);
  const price = new Float64Array(m);
  const cost = new Float64Array(m);
  for (let i = 0; i < m; i++) {
    const c = candidates[chosen[i] ?? 0];
    if (!c) continue;
    price[i] = c.price;
    cost[i] = c.costNano;
    const at = terms.at(chosen[i] as number);
    for (let k = 0; k < K; k++) {
      const a = at[k] ?? 0;
      gain[i * K + k] = a * trueAccept * terms.valueUsd;
      miss[i * K + k] = 1 - a * trueAccept - (1 - a) * (1 - trueReject);
    }
  }
  const limit = terms.budgetNano === null ? Number.POSITIVE_INFINITY : terms.budgetNano;
  const most = trueAccept * terms.valueUsd;
  const afterA = new Float64Array(K);
  const afterB = new Float64Array(K);
  let worth = Number.NEGATIVE_INFINITY;
  let [a, b, c] = [-1, -1, -1];
  for (let i = 0; i < m; i++) {
    const costA = cost[i] as number;
    if ((first !== null && chosen[i] !== first) || costA > limit) continue;
    let worthA = -(price[i] as number);
    let reachA = 0;
    for (let k = 0; k < K; k++) {
      const w = terms.belief[k] as number;
      worthA += w * (gain[i * K + k] as number);
      afterA[k] = w * (miss[i * K + k] as number);
      reachA += afterA[k] as number;
    }
    if (worthA > worth) {
      worth = worthA;
      [a, b, c] = [i, -1, -1];
    }
    if (terms.maxPlaces < 2) continue;
    for (let j = 0; j < m; j++) {
      const costB = costA + (cost[j] as number);
      if (j === i || costB > limit) continue;
      let worthB = worthA - reachA * (price[j] as number);
      let reachB = 0;
      for (let k = 0; k < K; k++) {
        const w = afterA[k] as number;
        worthB += w * (gain[j * K + k] as number);
        afterB[k] = w * (miss[j * K + k] as number);
        reachB += afterB[k] as number;
      }
      if (worthB > worth) {
        worth = worthB;
        [a, b, c] = [i, j, -1];
      }
      if (terms.maxPlaces < 3 || worthB + reachB * most <= worth) continue;
      for (let l = 0; l < m; l++) {
        if (l === i || l === j || costB + (cost[l] as number) > limit) continue;
        let worthC = worthB - reachB * (price[l] as number);
        // Even if it were always right it could not win: most third places end here.
        if (worthC + reachB * most <= worth) continue;
        for (let k = 0; k < K; k++) worthC += (afterB[k] as number) * (gain[l * K + k] as number);
        if (worthC > worth) {
          worth = worthC;
          [a, b, c] = [i, j, l];
        }
      }
    }
  }
  const places = [a, b, c].filter((i) => i >= 0).map((i) => chosen[i] as number);
  return { places, worth };
}

/** Indices of the candidates worth comparing, ascending: the best by Weitzman index and the best by net value. */
function preselect(candidates: readonly Candidate[], terms: SequenceTerms, first: number | null): number[] {
  const n = candidates.length;
  if (n <= byIndex + byValue || (terms.maxPlaces === 1 && first === null)) return candidates.map((_, i) => i);
  const taken = new Uint8Array(n);
  if (first !== null) taken[first] = 1;
  const index = candidates.map((c) => terms.valueUsd - c.price / Math.max(1e-6, c.accept));
  const net = candidates.map((c) => terms.valueUsd * c.accept - c.price);
  for (const [keys, count] of [
    [index, byIndex],
    [net, byValue],
  ] as const) {
    for (let round = 0; round < count; round++) {
      let best = -1;
      for (let i = 0; i < n; i++) if (!taken[i] && (best < 0 || (keys[i] as number) > (keys[best] as number))) best = i;
      if (best >= 0) taken[best] = 1;
    }
  }
  const chosen: number[] = [];
  for (let i = 0; i < n; i++) if (taken[i]) chosen.push(i);
  return chosen;
}
