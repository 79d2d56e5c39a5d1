import type { NanoUsd } from "./nano-usd.ts";

/** Money a Worker holds in memory for one tenant, so that a job's opening needs no other hop. */
export interface Purse {
  id: string;
  leftNano: NanoUsd;
  expiresAtMs: number;
}

/** Draws `nano` from a purse, or says that it cannot. The purse is changed in place. */
export function drawFrom(purse: Purse | null, nano: NanoUsd, nowMs: number): boolean {
  if (purse === null || purse.expiresAtMs <= nowMs || purse.leftNano < nano) return false;
  purse.leftNano -= nano;
  return true;
}

/** Openings a purse holds at most, and the share of what is left that one may take: many Workers draw on one cap. */
const openings = 8;
const share = 0.02;

/** How large a purse to ask for: several openings where the cap is wide, one where it is tight. */
export function purseSize(openingNano: NanoUsd, leftNano: NanoUsd): NanoUsd {
  return Math.max(openingNano, Math.min(openings * openingNano, Math.floor(leftNano * share)));
}
