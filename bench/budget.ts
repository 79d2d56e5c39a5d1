import { argumentsOf } from "../scripts/arguments.ts";
import { bidderOf } from "../test/engine/world.ts";
import { type Crowd, type CrowdFigures, crowd } from "../test/money/crowd.ts";

const usage = `npm run bench:budget -- [--json]

Budgets under concurrency: 200 jobs at once on a cap that pays for 50, in the real engine over the real tenant's ledger
with scripted providers that keep their own account. Exit code 1 when a cap is exceeded.`;
const { values } = argumentsOf(usage, { json: { type: "boolean", default: false } });

const three = [bidderOf("a/one"), bidderOf("b/two"), bidderOf("c/three")];
const cases: { name: string; crowd: Crowd }[] = [
  { name: "answers of a third of their bound", crowd: { jobs: 200, pays: 50, words: 270 } },
  { name: "answers of a tenth of their bound", crowd: { jobs: 200, pays: 50, words: 80 } },
  { name: "answers at their bound", crowd: { jobs: 200, pays: 50, words: 800 } },
  { name: "posted over 20 s", crowd: { jobs: 200, pays: 50, words: 270, everyMs: 100 } },
  {
    name: "races of up to three",
    crowd: {
      jobs: 200,
      pays: 50,
      words: 270,
      attempts: 3,
      bidders: three,
      request: { strategy: "race", delivery: "accepted" },
    },
  },
];

const results: ({ name: string } & CrowdFigures & { falseRefusalRate: number })[] = [];
for (const one of cases) {
  const figures = await crowd(one.crowd);
  results.push({ name: one.name, ...figures, falseRefusalRate: figures.falselyRefused / Math.max(1, figures.refused) });
}

if (values.json) console.log(JSON.stringify(results, null, 2));
else {
  console.log("200 jobs at once on a cap for 50 (asked: never over the cap, at least 45 served)");
  for (const r of results) {
    const share = (nano: number) => `${((100 * nano) / r.capNano).toFixed(1)} %`;
    console.log(
      `  ${r.name.padEnd(36)} served ${String(r.served).padStart(3)}  cost ${share(r.costNano)} of the cap, billed ${share(r.billedNano)}, lent and spent at most ${share(r.highestNano)}, falsely refused ${r.falselyRefused} of ${r.refused} (${(100 * r.falseRefusalRate).toFixed(1)} %)`,
    );
  }
}
if (results.some((r) => r.costNano > r.capNano || r.billedNano > r.capNano)) process.exitCode = 1;
