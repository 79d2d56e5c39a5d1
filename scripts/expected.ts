import { isDeepStrictEqual } from "node:util";
import type { JobView } from "../src/job/job-view.ts";
import { type Api, Refused } from "./api.ts";

/** What an evaluation learned of one answer whose right one is known; a row of POST /v1/market/evaluations. */
export interface KnownAnswer {
  input: string;
  bidder: string;
  kind: string;
  context?: string;
  good: boolean;
}

/** Is this the answer that was expected? A label by its name, a text but for case and space around it, data by its value. */
export function isExpected({ answer }: Pick<JobView, "answer">, expected: unknown): boolean {
  if (answer === null) return false;
  const { value, text } = answer;
  if (typeof expected !== "string") return isDeepStrictEqual(value, expected);
  const label = typeof value === "object" && value !== null && "label" in value ? value.label : null;
  const said = typeof label === "string" ? label : text;
  return said.trim().toLowerCase() === expected.trim().toLowerCase();
}

/** Does the job judge its answers itself? Then the market learns from that, and is told nothing beside it. */
export const judgesItself = (body: { contract?: { criteria?: unknown[]; judged?: unknown[] } }): boolean =>
  (body.contract?.criteria?.length ?? 0) + (body.contract?.judged?.length ?? 0) > 0;

/** What such a job is a case of, as the market names it. Nothing is run. */
export async function contextOf(api: Api, body: object): Promise<string | undefined> {
  const { auctions } = await api.call<{ auctions: { decision: { cell?: string } }[] }>(
    "POST",
    "/v1/auctions/preview",
    body,
  );
  // kind / context / length band; a context may hold slashes.
  return auctions[0]?.decision.cell?.split("/").slice(1, -1).join("/");
}

const mostRows = 2_000;

/** Tells the market; says what became of it. */
export async function tellMarket(api: Api, rows: readonly KnownAnswer[]): Promise<string> {
  let [taken, repeated] = [0, 0];
  try {
    for (let from = 0; from < rows.length; from += mostRows) {
      const told = await api.call<{ taken: number; repeated: number }>("POST", "/v1/market/evaluations", {
        rows: rows.slice(from, from + mostRows),
      });
      taken += told.taken;
      repeated += told.repeated;
    }
  } catch (error) {
    if (error instanceof Refused && error.status === 403)
      return "The market was not told what was right: that takes the operator's key.";
    throw error;
  }
  return `The market was told of ${taken} answers${repeated === 0 ? "" : `, and knew ${repeated}`}.`;
}
