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

/** Enough of a job's id to tell it from its neighbours. */
export const shortId = (/** @type {string} */ id) => {
  // Those of the fast lane begin with the time: jobs of one minute differ at their ends.
  const [, shard, end] = /^(job_f[0-9a-f]{2})-[0-9a-f]*([0-9a-f]{5})_/.exec(id) ?? [];
  return shard === undefined ? `${id.slice(0, 12)}…` : `${shard}…${end}`;
};
