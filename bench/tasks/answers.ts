import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { specialists } from "../../src/models/embedded/registry.ts";
import type { Kind } from "../../src/plan/kind.ts";
import { isHeldOut } from "../../training/spam/split.ts";

/** One labelled text, with what every specialist answered and the ms it took. */
export interface Item {
  text: string;
  label: string;
  /** false: the weights may have seen it (spam). */
  unseen: boolean;
  answers: Map<string, { label: string; confidence: number; ms: number }>;
}

export interface TaskSet {
  name: string;
  kind: Kind;
  folder: string;
  labels: string[] | null;
  note: string;
}

export const taskSets: readonly TaskSet[] = [
  { name: "language", kind: "language", folder: "udhr-langid", labels: null, note: "UDHR sentences, 27 languages" },
  {
    name: "language, short and long mixed",
    kind: "language",
    folder: "udhr-langid",
    labels: null,
    note: "every UDHR text once whole and once cut here to a span of 8 to 24 characters",
  },
  {
    name: "spam",
    kind: "spam",
    folder: "spamassassin-email",
    labels: null,
    note: "the corpus the weights were trained on: only threads that were held out of training",
  },
  {
    name: "sentiment",
    kind: "sentiment",
    folder: "uci-sentiment",
    labels: ["positive", "negative"],
    note: "two labels, no neutral",
  },
  { name: "action-request", kind: "action-request", folder: "email-intent", labels: null, note: "sentences of mails" },
];

interface StoredText {
  text: string;
  label: string;
  subject?: string;
}

/** Items of a set, without answers; null when the data are not there. */
export function itemsOf(set: TaskSet, data: string): Item[] | null {
  const path = `${data}/${set.folder}/dev.jsonl.gz`;
  if (!existsSync(path)) return null;
  const rows = gunzipSync(readFileSync(path)).toString().trim().split("\n");
  const items: Item[] = [];
  for (const [at, row] of rows.entries()) {
    const { text, label, subject } = JSON.parse(row) as StoredText;
    const unseen = set.kind !== "spam" || isHeldOut(subject ?? "");
    items.push({ text, label, unseen, answers: new Map() });
    if (!set.name.includes("mixed")) continue;
    const span = shortSpan(text, at);
    if (span !== null) items.push({ text: span, label, unseen: true, answers: new Map() });
  }
  return items;
}

/** Whole words from somewhere in a text, 8 to 24 characters (scripts without spaces: just characters). */
function shortSpan(text: string, at: number): string | null {
  const length = 8 + ((at * 7) % 17);
  if (text.length < 2 * length) return null;
  const from = (at * 31) % (text.length - length);
  const word = text.indexOf(" ", from);
  const start = word >= 0 && word < text.length - length ? word + 1 : from;
  const end = text.lastIndexOf(" ", start + length);
  return text.slice(start, end > start + 4 ? end : start + length);
}

export interface BidderFigures {
  bidder: string;
  accuracy: number;
  /** Accuracy on what it was never trained on. */
  unseen: number;
  brier: number;
  p50: number;
  p95: number;
}

/** Asks every specialist of the kind about every item, one after another, and keeps the answers. */
export async function answerAll(set: TaskSet, items: readonly Item[]): Promise<BidderFigures[]> {
  const figures: BidderFigures[] = [];
  for (const specialist of specialists) {
    const { bidder } = specialist;
    if (bidder.serves === "generative" || !bidder.serves.includes(set.kind)) continue;
    const context = { kind: set.kind, labels: set.labels, schema: null };
    for (const item of items.slice(0, 20)) await specialist.run(item.text, context);
    for (const item of items) {
      const started = performance.now();
      const { value } = await specialist.run(item.text, context);
      const { label, confidence } = value as { label: string; confidence: number };
      item.answers.set(bidder.id, { label, confidence, ms: performance.now() - started });
    }
    const right = (item: Item) => item.answers.get(bidder.id)?.label === item.label;
    const unseen = items.filter((item) => item.unseen);
    const times = items.map((item) => item.answers.get(bidder.id)?.ms ?? 0);
    figures.push({
      bidder: bidder.id,
      accuracy: items.filter(right).length / items.length,
      unseen: unseen.filter(right).length / unseen.length,
      brier:
        items.reduce(
          (sum, item) => sum + ((item.answers.get(bidder.id)?.confidence ?? 0) - (right(item) ? 1 : 0)) ** 2,
          0,
        ) / items.length,
      p50: quantile(times, 0.5),
      p95: quantile(times, 0.95),
    });
  }
  return figures;
}

/** CPU microseconds per KB of every specialist on mails of about 2 KB, beside what it declares; null without data. */
export async function cpuFigures(
  data: string,
): Promise<{ bidder: string; measured: number; declared: number }[] | null> {
  const set = taskSets.find(({ kind }) => kind === "spam");
  const items = set === undefined ? null : itemsOf(set, data);
  if (items === null) return null;
  const mails = items.filter(({ text }) => text.length > 1500 && text.length < 2600).slice(0, 100);
  const kilobytes = mails.reduce((sum, { text }) => sum + text.length, 0) / 1024;
  const figures: { bidder: string; measured: number; declared: number }[] = [];
  for (const { bidder, run } of specialists) {
    const context = {
      kind: (bidder.serves === "generative" ? "answer" : bidder.serves[0]) ?? "answer",
      labels: null,
      schema: null,
    };
    // Loads the library, and lets the compiler see it.
    for (const { text } of mails.slice(0, 20)) await run(text, context);
    const before = process.cpuUsage();
    for (const { text } of mails) await run(text, context);
    const { user, system } = process.cpuUsage(before);
    figures.push({ bidder: bidder.id, measured: (user + system) / kilobytes, declared: bidder.cpuMicrosPerKb });
  }
  return figures;
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
}
