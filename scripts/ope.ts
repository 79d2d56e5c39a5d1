/** `npm run ope`: what another policy would have been worth and cost, estimated from what was logged. */
import type { Explanation } from "../src/job/explain.ts";
import { estimatePolicy, type Logged, type OffPolicyResult, targetPolicy } from "../src/market/market.ts";
import { formatUsd } from "../src/money/nano-usd.ts";
import { isKind } from "../src/plan/kind.ts";
import type { Api } from "./api.ts";
import { wholeNumber } from "./arguments.ts";
import { main, wrong } from "./command.ts";
import { readJsonLines } from "./json-lines.ts";

const usage = `npm run ope -- [--kind KIND] [--policy cheapest,lambda=2] [--json]
npm run ope -- --file LOG.jsonl ...

Reads the newest settled jobs of a server (or a file whose lines are {"decision": ..., "first": {"bidder", "worth",
"costNano"}}) and estimates other policies by inverse propensity and doubly robust. Propensities are computed here,
outside the decision. A leader that failed was worth nothing; one that was cut is left out, as nothing is known of it.

  --policy     cheapest, likeliest, uniform, lambda=X or only=ID, or several of them with commas between
  --jobs N     how many jobs are read (default 200)`;

/** Decisions that must speak for a policy before its figures mean anything: errors come from those few alone. */
const fewest = 10;

await main({
  usage,
  words: 0,
  options: {
    file: { type: "string" },
    policy: { type: "string", default: "cheapest,likeliest,uniform" },
    kind: { type: "string" },
    jobs: { type: "string", default: "200" },
    json: { type: "boolean", default: false },
  },
  async run(api, _words, { file, policy, kind, jobs, json }) {
    if (typeof kind === "string" && !isKind(kind)) throw wrong(`${kind} is not a kind.`, usage);
    const most = wholeNumber("jobs", String(jobs), 1);
    const log = typeof file === "string" ? loggedIn(file) : await readServer(api, most, kind);
    const among = typeof file === "string" ? file : `the newest ${most} jobs`;
    if (log.length === 0)
      throw new Error(
        `Of no first choice${kind === undefined ? "" : ` for ${kind}`} in ${among} the worth is known: it comes from criteria, a judge, agreement or feedback.`,
      );
    for (const name of String(policy).split(",")) {
      const target = targetPolicy(name);
      if (target === null) throw wrong(`${name} is not a policy.`, usage);
      const only = name.startsWith("only=") ? name.slice(5) : null;
      if (only !== null && !log.some(({ decision }) => decision.bids.some((bid) => bid.bidder === only)))
        throw wrong(`${only} made no bid in any of the ${log.length} decisions.`, usage);
      const result = estimatePolicy(log, target);
      if (json === true) console.log(JSON.stringify({ policy: name, ...result }));
      else for (const line of table(name, result)) console.log(line);
    }
  },
});

function loggedIn(file: string): Logged[] {
  const lines = readJsonLines(file) as Partial<Logged>[];
  const wrongAt = lines.findIndex((line) => !Array.isArray(line?.decision?.bids) || line.first === undefined);
  if (wrongAt >= 0) throw new Error(`${file}: entry ${wrongAt + 1} has no "decision" with its bids, or no "first".`);
  return lines as Logged[];
}

/** First decisions of settled microtasks whose leader's worth became known; a failed one's is nothing. */
async function readServer(api: Api, most: number, kind: unknown): Promise<Logged[]> {
  const log: Logged[] = [];
  let before = "";
  for (let read = 0; read < most; ) {
    const { jobs, next } = await api.call<{ jobs: { id: string; createdAtMs: number }[]; next: string | null }>(
      "GET",
      `/v1/jobs?limit=100${before}`,
    );
    for (const { id } of jobs.slice(0, most - read)) {
      const told = await api.call<Explanation>("GET", `/v1/jobs/${id}/explain`).catch(() => null);
      for (const microtask of told?.microtasks ?? []) {
        const [decision] = microtask.decisions;
        const first = microtask.outcomes.find((o) => o.bidder === decision?.award[0]?.bidder);
        const worth = first?.failed === true ? 0 : (first?.worth ?? null);
        if (decision === undefined || first === undefined || worth === null) continue;
        if (kind === undefined || microtask.kind === kind)
          log.push({
            decision,
            first: { bidder: first.bidder, worth, costNano: first.costNano },
          } as Logged);
      }
    }
    read += jobs.length;
    if (next === null || jobs.length === 0) break;
    before = `&before=${next}`;
  }
  return log;
}

function table(policy: string, result: OffPolicyResult): string[] {
  const usd = (nano: number): string => formatUsd(Math.round(nano));
  return [
    `${policy}: ${result.decisions} decision${result.decisions === 1 ? "" : "s"}, ${result.effective.toFixed(1)} of them speak for it, largest weight ${result.largestWeight.toFixed(1)}.${result.effective < fewest ? " Too few to tell." : ""}${result.unable > 0 ? ` ${result.unable} in which it could choose nobody left out.` : ""}`,
    ...result.estimates.map(
      (one) =>
        `  ${one.estimator.padEnd(20)} worth ${one.worth.toFixed(4)} +- ${one.worthError.toFixed(4)}   cost ${usd(one.costNano)} +- ${usd(one.costError)}`,
    ),
  ];
}
