import { type ChainEnd, type ChainedSeal, linkText, noEnd } from "./seal.ts";

/** A job of a tenant's list, as far as its chain is concerned. Times are epoch ms. */
export interface ChainedJob {
  id: string;
  tenant: string;
  status: string;
  endedAtMs: number | null;
  seal: ChainedSeal;
}

export interface ChainCheck {
  /** First and last place that is there; null: there is none. */
  first: number | null;
  last: number | null;
  /** Places whose rows are past their time: of them nothing is said but that the next one follows from the last of them. */
  forgotten: number;
  /** What is wrong, a sentence each; empty: the chain is whole. */
  breaches: string[];
}

/** Rows are forgotten 400 days after their jobs at the earliest, ms; a day for clocks. */
const keptMs = 399 * 86_400_000;

/**
 * Is a tenant's chain of seals whole? `before` and `after`: where its own object says it ends, read before the list and
 * after it, null: nowhere yet; what lies between them may still be on its way to the list. `kept`: a place that was
 * written down earlier. Sorts, then looks at each once. Pure.
 */
export function checkChain(
  jobs: readonly ChainedJob[],
  {
    before,
    after,
    kept,
  }: { before: ChainEnd | null; after: ChainEnd | null; kept: Pick<ChainEnd, "n" | "link"> | null },
  nowMs: number,
  sha256: (text: string) => string,
): ChainCheck {
  const order = jobs.toSorted((a, b) => a.seal.place.n - b.seal.place.n);
  const breaches: string[] = [];
  const settledN = before?.n ?? 0;
  let forgotten = 0;
  let last = noEnd;
  for (const { id, tenant, status, endedAtMs, seal } of order) {
    const { place, ...sealed } = seal;
    const from = { n: place.n - 1, link: place.previous, endedAtMs: place.previousEndedAtMs };
    const missing = from.n - last.n;
    if (sha256(linkText(from, { ...sealed, tenant, job: id, status, endedAtMs })) !== place.link)
      breaches.push(`Place ${place.n} (${id}) is not what its link was made of.`);
    if (missing < 0) breaches.push(`Place ${place.n} is there twice: ${id} is one of them.`);
    else if (missing === 0 && (from.link !== last.link || from.endedAtMs !== last.endedAtMs))
      breaches.push(`Place ${place.n} (${id}) does not follow from the one before it.`);
    else if (missing > 0 && from.endedAtMs > 0 && from.endedAtMs < nowMs - keptMs) forgotten += missing;
    else if (missing > 0 && from.n <= settledN)
      breaches.push(`${missing} before place ${place.n} (${id}) ${missing === 1 ? "is" : "are"} missing.`);
    last = { n: place.n, link: place.link, endedAtMs: endedAtMs ?? 0 };
  }
  if (before !== null && last.n < before.n) {
    if (before.endedAtMs < nowMs - keptMs) forgotten += before.n - last.n;
    else
      breaches.push(`The tenant's object has ${before.n} in its chain, and the last ${before.n - last.n} are missing.`);
  }
  if ((after?.n ?? 0) < settledN)
    breaches.push(`The chain ended at ${told(before ?? noEnd)} and now ends at ${told(after ?? noEnd)}.`);
  const linkAt = new Map(order.map(({ seal: { place } }) => [place.n, place.link]));
  for (const end of [before, after])
    if (end !== null && linkAt.has(end.n) && linkAt.get(end.n) !== end.link)
      breaches.push(
        `The tenant's object says that the chain ends at ${told(end)}, and place ${end.n} has another link.`,
      );
  if (last.n > (after?.n ?? 0))
    breaches.push(
      `There is a place ${last.n}, and the tenant's object says that the chain ends at ${told(after ?? noEnd)}.`,
    );
  if (kept !== null) {
    const [first] = order;
    const link = first?.seal.place.n === kept.n + 1 ? first.seal.place.previous : linkAt.get(kept.n);
    if (link === undefined) breaches.push(`Of ${told(kept)}, which was written down, nothing is left to compare with.`);
    else if (link !== kept.link) breaches.push(`${told(kept)}, which was written down, is not in the chain.`);
  }
  return { first: order[0]?.seal.place.n ?? null, last: order.length === 0 ? null : last.n, forgotten, breaches };
}

const told = ({ n, link }: Pick<ChainEnd, "n" | "link">): string => (n === 0 ? "nothing" : `${n}:${link}`);
