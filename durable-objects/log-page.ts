import type { LoggedEvent } from "../src/job/job-event.ts";

/** A piece of the log as NDJSON, for streams. `last`: number of its last event. */
export interface LogPage {
  text: string;
  last: number;
}

/** An event as a line of a stream. */
export const lineOf = (event: LoggedEvent): string => `${JSON.stringify(event)}\n`;
