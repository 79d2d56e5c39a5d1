import type { JobEvent } from "./job-event.ts";

/** Version of the events this code writes. Raise it when an event changes so that older code would misread it. */
export const logVersion = 2;

/**
 * How events of the version before become today's. Version 1 had the same events, in rows without epoch and version.
 */
const upcast: { [version: number]: (event: JobEvent) => JobEvent } = { 1: (event) => event };

/** The log cannot be read by this code: it was written by newer code, or by code older than the version before. */
export class UnreadableLog extends Error {
  readonly version: number;
  constructor(version: number) {
    super(`The job's log has events of version ${version}; this code reads ${logVersion - 1} and ${logVersion}.`);
    this.name = "UnreadableLog";
    this.version = version;
  }
}

/** A stored event as today's code knows it. Throws UnreadableLog: the object is to be left alone, not failed. */
export function readEvent(event: JobEvent, version: number): JobEvent {
  if (version === logVersion) return event;
  const up = version === logVersion - 1 ? upcast[version] : undefined;
  if (up === undefined) throw new UnreadableLog(version);
  return up(event);
}
