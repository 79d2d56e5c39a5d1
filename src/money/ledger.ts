import type { NanoUsd } from "./nano-usd.ts";
import type { Usage } from "./price.ts";

/**
 * One line of a job's ledger; `key` is its primary key. cost: what a provider billed for an attempt, and how well that
 * is known. charge: what the tenant is invoiced for an accepted microtask. Money is nano-USD, times are epoch ms.
 */
export type LedgerEntry =
  | {
      key: string;
      type: "cost";
      microtask: string;
      attempt: string;
      bidder: string;
      role: string;
      status: string;
      /** How the cost is known; "reserved": the attempt still runs and may cost this much. */
      known: Usage["source"] | "reserved";
      reconciled: boolean;
      /** Day from which the price holds; null: not dated. */
      priceFrom: string | null;
      usage: Usage | null;
      nano: NanoUsd;
      atMs: number;
    }
  | { key: string; type: "charge"; microtask: string; nano: NanoUsd; atMs: number };

/** Sums of a ledger, nano-USD; what still runs stands apart from what was spent. */
export interface LedgerTotals {
  costNano: NanoUsd;
  chargeNano: NanoUsd;
  reservedNano: NanoUsd;
}

/** Adds entries up; an entry that comes twice counts once, by its key. */
export function ledgerTotals(entries: Iterable<LedgerEntry>): LedgerTotals {
  const seen = new Set<string>();
  const totals: LedgerTotals = { costNano: 0, chargeNano: 0, reservedNano: 0 };
  for (const entry of entries) {
    if (seen.has(entry.key)) continue;
    seen.add(entry.key);
    if (entry.type === "charge") totals.chargeNano += entry.nano;
    else if (entry.known === "reserved") totals.reservedNano += entry.nano;
    else totals.costNano += entry.nano;
  }
  return totals;
}

const columns = [
  "key",
  "type",
  "microtask",
  "attempt",
  "bidder",
  "role",
  "status",
  "known",
  "reconciled",
  "price_from",
  "input_tokens",
  "cached_input_tokens",
  "output_tokens",
  "reasoning_tokens",
  "cost_nano_usd",
  "charge_nano_usd",
  "at",
  "cache_write_tokens",
];

/** A ledger as CSV (RFC 4180), one header line. `isoTime`: epoch ms -> ISO 8601. */
export function ledgerCsv(entries: Iterable<LedgerEntry>, isoTime: (ms: number) => string): string {
  const rows = [...entries].map((e) =>
    e.type === "charge"
      ? [e.key, e.type, e.microtask, ...Array<string>(11).fill(""), "", e.nano, isoTime(e.atMs), ""]
      : [
          e.key,
          e.type,
          e.microtask,
          e.attempt,
          e.bidder,
          e.role,
          e.status,
          e.known,
          e.reconciled,
          e.priceFrom,
          e.usage?.input,
          e.usage === null ? null : (e.usage.cachedInput ?? 0),
          e.usage?.output,
          e.usage === null ? null : (e.usage.reasoning ?? 0),
          e.nano,
          "",
          isoTime(e.atMs),
          e.usage === null ? null : (e.usage.cacheWrite ?? 0),
        ],
  );
  return csv(columns, rows);
}

/** Any table as CSV. Text that a spreadsheet would take for a formula is led by an apostrophe. */
export function csv(
  header: readonly string[],
  rows: readonly (readonly (string | number | boolean | null | undefined)[])[],
): string {
  return [header, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

function cell(value: string | number | boolean | null | undefined): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "string") return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
