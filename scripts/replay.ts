/** `npm run replay -- JOB`: every decision of a job again, from its event alone. */
import { readFileSync } from "node:fs";
import type { Explanation } from "../src/job/explain.ts";
import { propensities, replay } from "../src/market/market.ts";
import { main, wrong } from "./command.ts";

const usage = `npm run replay -- JOB
npm run replay -- --file EXPLANATION.json

Repeats each auction of a job from what its event stores (numbers read, draws), compares line-up and scores bit for
bit, and prints how likely each bidder was to come first. Exit code 1 if anything differs.`;

function explanationIn(file: string): Explanation {
  const text = readFileSync(file, "utf8");
  try {
    const told = JSON.parse(text) as Explanation | null;
    if (Array.isArray(told?.microtasks)) return told as Explanation;
  } catch {
    // Said below: it is no more an explanation than other JSON is.
  }
  throw new Error(`${file} is no explanation. Save what GET /v1/jobs/JOB/explain answers, and give that.`);
}

await main({
  usage,
  words: 1,
  options: { file: { type: "string" } },
  async run(api, [job], { file }) {
    if (job === undefined && file === undefined) throw wrong("Name a job.", usage);
    const told =
      typeof file === "string" ? explanationIn(file) : await api.call<Explanation>("GET", `/v1/jobs/${job}/explain`);
    let differ = 0;
    let count = 0;
    for (const microtask of told.microtasks) {
      for (const decision of microtask.decisions) {
        count++;
        const again = replay(decision);
        const scores = decision.bids.map((b) => b.score);
        const same =
          JSON.stringify(again.award) === JSON.stringify(decision.award) &&
          again.scores.every((s, i) => Object.is(s, scores[i]));
        if (!same) differ++;
        console.log(
          `${same ? "same" : "DIFFERENT"}  ${microtask.id} round ${decision.round}: ${decision.award.map((p) => `${p.bidder} (${p.role})`).join(", ")}`,
        );
        const chances = propensities(decision);
        const shown = decision.bids.map((b, i) => ({
          bidder: b.bidder,
          p: Array.isArray(chances) ? (chances[i] ?? 0) : ((chances as Record<string, number>)[b.bidder] ?? 0),
        }));
        for (const { bidder, p } of shown.sort((a, b) => b.p - a.p).slice(0, 5))
          console.log(`      ${(100 * p).toFixed(1).padStart(5)} %  ${bidder}`);
      }
    }
    console.log(`${count} decisions, ${count - differ} the same bit for bit.`);
    if (differ > 0) process.exitCode = 1;
  },
});
