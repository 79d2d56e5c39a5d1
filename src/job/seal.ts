/**
 * What a job's log was when its market was told of it, recorded outside the log's own object: the first `events` lines
 * as `GET /v1/jobs/{id}/events` gives their data, each ended by a line feed, UTF-8, SHA-256 in hex. A log is only ever
 * appended to, so they stay as they are, and who changes one of them is found out.
 */
export interface Seal {
  events: number;
  sha256: string;
  /** Absent: settled before seals were chained. */
  place?: SealPlace;
}

/** A seal with its place: as it was when its job first settled, which a log that has grown since still begins with. */
export type ChainedSeal = Seal & { place: SealPlace };

/**
 * Where a seal stands in its tenant's chain: the `n`th, from 1, in the order in which jobs settle. `link` is the SHA-256
 * (hex) of `linkText`, in which the link before is, so that no seal can be changed, left out or put in between without
 * changing every link that follows. After Haber and Stornetta, How to time-stamp a digital document (1991), section 5.1.
 */
export interface SealPlace {
  n: number;
  link: string;
  /** Link of the place before, and when its job ended, epoch ms: the first one that is left tells what went before it. */
  previous: string;
  previousEndedAtMs: number;
}

/** Where a chain ends, or a place of it that was written down. */
export interface ChainEnd {
  n: number;
  link: string;
  /** When its job ended, epoch ms. */
  endedAtMs: number;
}

/** What comes before the first place. */
export const noEnd: ChainEnd = { n: 0, link: "0".repeat(64), endedAtMs: 0 };

/** What a link is of besides what came before it. Ids and names have neither spaces nor line feeds. */
export interface Sealed extends Seal {
  tenant: string;
  job: string;
  status: string;
  endedAtMs: number | null;
}

/** What a link is the SHA-256 of, as UTF-8. */
export const linkText = (before: ChainEnd, { tenant, job, status, endedAtMs, events, sha256 }: Sealed): string =>
  `${before.n + 1} ${before.link} ${before.endedAtMs} ${tenant} ${job} ${status} ${endedAtMs ?? 0} ${events} ${sha256}\n`;
