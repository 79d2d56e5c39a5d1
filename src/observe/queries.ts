import { type BlobName, blobNames, type DoubleName, doubleNames } from "./data-point.ts";

const column = (name: BlobName | DoubleName): string => {
  const blob = blobNames.indexOf(name as BlobName);
  return blob >= 0 ? `blob${blob + 1}` : `double${doubleNames.indexOf(name as DoubleName) + 1}`;
};

/** How many real points a row stands for: Analytics Engine's sampling times our own. */
const rows = `_sample_interval * ${column("weight")}`;
const is = (name: BlobName, value: string): string => `${column(name)} = '${value}'`;
const count = (condition: string): string => `sum(if(${condition}, ${rows}, 0.0))`;

const decided = `${is("result", "accepted")} OR ${is("result", "rejected")}`;

/**
 * Questions to the dataset `atomic`, as SQL for the Analytics Engine API. Estimates: the ledger is D1's `usage_months`.
 * Made from the schema, so that a column that moves takes its queries along; docs/telemetry.md shows them as printed.
 */
export const queries = {
  costPerTenantPerDay: `SELECT
  toStartOfInterval(timestamp, INTERVAL '1' DAY) AS day,
  index1 AS tenant,
  sum(${rows}) AS jobs,
  sum(${rows} * ${column("cost_nano")}) / 1000000000 AS cost_usd
FROM atomic
WHERE ${is("type", "job")} AND timestamp > NOW() - INTERVAL '30' DAY
GROUP BY day, tenant
ORDER BY day DESC, cost_usd DESC`,
  acceptanceAndLatencyPerBidder: `SELECT
  ${column("bidder")} AS bidder,
  ${column("kind")} AS kind,
  ${count(decided)} AS decided,
  ${count(is("result", "accepted"))} / ${count(decided)} AS acceptance,
  quantileExactWeighted(0.95)(${column("total_ms")}, if(${column("untimed")} = 0, _sample_interval, 0)) AS p95_ms
FROM atomic
WHERE ${is("type", "attempt")} AND timestamp > NOW() - INTERVAL '7' DAY
GROUP BY bidder, kind
HAVING decided > 0
ORDER BY kind, acceptance DESC`,
  savedByEarlyTermination: `SELECT
  toStartOfInterval(timestamp, INTERVAL '1' DAY) AS day,
  sum(${rows} * ${column("saved_tokens")}) AS saved_tokens,
  sum(${rows} * ${column("saved_nano")}) / 1000000000 AS saved_usd,
  sum(${rows} * ${column("saved_nano")}) / sum(${rows} * (${column("cost_nano")} + ${column("saved_nano")})) AS share_saved
FROM atomic
WHERE ${is("type", "job")} AND timestamp > NOW() - INTERVAL '30' DAY
GROUP BY day
ORDER BY day DESC`,
} as const;
