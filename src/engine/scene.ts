import type { Bidder } from "../market/bidder.ts";
import type { EnginePorts } from "./ports.ts";

/** What decisions read besides the job: the market's snapshot, and what this process knows of its bidders right now. */
export type Scene = Pick<EnginePorts, "market" | "fleet" | "nowMs">;

export const bidderNamed = (scene: Pick<EnginePorts, "market">, id: string): Bidder | undefined =>
  scene.market().bidders.find((bidder) => bidder.id === id);

/** It was switched off, or removed: no new call is for it, though it stands in a line-up of before. */
export const isSwitchedOff = (scene: Pick<EnginePorts, "market">, id: string): boolean =>
  bidderNamed(scene, id)?.enabled !== true;

/** Specialists in this process: they have no queue, no outage and no clock of their own. */
export const isEmbedded = (bidder: string): boolean => bidder.startsWith("embedded/");
