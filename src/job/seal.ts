/**
 * What a job's log was when its market was told of it, recorded outside the log's own object: the first `events` lines
 * as `GET /v1/jobs/{id}/events` gives their data, each ended by a line feed, UTF-8, SHA-256 in hex. A log is only ever
 * appended to, so they stay as they are, and who changes one of them is found out.
 */
export interface Seal {
  events: number;
  sha256: string;
}
