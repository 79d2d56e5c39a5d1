import { isDeepStrictEqual } from "node:util";
import type { Invariant } from "../evidence.ts";

/** What a client has, over any pattern of connections, is the log: no gap, no repeat, nothing that was never written. */
export const streamsEqualLog: Invariant = ({ log, clients }) =>
  clients.flatMap(({ name, events }) => {
    const at = events.findIndex((event, i) => !isDeepStrictEqual(event, log[i]));
    if (at >= 0) {
      const [got, want] = [events[at]?.seq, log[at]?.seq];
      return [
        `client ${name} has event ${got} where the log has ${want ?? "none"}${got === want ? ", and it differs" : ""}`,
      ];
    }
    return events.length === log.length ? [] : [`client ${name} has ${events.length} of ${log.length} events`];
  });
