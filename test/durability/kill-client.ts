import type { LoggedEvent } from "../../src/job/job-event.ts";
import type { JobView } from "../../src/job/job-view.ts";
import type { Word } from "./evidence.ts";
import type { Seeded } from "./seeded.ts";

/** Whose job it is: a tenant's name and its key. */
export interface Holder {
  tenant: string;
  key: string;
}

/** A client over HTTP that posts a job until it is acknowledged, and reads, cancels and approves it over every restart. */
export class KillClient {
  readonly token: string;
  readonly holder: Holder;
  readonly events: LoggedEvent[] = [];
  readonly words: Word[] = [];
  id: string | null = null;
  /** The tenant's cap was spent: there is no job. */
  refused = false;
  done = false;
  reposts = 0;
  readonly #url: () => string | null;
  readonly #body: object;
  readonly #random: Seeded;
  #stop = false;

  constructor(token: string, holder: Holder, body: object, random: Seeded, url: () => string | null) {
    this.token = token;
    this.holder = holder;
    this.#body = body;
    this.#random = random;
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
    while (this.id === null && !this.refused && !this.#stop) {
      const answer = await this.#ask("/v1/jobs", this.#body);
      if (answer === null) continue;
      if (answer.status === 402) this.refused = true;
      else if (answer.status < 300) this.id = (JSON.parse(answer.text) as { id: string }).id;
      else throw new ClientError(`POST /v1/jobs: ${answer.status} ${answer.text}`);
    }
  }

  /** The same post again is the same job; another body under its key is none. */
  async repost(): Promise<void> {
    if (this.id === null || this.#stop) return;
    const same = await this.#ask("/v1/jobs", this.#body);
    if (same === null) return;
    // A tenant whose cap is spent is refused before its key is looked at.
    if (same.status === 402) return;
    const id = same.status < 300 ? (JSON.parse(same.text) as { id: string }).id : null;
    if (id !== this.id) throw new ClientError(`posted again, ${this.id} was answered ${same.status} ${id}`);
    if (same.replayed !== "true") throw new ClientError(`posted again, ${this.id} was not said to be a repeat`);
    this.reposts++;
    const other = await this.#ask("/v1/jobs", { ...this.#body, text: `${this.token} Something else.` });
    if (other !== null && other.status !== 422 && other.status !== 402)
      throw new ClientError(`another body under a used key was answered ${other.status}`);
  }

  /** Cancels after a while, sometimes twice. */
  async cancel(): Promise<void> {
    await pause(this.#random.int(0, 4000));
    for (let times = this.#random.int(1, 2); times > 0 && this.id !== null; times--)
      for (;;) {
        const answer = await this.#ask(`/v1/jobs/${this.id}/cancel`, {});
        if (this.#stop) return;
        if (answer === null) continue;
        // It may have ended before.
        if (answer.status >= 300 && answer.status !== 409)
          throw new ClientError(`cancel: ${answer.status} ${answer.text}`);
        break;
      }
  }

  /** Says yes, or no, until the job took it or took another; sometimes once more. */
  async approve(microtask: string): Promise<void> {
    let again = this.#random.chance(0.5);
    while (!this.#stop && this.id !== null) {
      await pause(this.#random.int(100, 2500));
      const approved = this.#random.chance(0.8);
      const answer = await this.#ask(`/v1/jobs/${this.id}/approvals/${microtask}`, { approved });
      if (answer === null) continue;
      this.words.push({ microtask, approved, taken: answer.status < 300 });
      if (answer.status >= 300 && answer.status !== 409)
        throw new ClientError(`approval: ${answer.status} ${answer.text}`);
      if (answer.status === 409 && answer.text.includes("waits for others")) continue;
      if (answer.status === 409 || !again) return;
      again = false;
    }
  }

  /** Reads until the job is over; a broken connection goes on behind the last event. Hangs up at random by itself. */
  async follow(): Promise<void> {
    while (!this.done && !this.#stop) {
      const url = this.#url();
      if (url === null || this.id === null) {
        await pause(100);
        continue;
      }
      try {
        const hangUp = new AbortController();
        const answer = await fetch(`${url}/v1/jobs/${this.id}/events`, {
          headers: { ...this.#key(), ...(this.last === 0 ? {} : { "last-event-id": String(this.last) }) },
          signal: hangUp.signal,
        });
        if (answer.status === 204) {
          this.done = true;
          return;
        }
        if (answer.status >= 400 && answer.status < 500)
          throw new ClientError(`GET events: ${answer.status} ${await answer.text()}`);
        const patience = this.#random.chance(0.3) ? this.#random.int(1, 10) : Number.POSITIVE_INFINITY;
        if (answer.ok && answer.body !== null) await this.#read(answer.body, patience, hangUp);
      } catch (error) {
        if (error instanceof ClientError) throw error;
      }
      await pause(50);
    }
  }

  /** What the log got after the reader had its end: deliveries. */
  async followOn(): Promise<void> {
    this.done = false;
    await this.follow();
  }

  async view(): Promise<JobView | null> {
    const url = this.#url();
    if (url === null || this.id === null) return null;
    const answer = await fetch(`${url}/v1/jobs/${this.id}`, { headers: this.#key() });
    if (!answer.ok) return null;
    // Where to go from here is the door's word, not the job's.
    const { links, ...view } = (await answer.json()) as JobView & { links: unknown };
    return view;
  }

  /** null: there was no answer. */
  async #ask(path: string, body: object): Promise<{ status: number; text: string; replayed: string | null } | null> {
    const url = this.#url();
    const answer =
      url === null
        ? null
        : await fetch(`${url}${path}`, {
            method: "POST",
            headers: { "content-type": "application/json", "idempotency-key": this.token, ...this.#key() },
            body: JSON.stringify(body),
            signal: AbortSignal.timeout(10_000),
          }).catch(() => null);
    const text = (await answer?.text().catch(() => null)) ?? null;
    if (answer !== null && text !== null && answer.status < 500)
      return { status: answer.status, text, replayed: answer.headers.get("idempotent-replayed") };
    await pause(100);
    return null;
  }

  #key = (): Record<string, string> => ({ authorization: `Bearer ${this.holder.key}` });

  async #read(body: ReadableStream<Uint8Array>, patience: number, hangUp: AbortController): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    let left = patience;
    for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
      const frames = (rest + decoder.decode(chunk, { stream: true })).split("\n\n");
      rest = frames.pop() ?? "";
      for (const frame of frames) {
        const data = frame.split("\n").find((line) => line.startsWith("data:"));
        if (data === undefined) continue;
        this.events.push(JSON.parse(data.slice(5)) as LoggedEvent);
        if (--left <= 0) return hangUp.abort();
      }
    }
  }
}

class ClientError extends Error {}

export const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
