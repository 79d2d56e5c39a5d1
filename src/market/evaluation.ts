import { isKind, type Kind } from "../plan/kind.ts";
import type { Bidder } from "./bidder.ts";
import { servesKind } from "./eligibility.ts";
import { inShort, type RowFault } from "./row-fault.ts";
import type { AttemptReport, Settlement } from "./settlement.ts";

/**
 * One line of an evaluation that was made elsewhere: how well one bidder answered one input. Lines of one input, given
 * together, also teach which bidders fail on the same inputs.
 */
export interface EvaluationRow {
  /** Name of the input: the same for all bidders that were put to it. */
  input: string;
  bidder: string;
  kind: string;
  /** Declared context; absent: the kind as a whole. */
  context?: string;
  /** Was the answer good? A score of 0 to 1 counts in part. */
  good: boolean | number;
  /** Length of the prompt, system message and all, characters. */
  inputChars?: number;
  /** What that prompt and its answer came to, tokens; all three or none. They teach what it costs. */
  inputTokens?: number;
  outputTokens?: number;
  /** Time to its end, ms. */
  totalMs?: number;
}

const mostTokens = 10_000_000;
const mostChars = 100_000_000;
const mostMs = 3_600_000;
/** An input of which nothing is said is taken to be so long, characters. */
const usualChars = 400;
/** Bidders that one input is put to at most, as in any settlement. */
const mostBidders = 64;

/**
 * Rows as settlements, one for each input; rows that cannot be right are refused by number (from 1), field and reason. The
 * name of an attempt is all that its row says, and may be long. Cost: linear in the rows.
 */
export function settlementsOf(
  rows: readonly unknown[],
  bidders: readonly Bidder[],
  nowMs: number,
): { settlements: Settlement[]; refused: RowFault[] } {
  const byId = new Map(bidders.map((bidder) => [bidder.id, bidder]));
  const refused: RowFault[] = [];
  const inputs = new Map<string, Map<string, EvaluationRow>>();
  rows.forEach((given, i) => {
    const fault = faultOf(given, byId);
    if (fault !== null) return void refused.push({ row: i + 1, ...fault });
    const row = given as EvaluationRow;
    const name = inputName(row);
    const group = inputs.get(name) ?? new Map<string, EvaluationRow>();
    if (group.has(row.bidder))
      refused.push({ row: i + 1, field: "bidder", reason: "another row speaks of it on this input" });
    else if (group.size >= mostBidders)
      refused.push({ row: i + 1, field: "input", reason: `it has more than ${mostBidders} bidders` });
    else inputs.set(name, group.set(row.bidder, row));
  });
  const settlements = [...inputs.values()].map((group) => settlementOf(inOrder(group), nowMs));
  return { settlements, refused };
}

const inputName = ({ kind, context = "", input }: EvaluationRow): string => JSON.stringify([kind, context, input]);
const rowName = (row: EvaluationRow): string =>
  JSON.stringify([
    inputName(row),
    row.bidder,
    Number(row.good),
    row.inputChars,
    row.inputTokens,
    row.outputTokens,
    row.totalMs,
  ]);

const inOrder = (group: ReadonlyMap<string, EvaluationRow>): EvaluationRow[] =>
  [...group.values()].sort((a, b) => (a.bidder < b.bidder ? -1 : 1));

function settlementOf(rows: readonly EvaluationRow[], nowMs: number): Settlement {
  const [first] = rows as [EvaluationRow];
  const inputChars = Math.max(...rows.map((row) => row.inputChars ?? usualChars));
  return {
    key: inputName(first),
    tenant: "operator",
    kind: first.kind as Kind,
    features: { inputChars, script: "", context: first.context ?? "" },
    atMs: nowMs,
    evaluated: true,
    attempts: rows.map(
      (row): AttemptReport => ({
        attempt: rowName(row),
        bidder: row.bidder,
        role: "leader",
        round: 1,
        after: [],
        claimed: { accept: 0.5, costNano: 0, totalMs: 0 },
        outcome: { worth: Number(row.good), source: "criteria", reliability: { trueAccept: 1, trueReject: 1 } },
        failure: null,
        // What was billed is not told: how far bills are from the list stays as it was learned here.
        costNano: 0,
        firstTokenMs: null,
        totalMs: row.totalMs ?? 0,
        censored: false,
        timed: row.totalMs !== undefined,
        // Without tokens nothing is known of costs and times.
        ...(row.outputTokens === undefined ? { measured: false as const } : {}),
        inputTokens: row.inputTokens ?? 0,
        estimatedInputTokens: (row.inputChars ?? 0) / 4,
        outputTokens: row.outputTokens ?? 0,
      }),
    ),
  };
}

function faultOf(given: unknown, byId: ReadonlyMap<string, Bidder>): Omit<RowFault, "row"> | null {
  if (typeof given !== "object" || given === null) return { field: "", reason: "it is not an object" };
  const row = given as Partial<Record<keyof EvaluationRow, unknown>>;
  if (typeof row.input !== "string" || row.input === "" || row.input.length > 256)
    return { field: "input", reason: "it must be a name of 1 to 256 characters" };
  const bidder = typeof row.bidder === "string" ? byId.get(row.bidder) : undefined;
  if (bidder === undefined) return { field: "bidder", reason: `${inShort(row.bidder)} is not a bidder here` };
  if (typeof row.kind !== "string" || !isKind(row.kind))
    return { field: "kind", reason: `${inShort(row.kind)} is not a kind` };
  if (!servesKind(bidder, row.kind)) return { field: "kind", reason: `${bidder.id} does not serve ${row.kind}` };
  if (row.context !== undefined && (typeof row.context !== "string" || row.context.length > 48))
    return { field: "context", reason: "it must be a text of at most 48 characters" };
  const { good } = row;
  if (typeof good !== "boolean" && !(typeof good === "number" && good >= 0 && good <= 1))
    return { field: "good", reason: "it must be true, false or a score of 0 to 1" };
  if (row.inputChars !== undefined && !isNumber(row.inputChars, mostChars))
    return { field: "inputChars", reason: `${inShort(row.inputChars)} is not a count of characters` };
  for (const field of ["inputTokens", "outputTokens"] as const)
    if (row[field] !== undefined && !isNumber(row[field], mostTokens))
      return { field, reason: `${inShort(row[field])} is not a count of tokens` };
  const measured = [row.inputTokens, row.outputTokens].filter((count) => count !== undefined).length;
  if (measured === 1 || (measured === 2 && row.inputChars === undefined))
    return { field: "outputTokens", reason: "inputChars, inputTokens and outputTokens are given together" };
  if (row.totalMs !== undefined && !isNumber(row.totalMs, mostMs))
    return { field: "totalMs", reason: `${inShort(row.totalMs)} is not a time in ms` };
  return null;
}

const isNumber = (value: unknown, most: number): boolean => typeof value === "number" && value >= 0 && value <= most;
