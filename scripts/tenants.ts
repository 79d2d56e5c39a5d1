/** `npm run tenants`: what a tenant's jobs are confined to, and what they may cost. */
import { readFileSync } from "node:fs";
import type { Bidder } from "../src/market/bidder.ts";
import { mayBeAsked } from "../src/market/eligibility.ts";
import { identifierKinds } from "../src/plan/redaction.ts";
import type { Api } from "./api.ts";
import { main, wrong } from "./command.ts";

const usage = `npm run tenants -- show TENANT
npm run tenants -- rules TENANT [--bidders ID,ID] [--region NAME] [--retention forbidden] [--redact FORM,FORM] [--terms FILE]
npm run tenants -- budget TENANT [--month USD] [--job USD] [--latency MS] [--rate N]

What is not named stays as it is; "any" (or "none" for a budget, for --redact and for --terms) lifts it.

  --bidders    only these may be asked
  --region     only bidders that run there; those of this process always may, and so may model servers on its own machine
               or network for which no region was said
  --retention  forbidden: only bidders that promise not to keep what they are sent; nothing is kept as an example
  --redact     forms of values that are replaced in all that leaves: email, phone, iban, card, ip; "all"
  --terms      a file of words that are replaced too, one a line ("-": standard input); "none"
  --month      cap of a calendar month;  --job  of one job, 0: only who costs nothing is asked;  --latency  the mean time
               a job should take
  --rate       jobs that may begin in any minute; those that come by queue or mail are not counted

Rules and caps hold for new jobs: at once here, within 10 s everywhere.`;

interface Redaction {
  identifiers: string[];
  terms: string[];
}
interface Rules {
  bidders: string[] | null;
  region: string | null;
  noRetention: boolean;
  redact?: Redaction | null;
}
interface Budget {
  month: string;
  jobs: number;
  running: number;
  costUsd: number;
  heldUsd: number;
  leftUsd: number | null;
  monthlyUsd: number | null;
  jobUsd: number | null;
  latencyMs: number | null;
  jobsPerMinute: number | null;
}
type Listed = Pick<Bidder, "id" | "enabled" | "serves" | "region" | "noRetention" | "onlyByName">;
type Options = Record<string, string | boolean | undefined>;

async function ruled(api: Api, path: string, options: Options): Promise<Rules> {
  const { bidders, region, noRetention, redact } = await api.call<Rules>("GET", `${path}/rules`);
  const list = word(options.bidders);
  const place = word(options.region);
  const retention = word(options.retention);
  if (retention !== undefined && retention !== "forbidden" && retention !== "any")
    throw wrong('--retention takes "forbidden" or "any".', usage);
  return {
    bidders: list === undefined ? bidders : isLifted(list) ? null : namesIn(list),
    region: place === undefined ? region : isLifted(place) ? null : place,
    noRetention: retention === undefined ? noRetention : retention === "forbidden",
    redact: redacted(redact ?? null, word(options.redact), word(options.terms)),
  };
}

/** null: nothing is replaced. */
function redacted(now: Redaction | null, forms: string | undefined, file: string | undefined): Redaction | null {
  const identifiers = forms === undefined ? (now?.identifiers ?? []) : isLifted(forms) ? [] : namesIn(forms);
  const terms = file === undefined ? (now?.terms ?? []) : isLifted(file) ? [] : termsOf(file);
  const forAll = identifiers.includes("all") ? [...identifierKinds] : identifiers;
  return forAll.length + terms.length === 0 ? null : { identifiers: forAll, terms };
}

const isLifted = (text: string): boolean => text === "none" || text === "any";

const ruleOptions = ["bidders", "region", "retention", "redact", "terms"];
const budgetOptions = ["month", "job", "latency", "rate"];

function termsOf(file: string): string[] {
  const lines = readFileSync(file === "-" ? 0 : file, "utf8").split(/\r?\n/);
  const terms = lines.map((line) => line.trim()).filter((line) => line !== "");
  if (terms.length === 0) throw wrong(`--terms ${file} has no terms. "none" lifts them.`, usage);
  return terms;
}

