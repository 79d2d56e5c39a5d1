/** `npm run seed -- FILE`: what is known of bidders from elsewhere, for the market to begin with. */
import { main, wrong } from "./command.ts";
import { readJsonLines } from "./json-lines.ts";

const usage = `npm run seed -- FILE

What is known of bidders from elsewhere, one JSON object a line. Either how each did on each input of an evaluation:

  {"input": "q-17", "bidder": "openai/gpt-5-mini", "kind": "summarise", "good": true}

"good" may be a score of 0 to 1; "inputChars" (of the whole prompt), "inputTokens" and "outputTokens" teach what it costs,
"totalMs" (beside them) how long it takes.
The market learns from it as from its own outcomes; the same row again, within 56 days, adds nothing. Or how often each
was right:

  {"bidder": "openai/gpt-5-mini", "kind": "summarise", "accepted": 41, "n": 50}

Such a row counts at most 30 observations. Both take a "context", as a decision's "cell" has it: "support/latin" for jobs of
the context "support" in Latin script, "latin" for jobs that name none; left out, the row speaks for all contexts.`;

const outcomeFields = [
  "input",
  "bidder",
  "kind",
  "context",
  "good",
  "inputChars",
  "inputTokens",
  "outputTokens",
  "totalMs",
];
const countFields = ["bidder", "kind", "context", "accepted", "n"];

/** Fields that stand there and nobody reads: a misspelt one would be missed silently. */
function unread(rows: readonly Numbered[], fields: readonly string[]): string[] {
  const seen = new Map<string, number>();
  for (const { row } of rows)
    for (const name of Object.keys(typeof row === "object" && row !== null ? row : {}))
      if (!fields.includes(name)) seen.set(name, (seen.get(name) ?? 0) + 1);
  return [...seen].map(([name, n]) => `"${name.slice(0, 60)}" (${n} row${n === 1 ? "" : "s"})`);
}

/** Rows in one request, and their bytes (the server takes a megabyte); inputs are not divided. */
const mostRows = 2_000;
const mostBytes = 900_000;

const bytesOf = (group: readonly Numbered[]): number =>
  group.reduce((sum, { row }) => sum + Buffer.byteLength(JSON.stringify(row)) + 1, 0);

interface Numbered {
  line: number;
  row: unknown;
}
interface Answer {
  taken: number;
  repeated?: number;
  refused: { row: number; field: string; reason: string }[];
}

const inputOf = (row: unknown): string | null =>
  typeof row === "object" && row !== null && "input" in row
    ? JSON.stringify([
        (row as { kind?: unknown }).kind,
        (row as { context?: unknown }).context ?? "",
        (row as { input: unknown }).input,
      ])
    : null;

/** Requests of whole inputs. */
function inParts(rows: readonly Numbered[]): Numbered[][] {
  const inputs = new Map<string, Numbered[]>();
  for (const one of rows) {
    const name = inputOf(one.row) ?? "";
    const group = inputs.get(name) ?? [];
    inputs.set(name, group);
    group.push(one);
  }
  const parts: { rows: Numbered[]; bytes: number }[] = [];
  for (const group of inputs.values()) {
    const last = parts.at(-1);
    const bytes = bytesOf(group);
    if (last !== undefined && last.rows.length + group.length <= mostRows && last.bytes + bytes <= mostBytes) {
      last.rows.push(...group);
      last.bytes += bytes;
    } else parts.push({ rows: [...group], bytes });
  }
  return parts.map(({ rows }) => rows);
}

await main({
  usage,
  words: 1,
  async run(api, [file]) {
    if (file === undefined) throw wrong("Name a file.", usage);
    const all = readJsonLines(file).map((row, i): Numbered => ({ line: i + 1, row }));
    if (all.length === 0) throw new Error(`${file} has no rows.`);
    const odd = all.find(({ row }) => typeof row !== "object" || row === null || Array.isArray(row));
    if (odd !== undefined) throw new Error(`${file}: row ${odd.line} is no JSON object.`);
    const outcomes = all.filter(({ row }) => inputOf(row) !== null);
    const counts = all.filter(({ row }) => inputOf(row) === null);
    const ignored = [...unread(outcomes, outcomeFields), ...unread(counts, countFields)];
    if (ignored.length > 0) console.error(`${file}: nobody reads ${ignored.slice(0, 8).join(", ")}`);
    let [taken, repeated, refused] = [0, 0, 0];
    const tell = async (path: string, rows: readonly Numbered[]) => {
      const answer = await api.call<Answer>("POST", path, { rows: rows.map(({ row }) => row) });
      taken += answer.taken;
      repeated += answer.repeated ?? 0;
      refused += answer.refused.length;
      for (const { row, field, reason } of answer.refused)
        console.error(`${file}: row ${rows[row - 1]?.line ?? row}: ${field}: ${reason}`);
    };
    if (counts.length > 0) await tell("/v1/market/priors", counts);
    const parts = inParts(outcomes);
    for (const [i, part] of parts.entries()) {
      await tell("/v1/market/evaluations", part);
      if (parts.length > 1) console.error(`${i + 1} of ${parts.length} parts`);
    }
    const known = repeated > 0 ? `${repeated} learned before, ` : "";
    console.log(
      `${taken} row${taken === 1 ? "" : "s"} taken, ${known}${refused} refused. Decisions read them within 10 s.`,
    );
    if (taken + repeated === 0) process.exitCode = 1;
  },
});
