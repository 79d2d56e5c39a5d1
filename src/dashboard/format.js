/** Dollars with enough digits to tell small costs apart, never an exponent. */
export function usd(/** @type {number | null | undefined} */ amount) {
  if (amount === null || amount === undefined) return "–";
  if (amount === 0) return "$0";
  const digits = Math.abs(amount) >= 1 ? 2 : Math.min(9, 2 - Math.floor(Math.log10(Math.abs(amount))));
  return `$${amount.toFixed(digits)}`;
}

export const nanoUsd = (/** @type {number | null | undefined} */ nano) =>
  usd(nano === null || nano === undefined ? null : nano / 1e9);

/** A duration, short. */
export function took(/** @type {number | null | undefined} */ ms) {
  if (ms === null || ms === undefined || Number.isNaN(ms)) return "–";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  const minutes = Math.floor(ms / 60_000);
  return minutes < 60 ? `${minutes} min ${Math.round((ms % 60_000) / 1000)} s` : `${(ms / 3_600_000).toFixed(1)} h`;
}

export const clock = (/** @type {number} */ atMs) => new Date(atMs).toLocaleString();

/** The time of day, after the date where that is another than the neighbour's. @param {number} atMs @param {number} [nextToMs] */
export function dayClock(atMs, nextToMs) {
  const at = new Date(atMs);
  const time = at.toLocaleTimeString();
  if (nextToMs !== undefined && new Date(nextToMs).toDateString() === at.toDateString()) return time;
  return `${at.toLocaleDateString(undefined, { day: "numeric", month: "short" })}, ${time}`;
}

/** Enough of a job's id to tell it from its neighbours. */
export const shortId = (/** @type {string} */ id) => {
  // Those of the fast lane begin with the time: jobs of one minute differ at their ends.
  const [, shard, end] = /^(job_f[0-9a-f]{2})-[0-9a-f]*([0-9a-f]{5})_/.exec(id) ?? [];
  return shard === undefined ? `${id.slice(0, 12)}…` : `${shard}…${end}`;
};

/**
 * A list of jobs in a line: how many of each status, what they cost and saved, how long half of the ended ones took at most.
 * @param {import("../http/pages/page-state.ts").ListedJob[]} jobs
 */
export function inShort(jobs) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { status } of jobs) counts.set(status, (counts.get(status) ?? 0) + 1);
  const statuses = [...counts].sort((a, b) => b[1] - a[1]).map(([status, n]) => `${n} ${status}`);
  const times = jobs.flatMap((job) => (job.endedAtMs === null ? [] : [job.endedAtMs - job.createdAtMs]));
  const median = times.sort((a, b) => a - b)[Math.ceil(times.length / 2) - 1];
  const costUsd = jobs.reduce((sum, job) => sum + job.costUsd, 0);
  const savedUsd = jobs.reduce((sum, job) => sum + job.savedUsd, 0);
  return [
    `${jobs.length} job${jobs.length === 1 ? "" : "s"}: ${statuses.join(", ")}`,
    `cost ${usd(costUsd)}${savedUsd > 0 ? `, saved ${usd(savedUsd)} by cutting` : ""}`,
    ...(median === undefined ? [] : [`median ${took(median)}`]),
  ].join(" · ");
}
