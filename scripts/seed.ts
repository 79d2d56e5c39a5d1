/** `npm run seed -- FILE`: what is known of bidders from elsewhere, as priors of the market. */
import { main, wrong } from "./command.ts";
import { readJsonLines } from "./json-lines.ts";

const usage = `npm run seed -- FILE

FILE has one JSON object a line: {"bidder": "openai/gpt-5-mini", "kind": "summarise", "accepted": 41, "n": 50}
with an optional "context", as a decision's "cell" has it: "support/latin" for jobs of the context "support" in Latin script,
"latin" for jobs that name none; left out, the row speaks for all contexts. A row counts at most 30 observations.`;

await main({
  usage,
  words: 1,
  async run(api, [file]) {
    if (file === undefined) throw wrong("Name a file.", usage);
    const rows = readJsonLines(file);
    const { taken, refused } = await api.call<{
      taken: number;
      refused: { row: number; field: string; reason: string }[];
    }>("POST", "/v1/market/priors", { rows });
    for (const { row, field, reason } of refused) console.error(`${file}: row ${row}: ${field}: ${reason}`);
    console.log(`${taken} rows taken, ${refused.length} refused. Decisions read them within 10 s.`);
    if (taken === 0) process.exitCode = 1;
  },
});
