/**
 * `npm run demo`: a real server on this machine, real mails through the public API, shown while they run. Exit code 0
 * means that everything below happened.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Explanation } from "../src/job/explain.ts";
import type { JobView } from "../src/job/job-view.ts";
import type { Bid, Decision } from "../src/market/bid.ts";
import { replay } from "../src/market/market.ts";
import { Api } from "./api.ts";
import { argumentsOf } from "./arguments.ts";
import { inWords } from "./command.ts";
import { inUse, root } from "./machine.ts";
import { localData, modelSources, startServer } from "./server.ts";
import { bold, dim, green, plain, red, showJob, yellow } from "./show-job.ts";
import type { LocalWorker } from "./workerd.ts";

const usage = `npm run demo [-- --url http://127.0.0.1:8787]

Starts a server of its own (or uses the one at --url), sends twelve e-mails and a race through the public API,
and shows the auctions, the attempts, the verdicts and the bill. Needs no key. With OPENAI_API_KEY, or ATOMIC_LLM_URL
and ATOMIC_LLM_MODEL, real models draft and judge too.`;
const { values } = argumentsOf(usage, { url: { type: "string" } });

const defaultPort = 8787;
let dataFolder = localData;
let server: LocalWorker | null = null;
const stopping = async (code: number) => {
  await server?.stop();
  process.exit(code);
};
process.on("SIGINT", () => void stopping(130)).on("SIGTERM", () => void stopping(143));

try {
  await demo();
  await stopping(0);
} catch (error) {
  console.error(red(`\nThe demo failed: ${inWords(error)}`));
  if (server !== null) console.error(dim((server as LocalWorker).lines.slice(-20).join("\n")));
  await stopping(1);
}

async function demo(): Promise<void> {
  const api = await connect();
  const { bidders } = await api.call<{ bidders: BidderLine[] }>("GET", "/v1/bidders");
  const real = bidders.filter((b) => b.provider !== "embedded" && !b.id.startsWith("sim/") && b.enabled);
  title("Who can bid");
  for (const [name, list] of groups(bidders))
    console.log(`  ${name.padEnd(10)} ${plain(list.map((b) => b.id.split("/").slice(1).join("/")).join(", "), 110)}`);
  if (real.length === 0)
    console.log(
      dim("  No generative model: set OPENAI_API_KEY, or ATOMIC_LLM_URL and ATOMIC_LLM_MODEL, and run the demo again."),
    );

  const before = await languageBids(api);
  const folder = join(root, "test", "email", "mails");
  const mails = readdirSync(folder)
    .filter((name) => name.endsWith(".eml"))
    .sort();
  const shown = mails.find((name) => name.includes("meeting")) ?? mails[0] ?? "";
  title(`One e-mail, seven microtasks: ${shown} ${dim("(written for this repository)")}`);
  const triage = await follow(api, await submitMail(api, join(folder, shown)), false);
  card(triage);
  await feedback(api, triage, shown);

  title(`The other ${mails.length - 1} mails`);
  for (const name of mails.filter((m) => m !== shown)) {
    const view = await follow(api, await submitMail(api, join(folder, name)), true, true);
    await feedback(api, view, name);
    console.log(`  ${name.padEnd(34)} ${summary(view)}`);
  }

  console.log(
    dim(
      '  Feedback was given on the language of each. Closed kinds learn from feedback, agreement and audits, never from "it parsed".',
    ),
  );

  title("A race of three SIMULATED bidders: streams, verdicts on prefixes, losers cut");
  console.log(dim("  sim/... send text from a seeded generator, chunk by chunk; nothing here was written by a model."));
  const request = {
    text: "When can the ordered lamps be delivered? Please confirm the date in writing.",
    kind: "draft",
    instruction: "Answer the customer in English, politely, in two or three sentences.",
    strategy: "race",
    delivery: "live",
    valueUsd: 0.25,
    bidders: ["sim/quick", "sim/steady", "sim/careful"],
    contract: {
      criteria: [
        { type: "language", language: "en" },
        { type: "contains", text: "Thank you" },
        { type: "length", max: 600 },
      ],
    },
  };
  const submit = () => api.call<{ id: string }>("POST", "/v1/jobs", request);
  let race = await submit();
  let raced = await follow(api, race.id, false);
  if (raced.status !== "succeeded") {
    console.log(dim("  One in a hundred simulated answers is wrong on purpose, and this was one. Again:"));
    race = await submit();
    raced = await follow(api, race.id, false);
  }
  if (raced.status !== "succeeded") throw new Error(`the race ended ${raced.status}`);
  const cuts = raced.microtasks.flatMap((m) => m.attempts).filter((a) => a.status === "cancelled");
  console.log(
    `\n  ${bold("Bill")} ${usd(raced.costUsd)} for ${raced.microtasks[0]?.attempts.length} attempts; ${cuts.length} cut; saved ${raced.savedTokens} tokens, ${usd(raced.savedUsd)}.`,
  );

  title("Why, and the same decision again from its event alone");
  const told = await api.call<Explanation>("GET", `/v1/jobs/${race.id}/explain`);
  for (const sentence of [...told.sentences, ...(told.microtasks[0]?.sentences ?? [])].slice(0, 9))
    console.log(`  ${plain(sentence, 180)}`);
  const decision = told.microtasks[0]?.decisions[0];
  if (decision === undefined) throw new Error("the race has no decision");
  const again = replay(decision);
  const same = JSON.stringify(again.award) === JSON.stringify(decision.award);
  console.log(
    `  replayed: ${same ? green("the same line-up, bit for bit") : red("a different line-up")} (${decision.bids.length} bids, ${decision.award.map((p) => p.bidder).join(" > ")})`,
  );
  if (!same) throw new Error("a replayed decision differs");

  if (real.length > 0)
    await withModels(
      api,
      real.map((b) => b.id),
    );
  await listed(api, race.id);
  if (server !== null) await listed(api, await killed(api));
  await learned(api, before);

  title("Look at it yourself");
  const at = server === null ? api.url : `http://127.0.0.1:${defaultPort}`;
  if (server !== null) console.log(`  npm start                       ${dim("# the same data; then")}`);
  console.log(`  browser   ${at}/job.html?id=${race.id}`);
  console.log(`  curl -s ${at}/v1/jobs/${race.id}/explain`);
  console.log(`  curl -sN ${at}/v1/jobs/${race.id}/events`);
}

/** Uses the server at --url, or starts one with the same data as `npm start`; a running one with other bidders is left alone. */
async function connect(): Promise<Api> {
  if (values.url !== undefined) return new Api(values.url);
  const busy = await inUse(defaultPort);
  console.log(
    dim(`Starting a server in workerd${busy ? ` (port ${defaultPort} is taken, so with data of its own)` : ""} ...`),
  );
  const given = modelSources();
  if (given.length > 0) console.log(dim(`Handed on from the shell: ${given.join(", ")}`));
  if (busy) dataFolder = join(root, ".wrangler", "demo");
  server = await startServer({ persistTo: dataFolder });
  return new Api(server.url);
}

