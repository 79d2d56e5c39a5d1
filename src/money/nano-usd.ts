/** Money is an integer number of nano-USD (1e-9 USD); a double holds it exactly up to 9 million USD. */
export type NanoUsd = number;

export const nanoPerUsd = 1_000_000_000;

/** USD -> nano-USD, rounded to the nearest integer. */
export const fromUsd = (usd: number): NanoUsd => Math.round(usd * nanoPerUsd);

/** nano-USD -> USD. For display only. */
export const toUsd = (nano: NanoUsd): number => nano / nanoPerUsd;

/** "$0.000123": enough digits to tell small costs apart, never an exponent. */
export function formatUsd(nano: NanoUsd): string {
  const usd = toUsd(nano);
  if (nano === 0) return "$0";
  const digits = Math.abs(usd) >= 1 ? 2 : Math.min(9, 2 - Math.floor(Math.log10(Math.abs(usd))));
  return `$${usd.toFixed(digits)}`;
}
