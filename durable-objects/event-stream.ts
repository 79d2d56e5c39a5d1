import type { LoggedEvent } from "../src/job/job-event.ts";
import { type LogPage, lineOf } from "./log-page.ts";

/** A reader is handed at most about this much at a time: what it has not taken waits in the log, not in memory. */
const pageChars = 256 * 1024;
const heartbeatMs = 10_000;
/** A reader that takes nothing for this long while there is something is dropped; it can resume from its last id. */
const slowestMs = 30_000;
/** A stream of a job that waits for a person or a time is closed after this long; it can resume. */
const longestWaitMs = 60_000;
/** More readers of one job than this are refused. */
export const maxSubscribers = 200;
const encoder = new TextEncoder();

/** What a stream is told of its job: work goes on, it waits and nothing is live, or nothing more will come. */
export type StreamState = "live" | "waiting" | "over";

/** What a stream needs of its job. */
export interface StreamSource {
  /** The next events after one, as lines; "" when there are none. */
  page(after: number, maxChars: number): LogPage;
  state(): StreamState;
}

/**
 * The readers of one job. Each is a place in the log: it is handed the log page by page as it takes it, then every
 * commit, as NDJSON, without gap or repeat, since page, place and wake-up are settled in one synchronous block.
 */
export class EventStreams {
  readonly #open = new Set<Subscriber>();

  /** null: there are too many readers already. */
  subscribe(source: StreamSource, after: number): ReadableStream<Uint8Array> | null {
    if (this.#open.size >= maxSubscribers) return null;
    const subscriber = new Subscriber(source, after, () => this.#open.delete(subscriber));
    this.#open.add(subscriber);
    return new ReadableStream({
      type: "bytes",
      start: (controller: ReadableByteStreamController) => subscriber.start(controller),
      pull: () => subscriber.pull(),
      cancel: () => subscriber.close(),
    });
  }

  /** Tells the readers of a commit. */
  publish(events: LoggedEvent[]): void {
    const first = events[0];
    const last = events.at(-1);
    if (first === undefined || last === undefined || this.#open.size === 0) return;
    const page = { text: events.map(lineOf).join(""), last: last.seq };
    for (const subscriber of [...this.#open]) subscriber.wake(first.seq - 1, page);
  }

  /** The job's state changed: readers that have everything are closed when it is over; the others read to the end. */
  settle(): void {
    for (const subscriber of [...this.#open]) subscriber.wake(-1, null);
  }

  get size(): number {
    return this.#open.size;
  }
}

class Subscriber {
  readonly #source: StreamSource;
  readonly #gone: () => void;
  #controller: ReadableByteStreamController | null = null;
  #beat: ReturnType<typeof setInterval> | null = null;
  #last: number;
  /** Set while the reader wants more and has everything there is. */
  #wanted: (() => void) | null = null;
  #takenAtMs = Date.now();
  #saidAtMs = Date.now();
  #closed = false;

  constructor(source: StreamSource, after: number, gone: () => void) {
    this.#source = source;
    this.#last = after;
    this.#gone = gone;
  }

  start(controller: ReadableByteStreamController): void {
    this.#controller = controller;
    this.#beat = setInterval(() => this.#tick(), heartbeatMs);
  }

  /** The reader wants more: the next page, or the next commit when it comes. */
  pull(): Promise<void> | void {
    this.#takenAtMs = Date.now();
    if (this.#closed || this.#next()) return;
    return new Promise((resolve) => {
      this.#wanted = resolve;
    });
  }

  /** A commit came after event `after`: a reader that waits right there gets it as it is, one behind reads the log. */
  wake(after: number, page: LogPage | null): void {
    if (this.#wanted === null) return;
    const sent = page !== null && after === this.#last ? this.#send(page) : this.#next();
    if (sent) this.#satisfied();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#beat !== null) clearInterval(this.#beat);
    this.#gone();
    try {
      this.#controller?.close();
    } catch {
      // The reader went first.
    }
    this.#satisfied();
  }

  /** Hands on what is next in the log, or closes at its end; false: the reader must wait. */
  #next(): boolean {
    let page: LogPage;
    try {
      page = this.#source.page(this.#last, pageChars);
    } catch {
      // The log cannot be read now; the reader comes back to whoever can.
      this.close();
      return true;
    }
    if (page.text !== "") return this.#send(page);
    if (this.#source.state() !== "over") return false;
    this.close();
    return true;
  }

  #send(page: LogPage): boolean {
    this.#last = page.last;
    this.#saidAtMs = Date.now();
    this.#write(page.text);
    return true;
  }

  #tick(): void {
    const now = Date.now();
    if (this.#wanted === null) {
      if (now - this.#takenAtMs >= slowestMs) this.close();
      return;
    }
    const state = this.#source.state();
    // A job may be over without a last commit to tell of it.
    if (state === "over" && this.#next()) return this.#satisfied();
    if (state === "waiting" && now - this.#saidAtMs >= longestWaitMs) return this.close();
    this.#write("\n");
    this.#satisfied();
  }

  #satisfied(): void {
    const wanted = this.#wanted;
    this.#wanted = null;
    wanted?.();
  }

  #write(text: string): void {
    try {
      this.#controller?.enqueue(encoder.encode(text));
    } catch {
      this.close();
    }
  }
}