interface BidderLine {
  id: string;
  provider: string;
  enabled: boolean;
  standing: { kinds: { kind: string; n: number; brier: number | null }[] };
}

/** What would be bid for the language of one text now; nothing is run. */
async function languageBids(api: Api): Promise<Bid[]> {
  const request = { text: "Could you please send me the invoice by Friday? Many thanks in advance.", kind: "language" };
  const { auctions } = await api.call<{ auctions: { decision: Decision }[] }>("POST", "/v1/auctions/preview", request);
  return auctions[0]?.decision.bids ?? [];
}

/** The same bids before and after the mails, their labels and the settlements. Decisions read a market at most 10 s old. */
async function learned(api: Api, before: Bid[]): Promise<void> {
  title("What the market learned: bids for the language of one short text, before and after the mails");
  const outcomes = async () => {
    const { bidders } = await api.call<{ bidders: BidderLine[] }>("GET", "/v1/bidders");
    return new Map(bidders.map((b) => [b.id, b.standing.kinds.find((k) => k.kind === "language")]));
  };
  let standings = await outcomes();
  for (let tries = 0; ![...standings.values()].some((s) => (s?.n ?? 0) > 1); tries++) {
    if (tries > 60) throw new Error("no outcome of the mails reached the market within 15 s");
    await new Promise((done) => setTimeout(done, 250));
    standings = await outcomes();
  }
  const claim = (bid: Bid | undefined) =>
    bid === undefined ? "-" : `${Math.round(100 * bid.accept.mean)}% ±${Math.round(100 * bid.accept.sd)}`;
  for (const bid of await languageBids(api)) {
    const { n = 0, brier = null } = standings.get(bid.bidder) ?? {};
    const settled =
      brier === null ? "nothing settled yet" : `${n.toFixed(1)} outcomes, Brier score ${brier.toFixed(3)}`;
    const was = claim(before.find((b) => b.bidder === bid.bidder));
    console.log(`  ${bid.bidder.padEnd(28)} ${was.padStart(9)} -> ${claim(bid).padEnd(9)} ${dim(settled)}`);
  }
}

function groups(bidders: BidderLine[]): Map<string, BidderLine[]> {
  const found = new Map<string, BidderLine[]>();
  for (const b of bidders) {
    const maker = b.id.split("/")[0] ?? b.provider;
    found.set(maker, [...(found.get(maker) ?? []), b]);
  }
  return found;
}

async function submitMail(api: Api, path: string): Promise<string> {
  if (!existsSync(path)) throw new Error(`${path} is missing`);
  return (await api.call<{ id: string }>("POST", "/v1/jobs", readFileSync(path), "message/rfc822")).id;
}

