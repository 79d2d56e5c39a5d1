import { type ChainedSeal, linkText, noLink, type SealPlace } from "./seal.ts";

/** A job of a tenant's list, as far as its chain is concerned. Times are epoch ms. */
export interface ChainedJob {
  id: string;
  tenant: string;
  endedAtMs: number | null;
  seal: ChainedSeal;
}

export interface ChainCheck {
  /** First and last place that is there; null: there is none. */
  first: number | null;
  last: number | null;
  /** Places before `first`, or close to it, that are not there: past their time, or removed. */
  forgotten: number;
  /** What is wrong, a sentence each; empty: the chain is whole. */
  breaches: string[];
}

/** Rows are forgotten by the age of their jobs, which is nearly the order of the chain: this near, ms. */
const forgottenWithinMs = 3_600_000;

/**
 * Is a tenant's chain of seals whole, and does it end at `head`, which the tenant's own object keeps? `kept`: a place
 * written down earlier, which must still be in it. Sorts, then looks at each once. Pure.
 */
export function checkChain(
  jobs: readonly ChainedJob[],
  head: SealPlace | null,
  kept: SealPlace | null,
  sha256: (text: string) => string,
): ChainCheck {
  const order = jobs.toSorted((a, b) => a.seal.place.n - b.seal.place.n);
  const [oldest] = order;
  const breaches: string[] = [];
  let forgotten = Math.max(0, (oldest?.seal.place.n ?? 1) - 1);
  const edgeMs = (oldest?.endedAtMs ?? 0) + forgottenWithinMs;
  let before: SealPlace | null = oldest?.seal.place.n === 1 ? { n: 0, link: noLink } : null;
  for (const { id, tenant, endedAtMs, seal } of order) {
    const { place } = seal;
    const missing = before === null ? 0 : place.n - before.n - 1;
    if (missing < 0) breaches.push(`Place ${place.n} is there twice: ${id} is one of them.`);
    else if (missing > 0 && forgotten > 0 && (endedAtMs ?? 0) <= edgeMs) forgotten += missing;
    else if (missing > 0)
      breaches.push(`${missing} of the jobs before place ${place.n} (${id}) ${missing === 1 ? "is" : "are"} missing.`);
    else if (before !== null && sha256(linkText(before.link, tenant, id, seal)) !== place.link)
      breaches.push(`Place ${place.n} (${id}) does not follow from the one before it.`);
    before = place;
  }
  const last = order.at(-1)?.seal.place ?? null;
  if (head !== null && (last === null || last.n < head.n))
    breaches.push(
      `The tenant's object has ${head.n} jobs in its chain, and the last ${head.n - (last?.n ?? 0)} are missing.`,
    );
  else if (last !== null && (head === null || last.n > head.n || last.link !== head.link))
    breaches.push(
      `The chain ends at ${told(last)}, and the tenant's object says ${head === null ? "there is none" : told(head)}.`,
    );
  if (
    kept !== null &&
    forgotten < kept.n &&
    !order.some(({ seal: { place } }) => place.n === kept.n && place.link === kept.link)
  )
    breaches.push(`${told(kept)}, which was written down earlier, is not in the chain.`);
  return { first: oldest?.seal.place.n ?? null, last: last?.n ?? null, forgotten, breaches };
}

const told = ({ n, link }: SealPlace): string => `${n}:${link}`;
