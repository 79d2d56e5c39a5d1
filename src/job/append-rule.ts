import type { LoggedEvent } from "./job-event.ts";

/** The last row of a job log: its number, and the epoch of the process that wrote it. */
export interface LogEnd {
  seq: number;
  epoch: number;
}

/**
 * Why a process of this epoch may not append these events; null: it may. A log has one writer: whoever booted last.
 * An older one is refused by its epoch, one that has not seen the whole log by its number.
 */
export function refuseAppend(end: LogEnd | null, events: readonly LoggedEvent[], epoch: number): string | null {
  const first = events[0];
  if (first === undefined) return null;
  if (end !== null && epoch < end.epoch) return `epoch ${epoch} is over: the log is in epoch ${end.epoch}`;
  const next = (end?.seq ?? 0) + 1;
  if (first.seq !== next) return `event ${first.seq} does not follow: the log goes on at ${next}`;
  return null;
}