/** Shows a job until it is over; gives its view. */
async function follow(api: Api, id: string, quiet: boolean, silent = false): Promise<JobView> {
  const show = showJob(quiet);
  for await (const event of api.events(id)) if (!silent) show(event);
  const view = await api.call<JobView>("GET", `/v1/jobs/${id}`);
  if (view.status === "running") throw new Error(`job ${id} did not end`);
  return view;
}

type Card = Record<string, { label?: string; text?: string } | string | null>;

function card(view: JobView): void {
  console.log(`\n  ${bold("Answer")} ${view.status}`);
  const value = (view.answer?.value ?? {}) as Card;
  for (const [field, part] of Object.entries(value))
    console.log(`    ${field.padEnd(14)} ${plain(typeof part === "string" ? part : JSON.stringify(part), 110)}`);
  for (const { part, why } of view.answer?.unsure ?? [])
    console.log(`    ${yellow("unsure".padEnd(14))} ${part}: ${plain(why, 100)}`);
  console.log(
    `    ${dim(`cost ${usd(view.costUsd)}, ${(view.endedAtMs ?? 0) - view.createdAtMs} ms, ${view.microtasks.flatMap((m) => m.attempts).length} attempts`)}`,
  );
}

function summary(view: JobView): string {
  const value = (view.answer?.value ?? {}) as Record<string, { label?: string } | null>;
  const label = (field: string) => value[field]?.label ?? "?";
  const unsure = view.answer?.unsure.map((u) => u.part) ?? [];
  return `${label("language").padEnd(3)} ${label("spam").padEnd(5)} ${label("sentiment").padEnd(9)} ${label("actionRequest").padEnd(15)} ${(view.endedAtMs ?? 0) - view.createdAtMs} ms${unsure.length > 0 ? yellow(`  unsure: ${unsure.join(", ")}`) : ""}`;
}

/** What the market learns from: a person's word, not "it parsed". The mails say their language in their name. */
async function feedback(api: Api, view: JobView, mail: string): Promise<void> {
  const language = /-([a-z]{2})\.eml$/.exec(mail)?.[1];
  if (language === undefined) return;
  await api.call("POST", "/v1/feedback", { job: view.id, microtask: "language", label: language });
}

/** The server is killed like a process that crashes while an answer streams; the log says how to go on. */
async function killed(api: Api): Promise<string> {
  title("Killed in mid-job, and started again");
  const { id } = await api.call<{ id: string }>("POST", "/v1/jobs", {
    text: "When can the ordered lamps be delivered?",
    kind: "draft",
    strategy: "single",
    delivery: "live",
    bidders: ["sim/steady"],
  });
  const show = showJob();
  let seq = 0;
  let texts = 0;
  try {
    for await (const event of api.events(id)) {
      show(event);
      seq = event.seq;
      if (event.type === "text-streamed") texts++;
      if (texts === 3) await server?.kill();
    }
  } catch {
    // The connection went with the server.
  }
  const port = Number(new URL(api.url).port);
  console.log(red(`            SIGKILL after event ${seq}. Starting the server again ...`));
  server = await startServer({ port, persistTo: dataFolder });
  for await (const event of api.events(id, seq)) show(event);
  const view = await api.call<JobView>("GET", `/v1/jobs/${id}`);
  if (view.status !== "succeeded") throw new Error(`the job that was interrupted ended ${view.status}`);
  console.log(
    dim(
      "  The client resumed after its last event; the attempt that was lost is in the bill, and the answer came once.",
    ),
  );
  return id;
}

/** With a real model: the planner, a draft and a judge, each put to auction. */
async function withModels(api: Api, real: string[]): Promise<void> {
  title(`Real models: a draft that ${real.length > 1 ? "another model judges" : "has no competition, and no judge"}`);
  const { id } = await api.call<{ id: string }>("POST", "/v1/jobs", {
    text: "Could you tell me whether the two oak chairs I ordered on 3 November are still coming this week?",
    kind: "draft",
    deadlineMs: 90_000,
    bidders: real,
    budgetUsd: 0.05,
    contract: {
      criteria: [{ type: "length", max: 900 }],
      judged: ["The reply is polite and promises nothing that the sender did not ask for."],
    },
  });
  const view = await follow(api, id, false);
  console.log(`\n  ${view.status}: ${plain(view.answer?.text ?? view.error?.message ?? "", 300)}`);
}

/** The list is written when a job is settled. */
async function listed(api: Api, id: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const { jobs } = await api.call<{ jobs: { id: string }[] }>("GET", "/v1/jobs");
    if (jobs.some((job) => job.id === id)) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`job ${id} was not settled within 10 s`);
}

function title(text: string): void {
  console.log(`\n${bold(text)}`);
}

function usd(value: number): string {
  return value === 0 ? "$0" : `$${value.toFixed(Math.max(2, 2 - Math.floor(Math.log10(value))))}`;
}
