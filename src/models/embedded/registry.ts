import type { Bidder } from "../../market/bidder.ts";
import { afinn165 } from "./afinn-165.ts";
import { compromiseEntities } from "./compromise-entities.ts";
import { compromiseVerbs } from "./compromise-verbs.ts";
import { eldSmall } from "./eld-small.ts";
import { franc } from "./franc.ts";
import { imperativeRules } from "./imperative-rules.ts";
import { lead } from "./lead.ts";
import { patternEntities } from "./pattern-entities.ts";
import { slotReply } from "./slot-reply.ts";
import { spamKeywords } from "./spam-keywords.ts";
import { spamLogistic } from "./spam-logistic.ts";
import type { Specialist } from "./specialist.ts";
import { textrank } from "./textrank.ts";
import { vader } from "./vader.ts";
import { wink } from "./wink.ts";

/** All specialists. Their libraries and weights are imported by the first text they read, not here. */
export const specialists: readonly Specialist[] = [
  eldSmall,
  franc,
  spamLogistic,
  spamKeywords,
  vader,
  wink,
  afinn165,
  imperativeRules,
  compromiseVerbs,
  compromiseEntities,
  patternEntities,
  lead,
  textrank,
  slotReply,
];

/** The specialists as bidders, for the market. */
export const embeddedBidders = (): Bidder[] => specialists.map((specialist) => specialist.bidder);
