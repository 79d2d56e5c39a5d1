import { messageSentences, shorten, subjectOf } from "./lead.ts";
import { pause, words } from "./reading.ts";
import { embeddedBidder, type Specialist, textAnswer } from "./specialist.ts";

/** Sentences that are compared: 60 x 60 pairs bound the time. */
const mostSentences = 60;

/** Summary by the most central sentence: TextRank (Mihalcea & Tarau 2004, section 4). Any language that has spaces. */
export const textrank: Specialist = {
  bidder: embeddedBidder({
    name: "textrank",
    family: "textrank",
    serves: ["summarise"],
    cpuMicrosPerKb: 350,
    standIn: true,
  }),
  async run(text) {
    await pause();
    const all = messageSentences(text).slice(0, mostSentences);
    const bags = all.map((sentence) => new Set(words(sentence).filter((word) => word.length > 2)));
    const ranks = centrality(bags);
    let best = -1;
    for (const [index, rank] of ranks.entries())
      if ((bags[index]?.size ?? 0) >= 3 && (best < 0 || rank > (ranks[best] ?? 0) + 1e-9)) best = index;
    return textAnswer(shorten(all[best] ?? all[0] ?? subjectOf(text)));
  },
};

/** PageRank (damping 0.85, 30 rounds) over the overlap of words, divided by log lengths as in the paper. */
export function centrality(bags: readonly ReadonlySet<string>[]): number[] {
  const weights = bags.map((a, i) =>
    bags.map((b, j) => {
      if (i === j || a.size < 2 || b.size < 2) return 0;
      let shared = 0;
      for (const word of a) if (b.has(word)) shared++;
      return shared / (Math.log(a.size) + Math.log(b.size));
    }),
  );
  const out = weights.map((row) => row.reduce((sum, weight) => sum + weight, 0));
  let ranks = bags.map(() => 1);
  for (let round = 0; round < 30; round++)
    ranks = ranks.map((_, i) => {
      let inflow = 0;
      for (const [j, rank] of ranks.entries()) {
        const total = out[j] ?? 0;
        if (total > 0) inflow += ((weights[j]?.[i] ?? 0) / total) * rank;
      }
      return 0.15 + 0.85 * inflow;
    });
  return ranks;
}
