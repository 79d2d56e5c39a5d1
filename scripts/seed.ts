import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Bidder, emptyMarket, type MarketState, seedPriors } from "../src/market/market.ts";
import { readJsonLines } from "./json-lines.ts";

/** node scripts/seed.ts FILE --bidders BIDDERS.json [--state IN.json] --out OUT.json: priors of a file into a market's state. */
if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { bidders: { type: "string" }, state: { type: "string" }, out: { type: "string" } },
  });
  const file = positionals[0];
  if (!file || !values.bidders || !values.out) {
    console.error("Usage: node scripts/seed.ts FILE --bidders BIDDERS.json [--state IN.json] --out OUT.json");
    process.exitCode = 2;
  } else {
    const bidders = JSON.parse(readFileSync(values.bidders, "utf8")) as Bidder[];
    const state = values.state ? (JSON.parse(readFileSync(values.state, "utf8")) as MarketState) : emptyMarket();
    const { taken, refused } = seedPriors(state, readJsonLines(file), bidders, Date.now());
    for (const one of refused) console.error(`${file}: row ${one.row}: ${one.field}: ${one.reason}.`);
    writeFileSync(values.out, JSON.stringify(state));
    console.log(`${taken} rows taken, ${refused.length} refused.`);
    if (taken === 0) process.exitCode = 1;
  }
}
