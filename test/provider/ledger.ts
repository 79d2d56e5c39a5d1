/** The provider's own record of one request: the only witness of what an upstream really sent. */
export interface LedgerEntry {
  id: number;
  dialect: string;
  path: string;
  model: string;
  stream: boolean;
  /** The request's JSON, as sent. */
  body: Record<string, unknown>;
  /** Names of the request's headers and whether a credential came; values of credentials are not kept. */
  headerNames: string[];
  credential: boolean;
  /** Port of the client's side: equal for requests over one connection. */
  clientPort: number;
  /** Times are epoch ms with a fraction, comparable across processes of one machine. */
  receivedAtMs: number;
  headersAtMs: number | null;
  status: number | null;
  /** Every frame that was written, at most 10,000; `chunkCount` counts on. */
  chunks: { atMs: number; bytes: number }[];
  chunkCount: number;
  bytes: number;
  /** When the client's side of the connection closed before the answer was whole. */
  clientClosedAtMs: number | null;
  end: "open" | "complete" | "client-closed" | "faulted";
  endedAtMs: number | null;
}

export const now = (): number => performance.timeOrigin + performance.now();

/** Requests in the order they came; the oldest are dropped after 20,000. */
export class Ledger {
  readonly entries: LedgerEntry[] = [];
  #nextId = 1;

  add(
    entry: Pick<
      LedgerEntry,
      "dialect" | "path" | "model" | "stream" | "body" | "headerNames" | "credential" | "clientPort"
    >,
  ) {
    const made: LedgerEntry = {
      id: this.#nextId++,
      ...entry,
      receivedAtMs: now(),
      headersAtMs: null,
      status: null,
      chunks: [],
      chunkCount: 0,
      bytes: 0,
      clientClosedAtMs: null,
      end: "open",
      endedAtMs: null,
    };
    if (this.entries.length >= 20_000) this.entries.shift();
    this.entries.push(made);
    return made;
  }

  static sent(entry: LedgerEntry, bytes: number): void {
    entry.chunkCount++;
    entry.bytes += bytes;
    if (entry.chunks.length < 10_000) entry.chunks.push({ atMs: now(), bytes });
  }

  clear(): void {
    this.entries.length = 0;
  }
}
