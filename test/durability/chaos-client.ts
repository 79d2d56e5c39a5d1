import type { LoggedEvent } from "../../src/job/job-event.ts";
import type { Seeded } from "./seeded.ts";

/** Where a client connects to: null while no process answers. */
export type Connect = (after: number) => ReadableStream<Uint8Array> | null;

/** A reader of the job's stream that loses its connection at random and comes back with the last number it has. */
export class ChaosClient {
  readonly name: string;
  readonly events: LoggedEvent[] = [];
  readonly #connect: Connect;
  readonly #random: Seeded;
  readonly #later: (ms: number, then: () => void) => void;
  #reader: ReadableStreamDefaultReader<Uint8Array> | null = null;
  #patience = 0;
  /** Connections in a row that brought nothing: the next one comes later. */
  #empty = 0;

  constructor(name: string, random: Seeded, connect: Connect, later: (ms: number, then: () => void) => void) {
    this.name = name;
    this.#random = random;
    this.#connect = connect;
    this.#later = later;
  }

  get last(): number {
    return this.events.at(-1)?.seq ?? 0;
  }

  start(): void {
    if (this.#reader !== null) return;
    const stream = this.#connect(this.last);
    if (stream === null) return this.#later(500 * 2 ** Math.min(9, this.#empty++), () => this.start());
    this.#patience = this.#random.chance(0.3) ? this.#random.int(1, 12) : Number.POSITIVE_INFINITY;
    const reader = stream.getReader();
    this.#reader = reader;
    void this.#read(reader).finally(() => {
      if (this.#reader === reader) this.drop();
    });
  }

  /** The connection is gone; the client comes back after a while. */
  drop(): void {
    const reader = this.#reader;
    if (reader === null) return;
    this.#reader = null;
    void reader.cancel().catch(() => {});
    this.#later(this.#random.int(1, 3000) * 2 ** Math.min(9, this.#empty++), () => this.start());
  }

  stop(): void {
    const reader = this.#reader;
    this.#reader = null;
    void reader?.cancel().catch(() => {});
  }

  async #read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done || this.#reader !== reader) return;
      const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line === "") continue;
        this.#empty = 0;
        this.events.push(JSON.parse(line) as LoggedEvent);
        if (--this.#patience <= 0) return this.drop();
      }
    }
  }
}