async function capped(api: Api, path: string, options: Options): Promise<object> {
  const now = await api.call<Budget>("GET", `${path}/budget`);
  const { month, job, latency, rate } = options;
  return {
    monthlyUsd: amount(month, "--month", now.monthlyUsd),
    jobUsd: amount(job, "--job", now.jobUsd),
    latencyMs: amount(latency, "--latency", now.latencyMs),
    jobsPerMinute: amount(rate, "--rate", now.jobsPerMinute),
  };
}

function amount(given: string | boolean | undefined, name: string, now: number | null): number | null {
  const text = word(given);
  if (text === undefined) return now;
  if (isLifted(text)) return null;
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0)
    throw wrong(`${name} takes a number, or "none".`, usage);
  return value;
}

function shown(tenant: string, rules: Rules, budget: Budget): string {
  const usd = (value: number | null) => (value === null ? "no cap" : `$${value}`);
  const { redact } = rules;
  const forms = redact?.identifiers.join(", ") ?? "";
  const terms = redact?.terms.length ?? 0;
  const replaced = [...(forms === "" ? [] : [forms]), ...(terms === 0 ? [] : [`${terms} terms`])].join("; ");
  return `${tenant}
  bidders    ${rules.bidders?.join(", ") ?? "any"}
  region     ${rules.region ?? "any"}
  retention  ${rules.noRetention ? "forbidden" : "as bidders have it"}
  redact     ${replaced === "" ? "nothing" : replaced}
  month      ${budget.month}: $${budget.costUsd} of ${usd(budget.monthlyUsd)}, $${budget.heldUsd} held by ${budget.running} running jobs, ${budget.jobs} settled
  job        ${usd(budget.jobUsd)}
  latency    ${budget.latencyMs === null ? "no aim" : `${budget.latencyMs} ms`}
  rate       ${budget.jobsPerMinute === null ? "no limit" : `${budget.jobsPerMinute} jobs a minute`}`;
}

/** What an operator may not have meant; null: nothing. A region is a free word, and a slip in it would leave nobody. */
function doubtOf(rules: Rules, bidders: readonly Listed[]): string | null {
  const models = bidders.filter(({ enabled, serves }) => enabled && serves === "generative");
  const { region } = rules;
  const strange = region !== null && region !== "local" && !models.some((model) => model.region === region);
  const known = [...new Set(models.map((model) => model.region))].sort().join(", ");
  const why = strange ? ` No model runs in "${region}"${known === "" ? "" : `; there is ${known}`}.` : "";
  if (!models.some((model) => mayBeAsked(model, rules)))
    return `No model may be asked under these rules, only specialists of the server's own process.${why}`;
  return strange
    ? `Only models without a region of their own may be asked, on the server's machine or network.${why}`
    : null;
}

const namesIn = (text: string): string[] =>
  text
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");

const word = (given: string | boolean | undefined): string | undefined =>
  typeof given === "string" ? given : undefined;

await main({
  usage,
  words: 2,
  options: {
    bidders: { type: "string" },
    region: { type: "string" },
    retention: { type: "string" },
    redact: { type: "string" },
    terms: { type: "string" },
    month: { type: "string" },
    job: { type: "string" },
    latency: { type: "string" },
    rate: { type: "string" },
  },
  async run(api, [verb, tenant], options) {
    if (verb === undefined || tenant === undefined || !["show", "rules", "budget"].includes(verb))
      throw wrong("Say show, rules or budget, and a tenant.", usage);
    const own = verb === "rules" ? ruleOptions : verb === "budget" ? budgetOptions : [];
    for (const name of Object.keys(options))
      if ([...ruleOptions, ...budgetOptions].includes(name) && !own.includes(name))
        throw wrong(`--${name} does not belong to "${verb}".`, usage);
    const path = `/v1/tenants/${encodeURIComponent(tenant)}`;
    if (verb === "rules") await api.call("PUT", `${path}/rules`, await ruled(api, path, options));
    if (verb === "budget") await api.call("PUT", `${path}/budget`, await capped(api, path, options));
    const [rules, budget] = await Promise.all([
      api.call<Rules>("GET", `${path}/rules`),
      api.call<Budget>("GET", `${path}/budget`),
    ]);
    console.log(shown(tenant, rules, budget));
    if (verb !== "rules") return;
    const { bidders } = await api.call<{ bidders: Listed[] }>("GET", "/v1/bidders");
    const doubt = doubtOf(rules, bidders);
    if (doubt !== null) console.error(`\natomic: ${doubt}`);
  },
});
