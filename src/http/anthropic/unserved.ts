import { z } from "zod";
import { given, isFull, type Unserved } from "../unserved.ts";

const servers = 'Atomic calls no servers. Leave "mcp_servers" out, and offer their tools in "tools".';

export const messagesUnserved: Unserved[] = [
  { field: "container", asks: given, says: 'Atomic runs no code. Leave "container" out.' },
  { field: "mcp_servers", asks: isFull, says: servers },
  {
    field: "compaction",
    asks: given,
    says: 'Atomic summarises nothing on its own. Leave "compaction" out, and ask for it.',
  },
  {
    field: "thread",
    asks: given,
    says: 'Atomic keeps no conversations. Send the earlier turns in "messages".',
    reason: "no-threads",
  },
  {
    field: "safeguards",
    asks: isFull,
    says: 'Atomic judges by criteria of yours: say them in "atomic.criteria" or "atomic.judged", and leave "safeguards" out.',
  },
  {
    field: "inference_geo",
    asks: (place) => given(place) && place !== "global",
    says: 'Atomic knows where bidders run as "atomic.region". Say it there, and leave "inference_geo" out.',
  },
];

/** As fields of a body: what they hold is looked at by `refuseUnserved` alone. */
export const messagesUnservedShape = {
  container: z.unknown().optional(),
  mcp_servers: z.unknown().optional(),
  compaction: z.unknown().optional(),
  thread: z.unknown().optional(),
  safeguards: z.unknown().optional(),
  inference_geo: z.unknown().optional(),
};
