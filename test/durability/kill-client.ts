import type { LoggedEvent } from "../../src/job/job-event.ts";

/** A client over HTTP that posts a job until it is acknowledged, and reads its stream over every restart. */
export class KillClient {
  readonly token: string;
  readonly events: LoggedEvent[] = [];
  id: string | null = null;
  done = false;
  readonly #url: () => string | null;
  readonly #body: object;
  #stop = false;

  constructor(token: string, body: object, url: () => string | null) {
    this.token = token;
    this.#body = body;
    this.#url = url;
  }

  get last(): number {
    return this.events.at(-1)?.seq ?? 0;
  }

  stop(): void {
    this.#stop = true;
  }

  /** Posts under one idempotency key, so that a retry after a lost answer is the same job. */
  async post(): Promise<void> {
    while (this.id === null && !this.#stop) {
      const url = this.#url();
      if (url !== null) {
        const answer = await fetch(`${url}/v1/jobs`, {
          method: "POST",
          headers: { "content-type": "application/json", "idempotency-key": this.token },
          body: JSON.stringify(this.#body),
          signal: AbortSignal.timeout(10_000),
        }).catch(() => null);
        const text = await answer?.text().catch(() => "");
        if (answer?.ok && text) this.id = (JSON.parse(text) as { id: string }).id;
        else if (answer && answer.status < 500) throw new Error(`POST /v1/jobs: ${answer.status} ${text}`);
      }
      if (this.id === null) await pause(100);
    }
  }

  /** Reads until the job is over; a broken connection goes on behind the last event. */
  async follow(): Promise<void> {
    while (!this.done && !this.#stop) {
      const url = this.#url();
      if (url === null || this.id === null) {
        await pause(100);
        continue;
      }
      try {
        const answer = await fetch(`${url}/v1/jobs/${this.id}/events`, {
          headers: this.last === 0 ? {} : { "last-event-id": String(this.last) },
        });
        if (answer.status === 204) {
          this.done = true;
          return;
        }
        if (answer.status >= 400 && answer.status < 500)
          throw new ClientError(`GET events: ${answer.status} ${await answer.text()}`);
        if (answer.ok && answer.body !== null) await this.#read(answer.body);
      } catch (error) {
        if (error instanceof ClientError) throw error;
      }
      await pause(50);
    }
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
      const frames = (rest + decoder.decode(chunk, { stream: true })).split("\n\n");
      rest = frames.pop() ?? "";
      for (const frame of frames) {
        const data = frame.split("\n").find((line) => line.startsWith("data:"));
        if (data !== undefined) this.events.push(JSON.parse(data.slice(5)) as LoggedEvent);
      }
    }
  }
}

class ClientError extends Error {}

export const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
