import type { ShardRow } from "../../durable-objects/shard-rows.ts";
import { readFastPlace } from "../../src/access/fast-place.ts";
import { fold } from "../../src/job/evolve.ts";
import type { Job } from "../../src/job/job.ts";
import type { LoggedEvent } from "../../src/job/job-event.ts";
import type { JobView } from "../../src/job/job-view.ts";
import { toUsd } from "../../src/money/nano-usd.ts";
import type { Holder } from "./kill-client.ts";
import type { Books } from "./kill-disk.ts";

/** An answer's log is on disk so long after it, ms; a kill before that may take it. */
const writtenWithinMs = 2_000;

/** Jobs of the fast lane: each posted once and waited for, as its callers do. */
export class FastPosts {
  readonly answered: { view: JobView; atMs: number }[] = [];
  /** Requests that a kill broke. */
  broken = 0;
  readonly #holder: Holder;

  constructor(holder: Holder) {
    this.#holder = holder;
  }

  async post(url: string, body: object): Promise<void> {
    const view = await fetch(`${url}/v1/jobs?wait=true`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${this.#holder.key}` },
      body: JSON.stringify({ ...body, lane: "fast" }),
      signal: AbortSignal.timeout(20_000),
    })
      .then(async (answer) => (answer.status === 200 ? ((await answer.json()) as JobView) : null))
      .catch(() => null);
    if (view === null) this.broken++;
    else this.answered.push({ view, atMs: Date.now() });
  }

  /** Waits until what was written down is told of, at most `ms`. */
  async quiet(url: string, ms: number): Promise<void> {
    const untilMs = Date.now() + ms;
    for (const { view } of this.answered)
      while (Date.now() < untilMs) {
        const answer = await fetch(`${url}/v1/jobs/${view.id}`, {
          headers: { authorization: `Bearer ${this.#holder.key}` },
        }).catch(() => null);
        if (answer?.status === 409) break;
        if (answer?.status === 200 && ((await answer.json()) as JobView).settled) break;
        await new Promise((done) => setTimeout(done, 200));
      }
  }

  /**
   * What is wrong with the shards' rows and the tenant's books. An answer whose log is not there is lost by design
   * where a kill came right after it, and a breach anywhere else.
   */
  breaches(rows: readonly (ShardRow & { owed: boolean })[], books: readonly Books[], killsAtMs: readonly number[]) {
    const breaches: string[] = [];
    const kept = new Map<string, Job>();
    for (const { key, lines, owed } of rows) {
      const log = lines.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as LoggedEvent]));
      const job = fold(log);
      if (job === null || job.status === "running") {
        breaches.push(`${key} was written down and has not ended`);
        continue;
      }
      kept.set(job.id, job);
      if (!log.every((event, i) => event.seq === i + 1)) breaches.push(`${job.id} has a gap in its log`);
      if (owed) breaches.push(`${job.id} is still owed to somebody`);
      const told = log.filter((event) => event.type === "settlement-sent" && event.keys.includes(job.id)).length;
      if (told !== 1) breaches.push(`${job.id} was written down as told ${told} times`);
      const settled = books.find((book) => book.settled.has(job.id))?.settled.get(job.id);
      if (settled?.costNano !== job.costNano)
        breaches.push(`${job.id} cost ${job.costNano} and is on the books with ${settled?.costNano ?? "nothing"}`);
    }
    for (const book of books) {
      const own = [...book.settled].filter(([id]) => readFastPlace(id.split("_")[1] ?? "") !== null);
      for (const [id] of own) if (!kept.has(id)) breaches.push(`${id} is on the books and not in its shard`);
      const sum = own.reduce((nano, [, { costNano }]) => nano + costNano, 0);
      if (own.length > 0 && sum !== book.costNano)
        breaches.push(`the books of the fast tenant say ${book.costNano}, its jobs ${sum}`);
    }
    let lost = 0;
    for (const { view, atMs } of this.answered) {
      const job = kept.get(view.id);
      if (job !== undefined) {
        if (job.answer?.text !== view.answer?.text || toUsd(job.costNano) !== view.costUsd)
          breaches.push(`${view.id} was answered otherwise than it was written down`);
      } else if (killsAtMs.some((killed) => killed >= atMs - 50 && killed <= atMs + writtenWithinMs)) lost++;
      else breaches.push(`${view.id} was answered and never written down`);
    }
    return { breaches, kept: kept.size, lost };
  }
}
