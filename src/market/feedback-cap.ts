import { fnv1a } from "../plan/fnv1a.ts";
import { exponential } from "./elementary.ts";
import type { Outcome } from "./settlement.ts";
import { cellMemory, type KindState } from "./state.ts";

/**
 * What one tenant's word may weigh in a kind at any time, outcomes: a tenth of what a cell remembers. A
 * bidder with 360 outcomes of its own moves by at most 0.13 then; all tenants' words together weigh at most 2,560.
 */
export const feedbackCap = cellMemory / 10;
/**
 * What one tenant's word may weigh in what is thought of a judge, of agreement or of criteria, in all kinds together: half
 * of what is assumed of a source before it was measured. They speak for everybody.
 */
export const sourceCap = 10;
/** Half of what a tenant has said is forgotten in a day; half as much may then be said again. */
const halfLifeMs = 24 * 3600 * 1000;
const rate = Math.LN2 / halfLifeMs;
/** Tenants remembered a kind. */
const maxTellers = 64;

/** Outcomes that are somebody's word. Criteria and the judge are our own; agreement is among bidders. */
export const isTold = (source: Outcome["source"]): boolean => source === "feedback" || source === "audit";

/**
 * Counts one told outcome against its tenant; false when the tenant has said as much as one may. Among more tenants
 * than are remembered a new one inherits the count of the quietest (Metwally, Agrawal and El Abbadi, ICDT 2005,
 * "Space-Saving"): counts are never too low, so that the bound holds whoever takes turns.
 */
export function admitTold(
  part: Pick<KindState, "tellers">,
  tenant: string,
  atMs: number,
  cap: number = feedbackCap,
): boolean {
  const tellers = part.tellers ?? { atMs, said: [] };
  part.tellers = tellers;
  if (atMs > tellers.atMs) {
    const keep = exponential(-rate * (atMs - tellers.atMs));
    tellers.atMs = atMs;
    for (const one of tellers.said) one[1] *= keep;
    tellers.said = tellers.said.filter((one) => one[1] >= 0.01);
  }
  const name = shortName(tenant);
  let teller = tellers.said.find((one) => one[0] === name);
  if (!teller && tellers.said.length < maxTellers) {
    teller = [name, 0];
    tellers.said.push(teller);
  }
  if (!teller) {
    teller = tellers.said.reduce((least, one) => (one[1] < least[1] ? one : least));
    teller[0] = name;
  }
  if (teller[1] + 1 > cap) return false;
  teller[1] += 1;
  return true;
}

/** A tenant by 32 bits of its name: states hold no names; two that collide share a count. */
const shortName = (tenant: string): string => fnv1a(tenant).toString(36);
