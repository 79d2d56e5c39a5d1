import type { D1Database, MessageBatch, Queue } from "@cloudflare/workers-types";
import type { SettlementMessage } from "../../src/job/job-summary.ts";
import { openDatabase } from "../../src/store/database.ts";
import { settleBatch } from "../../src/store/settle-batch.ts";
import { bidders, generatedMessage } from "./generated.ts";

interface Env {
  DB: D1Database;
  SETTLEMENTS: Queue;
}

/** One call of `settleBatch`. Times are epoch ms of the Worker's clock. */
export interface BatchRecord {
  size: number;
  learned: number;
  startMs: number;
  endMs: number;
  /** From the sending of its oldest message to its end. */
  lagMs: number;
  tries: number;
  rowsWritten: number;
  rejected: number;
}

/** What a request asks for: jobs `from` to `from + count`, every `repeatEvery`-th of them twice (0: none). */
export interface Order {
  from: number;
  count: number;
  repeatEvery: number;
  forMs: number;
}

let records: BatchRecord[] = [];

/** The queue's consumer as the product has it, with a stop-watch; and a way to feed it and to run the baselines. */
export default {
  async queue(batch: MessageBatch<SettlementMessage>, env: Env): Promise<void> {
    records.push(
      await settle(
        env,
        batch.messages.map((m) => m.body),
      ),
    );
    batch.ackAll();
  },

  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/records") {
      const taken = records;
      records = [];
      return Response.json(taken);
    }
    const order = (await request.json()) as Order;
    if (pathname === "/send") return Response.json(await send(env, order));
    if (pathname === "/one-each") return Response.json(await oneEach(env, order));
    return Response.json(await bareInsert(env, order));
  },
};

async function settle(env: Env, messages: SettlementMessage[]): Promise<BatchRecord> {
  const startMs = Date.now();
  const report = await settleBatch(openDatabase(env.DB), messages, bidders, startMs);
  const endMs = Date.now();
  const sentMs = Math.min(...messages.map((m) => m.summary.endedAtMs ?? startMs));
  return {
    size: messages.length,
    learned: report.learned.length,
    startMs,
    endMs,
    lagMs: endMs - sentMs,
    tries: report.tries,
    rowsWritten: report.rowsWritten,
    rejected: report.rejected.length,
  };
}

async function send(env: Env, { from, count, repeatEvery }: Order): Promise<number> {
  const nowMs = Date.now();
  const numbers = Array.from({ length: count }, (_, i) => from + i);
  const again = repeatEvery > 0 ? numbers.filter((n) => n % repeatEvery === 0) : [];
  const bodies = [...numbers, ...again].map((n) => ({ body: generatedMessage(n, nowMs) }));
  for (let at = 0; at < bodies.length; at += 100) await env.SETTLEMENTS.sendBatch(bodies.slice(at, at + 100));
  return bodies.length;
}

/** Baseline: the same guarantees, one write a settlement. */
async function oneEach(env: Env, { from, forMs }: Order): Promise<BatchRecord[]> {
  const done: BatchRecord[] = [];
  const untilMs = Date.now() + forMs;
  while (Date.now() < untilMs) done.push(await settle(env, [generatedMessage(from + done.length, Date.now())]));
  return done;
}

/** Baseline: one INSERT of a summary row a job, with no market, no totals and no guard against repeats. */
async function bareInsert(env: Env, { from, forMs }: Order): Promise<BatchRecord[]> {
  const done: BatchRecord[] = [];
  const untilMs = Date.now() + forMs;
  const insert = env.DB.prepare(
    `insert into jobs (tenant, created_at_ms, id, status, kind, plan, via, ended_at_ms, microtasks, attempts, cost_nano,
      saved_nano, saved_tokens) values (?, ?, ?, 'succeeded', 'answer', 'single', 'http', ?, 1, 2, 0, 0, 0)`,
  );
  for (;;) {
    const startMs = Date.now();
    if (startMs >= untilMs) return done;
    const id = `bare_${from + done.length}`;
    const { meta } = await insert.bind("baseline", startMs, id, startMs).run();
    const rowsWritten = meta.rows_written;
    done.push({ size: 1, learned: 1, startMs, endMs: Date.now(), lagMs: 0, tries: 1, rowsWritten, rejected: 0 });
  }
}
