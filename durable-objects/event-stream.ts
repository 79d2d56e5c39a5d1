import type { LoggedEvent } from "../src/job/job-event.ts";

/** Bytes a slow reader may be behind before it is dropped; it can resume from the last id it has. */
const maxBehindBytes = 4_000_000;
const heartbeatMs = 10_000;
const encoder = new TextEncoder();

/**
 * The subscribers of one job: each gets the log from an offset on and then every commit, as NDJSON, without gap or
 * repeat: it is subscribed before the log is read, in one synchronous block.
 */
export class EventStreams {
  readonly #open = new Set<Subscriber>();

  /** `isOver`: nothing more will come, so the stream closes when it has caught up. */
  subscribe(read: (after: number) => LoggedEvent[], after: number, isOver: () => boolean): ReadableStream<Uint8Array> {
    let subscriber: Subscriber;
    const stream = new ReadableStream({
      type: "bytes",
      start: (controller: ReadableByteStreamController) => {
        subscriber = new Subscriber(controller, after, () => this.#open.delete(subscriber));
        this.#open.add(subscriber);
        subscriber.send(read(after));
        if (isOver()) subscriber.close();
      },
      cancel: () => subscriber.close(),
    });
    return stream;
  }

  publish(events: LoggedEvent[]): void {
    for (const subscriber of [...this.#open]) subscriber.send(events);
  }

  closeAll(): void {
    for (const subscriber of [...this.#open]) subscriber.close();
  }

  get size(): number {
    return this.#open.size;
  }
}

class Subscriber {
  readonly #controller: ReadableByteStreamController;
  readonly #gone: () => void;
  readonly #beat: ReturnType<typeof setInterval>;
  #last: number;
  #closed = false;

  constructor(controller: ReadableByteStreamController, after: number, gone: () => void) {
    this.#controller = controller;
    this.#last = after;
    this.#gone = gone;
    this.#beat = setInterval(() => this.#write("\n"), heartbeatMs);
  }

  send(events: LoggedEvent[]): void {
    let lines = "";
    for (const event of events) {
      if (event.seq <= this.#last) continue;
      this.#last = event.seq;
      lines += `${JSON.stringify(event)}\n`;
    }
    if (lines !== "") this.#write(lines);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#beat);
    this.#gone();
    try {
      this.#controller.close();
    } catch {
      // The reader went first.
    }
  }

  #write(text: string): void {
    if (this.#closed) return;
    try {
      this.#controller.enqueue(encoder.encode(text));
      if ((this.#controller.desiredSize ?? 0) < -maxBehindBytes) this.close();
    } catch {
      this.close();
    }
  }
}
