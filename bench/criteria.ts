import { existsSync, readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { argumentsOf } from "../scripts/arguments.ts";
import { type PrefixJudge, prepareJudge } from "../src/judge/prefix-judge.ts";
import { readAnswer } from "../src/output/read-answer.ts";
import type { Contract } from "../src/plan/contract.ts";

const usage = `npm run bench:criteria -- [--tasks DIR] [--json]

CPU per chunk and memory per racer of the deterministic criteria: three racers, five criteria and a schema-less contract,
beside a naive judge that checks the whole prefix again on every chunk; and a schema judged while it streams, beside a
reader run on every prefix.

  --tasks      labelled texts (default ../shared/data/tasks, else skipped): how often the predictive criteria would have
               stopped an answer that was fine`;
const { values: options } = argumentsOf(usage, { tasks: { type: "string" }, json: { type: "boolean" } });
const figures: Record<string, unknown> = {};
const report = (name: string, value: unknown): void => {
  figures[name] = value;
  if (!options.json)
    console.log(`${name.padEnd(58)} ${typeof value === "number" ? value.toPrecision(3) : JSON.stringify(value)}`);
};

/** A seeded generator (mulberry32), so that two runs judge the same texts. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const words =
  "the invoice of your last order was paid in full on Monday and the goods leave our store with the next van please tell us".split(
    " ",
  );
const input = "We wrote: “the goods leave our store with the next van”. ".repeat(80);

function chunksOf(length: number, random: () => number): string[] {
  const chunks: string[] = [];
  for (let at = 0; at < length; at += 1) {
    const draw = random();
    const word = words[Math.floor(random() * words.length)] ?? "";
    chunks.push(draw < 0.02 ? ' "the goods leave our store".' : draw < 0.1 ? `${word}.\n` : ` ${word}`);
  }
  return chunks;
}

/** Microseconds of CPU this process used while `work` ran. */
function cpu(work: () => void): number {
  const start = process.cpuUsage();
  work();
  const used = process.cpuUsage(start);
  return used.user + used.system;
}

const five: Contract = {
  criteria: [
    { type: "length", min: 10, max: 1_000_000 },
    { type: "pattern", pattern: "(?i)\\b(?:guarantee|refund)s?\\b", must: false },
    { type: "pattern", pattern: "INV-\\d{4,8}", must: true },
    { type: "contains", text: "as an AI language model", must: false, ignoreCase: true },
    { type: "quotes", minChars: 12 },
  ],
  judged: [],
};

const random = seeded(7);
const racers = 3;
const length = 2_000;
const streams = Array.from({ length: racers }, () => chunksOf(length, random));
const eachChunk = (push: (racer: number, chunk: string) => void): void => {
  for (let at = 0; at < length; at += 1)
    for (let racer = 0; racer < racers; racer += 1) push(racer, streams[racer]?.[at] ?? "");
};

function streaming(): number {
  const prepared = prepareJudge(five, { input });
  const judges = streams.map(() => prepared.open());
  return cpu(() => eachChunk((racer, chunk) => judges[racer]?.push(chunk))) / (length * racers);
}

/** What the streaming judge replaces: native expressions and counts over the whole prefix, on every chunk. */
function naive(): number {
  const prefixes = streams.map(() => "");
  const rejected = new Set<number>();
  return (
    cpu(() =>
      eachChunk((racer, chunk) => {
        const prefix = (prefixes[racer] ?? "") + chunk;
        prefixes[racer] = prefix;
        const quotes = prefix.match(/"[^"\n]{12,2000}"/g) ?? [];
        const bad =
          [...prefix].length > 1_000_000 ||
          /\b(?:guarantee|refund)s?\b/i.test(prefix) ||
          prefix.toLowerCase().includes("as an ai language model");
        if (bad || !/INV-\d{4,8}/.test(prefix) || quotes.some((quote) => !input.includes(quote.slice(1, -2))))
          rejected.add(racer);
      }),
    ) /
    (length * racers)
  );
}

report("load average", loadavg()[0] ?? 0);
streaming();
const runs = Array.from({ length: 5 }, streaming).sort((a, b) => a - b);
report("us per chunk, 3 racers x 5 criteria, median of 5 (cap 20)", runs[2] ?? 0);
report("us per chunk, naive re-check of the prefix", naive());

const schema = {
  type: "object",
  properties: {
    label: { enum: ["spam", "ham"] },
    reasons: {
      type: "array",
      items: {
        type: "object",
        properties: { text: { type: "string", maxLength: 200 }, weight: { type: "number", maximum: 1 } },
        required: ["text"],
      },
    },
  },
  required: ["label", "reasons"],
};
const json = JSON.stringify({
  label: "spam",
  reasons: Array.from({ length: 150 }, (_, at) => ({ text: `reason number ${at} of many`, weight: at / 150 })),
});
const jsonChunks = json.match(/[\s\S]{1,6}/g) ?? [];
const schemaTerms: Contract = { schema, criteria: [], judged: [] };
const streamSchema = (): number => {
  const judge = prepareJudge(schemaTerms, { input: "" }).open();
  return (
    cpu(() => {
      for (const chunk of jsonChunks) judge.push(chunk);
    }) / jsonChunks.length
  );
};
streamSchema();
report("us per chunk, schema while it streams", Math.min(...Array.from({ length: 5 }, streamSchema)));
const sampled = jsonChunks.filter((_, at) => at % 20 === 0).map((_, at) => json.slice(0, at * 20 * 6));
report(
  "us per chunk, reading each prefix as a whole (every 20th)",
  cpu(() => {
    for (const prefix of sampled) readAnswer(prefix, schema);
  }) / sampled.length,
);

/** Heap of many judges in mid-stream, shared parts left out; needs --expose-gc for a settled figure. */
function memoryPerRacer(): number {
  const collect = (globalThis as { gc?: () => void }).gc ?? (() => {});
  const prepared = prepareJudge({ ...five, schema }, { input });
  const warm = prepared.open();
  for (const chunk of streams[0] ?? []) warm.push(chunk);
  collect();
  const before = process.memoryUsage().heapUsed;
  const judges: PrefixJudge[] = [];
  for (let at = 0; at < 1_000; at += 1) {
    const judge = prepared.open();
    for (const chunk of jsonChunks.slice(0, 100)) judge.push(chunk);
    judges.push(judge);
  }
  collect();
  return (process.memoryUsage().heapUsed - before) / judges.length;
}
report("bytes per racer in mid-stream (cap 262144)", Math.round(memoryPerRacer()));

const tasks = options.tasks ?? fileURLToPath(new URL("../../shared/data/tasks/", import.meta.url));
if (!existsSync(tasks)) console.error(`false kills: skipped, no data at ${tasks}`);
else await falseKills(tasks);

async function falseKills(folder: string): Promise<void> {
  const { eld } = await import("eld/small");
  const detectLanguage = (text: string): { language: string; confidence: number } | null => {
    const guess = eld.detect(text);
    return guess.language === "" ? null : { language: guess.language, confidence: guess.isReliable() ? 0.9 : 0.3 };
  };
  const eldLanguages = new Set(Object.values(eld.info().Languages));
  const lines = (name: string): { text: string; label: string }[] =>
    gunzipSync(readFileSync(`${folder}/${name}/dev.jsonl.gz`))
      .toString("utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { text: string; label: string });
  const known = lines("udhr-langid").filter(({ label }) => eldLanguages.has(label));
  // Paragraphs of one language after one another: answers of a length at which a stop would save something.
  const byLanguage = Map.groupBy(known, ({ label }) => label);
  const looks = [64, 128, 256, 512, 1024];
  const kills = looks.map(() => ({ seen: 0, killed: 0 }));
  for (const [language, samples] of byLanguage) {
    const prepared = prepareJudge(
      { criteria: [{ type: "language", language }], judged: [] },
      { input: "", detectLanguage },
    );
    for (let at = 0; at < samples.length; at += 1) {
      const text = samples
        .slice(at, at + 12)
        .map((sample) => sample.text)
        .join("\n");
      const judge = prepared.open();
      for (const [index, look] of looks.entries()) {
        if (text.length < look) break;
        judge.push(text.slice(looks[index - 1] ?? 0, look));
        const tally = kills[index];
        if (tally === undefined) continue;
        tally.seen += 1;
        if (judge.prefix().criteria.some(({ result }) => result === "reject")) tally.killed += 1;
      }
    }
  }
  for (const [index, look] of looks.entries()) {
    const { seen, killed } = kills[index] ?? { seen: 0, killed: 0 };
    report(`language at ${look}: false kills of ${seen}, upper 95 %`, [killed, Number(upper(killed, seen).toFixed(4))]);
  }
  let flagged = 0;
  let read = 0;
  for (const name of ["spamassassin-email", "scitldr-summarisation"]) {
    if (!existsSync(`${folder}/${name}/dev.jsonl.gz`)) continue;
    for (const { text } of lines(name)) {
      if (text.length < 512) continue;
      read += 1;
      const judge = prepareJudge({ criteria: [], judged: [] }, { input: "" }).open();
      let loops = false;
      for (let at = 0; at < text.length; at += 512)
        loops =
          judge.push(text.slice(at, at + 512))?.criteria.some(({ criterion }) => criterion === "repetition") || loops;
      if (loops) flagged += 1;
    }
  }
  report(`repetition: false kills of ${read} human texts, upper 95 %`, [
    flagged,
    Number(upper(flagged, read).toFixed(4)),
  ]);
}

/** Upper end of Wilson's 95 % interval. */
function upper(hits: number, of: number): number {
  if (of === 0) return 1;
  const z = 1.96;
  const share = hits / of;
  return (
    (share + z ** 2 / (2 * of) + z * Math.sqrt((share * (1 - share)) / of + z ** 2 / (4 * of ** 2))) / (1 + z ** 2 / of)
  );
}

if (options.json) console.log(JSON.stringify(figures));
