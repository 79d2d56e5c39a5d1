import { AtomicError } from "../error.ts";
import { jobImages } from "../plan/job-request.ts";
import type { JobEvent } from "./job-event.ts";

/** The newest version of events that this code reads and writes. Raise it when older code would misread an event. */
export const logVersion = 5;
/** What older code reads and goes on with as well, after a rollback, is written as this; so is a log that has ended. */
export const commonVersion = 2;
/** Requests with tools, results of calls, stop sequences, a lane or an effort. */
const toolsVersion = 3;
/** Requests with redaction. */
const redactionVersion = 4;

/**
 * How events of older versions become today's. Version 1 had the same events, in rows without epoch and version; 3 has
 * requests that version 2 would have answered without their tools, stop sequences or lane, 4 such as 3 would have sent
 * out with what they want redacted, 5 such as 4 would have sent out without their pictures.
 */
const same = (event: JobEvent): JobEvent => event;
const upcast: { [version: number]: (event: JobEvent) => JobEvent } = { 1: same, 2: same, 3: same, 4: same };

/** The log cannot be read by this code: newer code wrote it. */
export class UnreadableLog extends AtomicError {
  readonly version: number;
  constructor(version: number) {
    super(
      "conflict",
      `The job's log has events of version ${version}; this server reads up to ${logVersion}. The job is left as it is: ask again when the newer server is back.`,
      { reason: "newer-log" },
    );
    this.version = version;
  }
}

/** A stored event as today's code knows it. Throws UnreadableLog: the object is to be left alone, not failed. */
export function readEvent(event: JobEvent, version: number): JobEvent {
  if (version === logVersion) return event;
  const up = upcast[version];
  if (up === undefined) throw new UnreadableLog(version);
  return up(event);
}

/** Are events of this version stored as today's code knows them? */
export const isStoredAsRead = (version: number): boolean => version >= commonVersion && version <= logVersion;

/** What an event is written as: the oldest version whose code would not misread it, so that a rollback parks few jobs. */
export function versionOf(event: JobEvent): number {
  if (event.type !== "job-accepted") return commonVersion;
  const { tools, stop, lane, input, redact, effort } = event.request;
  if (jobImages(input).length > 0) return logVersion;
  if (redact !== undefined) return redactionVersion;
  const calls = input.type === "messages" && input.messages.some((m) => m.role === "tool" || "calls" in m);
  return calls || tools !== undefined || stop !== undefined || lane !== undefined || effort !== undefined
    ? toolsVersion
    : commonVersion;
}
