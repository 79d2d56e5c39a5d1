import type { D1Database } from "@cloudflare/workers-types";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type Database, openDatabase } from "../../src/store/database.ts";
import { learnEvaluation } from "../../src/store/learn-evaluation.ts";
import { loadMarket } from "../../src/store/market-store.ts";
import { settleBatch } from "../../src/store/settle-batch.ts";
import { localD1, wipe } from "./local-d1.ts";
import { bidderNamed, bidders, message, nowMs } from "./messages.ts";

let d1: D1Database;
let db: Database;
let stop: () => Promise<void>;

beforeAll(async () => {
  ({ d1, stop } = await localD1());
  db = openDatabase(d1);
}, 30_000);
afterAll(() => stop());
beforeEach(() => wipe(d1));

const rows = (inputs: number, good = true) =>
  Array.from({ length: inputs }, (_, n) =>
    bidders.map(({ id }) => ({ input: `q${n}`, bidder: id, kind: "answer", good })),
  ).flat();

const outcomes = async () => (await loadMarket(db)).kinds.answer?.outcomes ?? 0;

it("is learned once, row by row, whatever part of it is told again", async () => {
  const told = rows(20);
  expect(await learnEvaluation(db, told, bidders, nowMs)).toEqual({ taken: 60, repeated: 0, refused: [] });
  expect(await learnEvaluation(db, told, bidders, nowMs + 5_000)).toEqual({ taken: 0, repeated: 60, refused: [] });
  expect(await outcomes()).toBe(60);
  const dearer = bidders.map((one) => ({ ...one, price: { inputPerMtok: 9e9, outputPerMtok: 9e9 } }));
  expect(await learnEvaluation(db, [...told.slice(0, 6), ...rows(1, false)].slice(3), dearer, nowMs)).toMatchObject({
    taken: 3,
    repeated: 3,
  });
  expect(await outcomes()).toBe(63);
  // A bidder more in the same file, and a score in place of a word.
  const more = { ...told[0], bidder: "test/more", good: true };
  const same = told.slice(0, 3).map((row) => ({ ...row, good: 1 }));
  const listed = [...bidders, bidderNamed("test/more")];
  expect(await learnEvaluation(db, [...same, more], listed, nowMs)).toMatchObject({ taken: 1, repeated: 3 });
  expect(await outcomes()).toBe(64);
});

it("loses nothing to the settlement consumer, nor that one to it", async () => {
  const messages = Array.from({ length: 20 }, (_, n) => message(n));
  const alone = await settleBatch(db, messages, bidders, nowMs);
  const settled = await outcomes();
  expect(alone.learned.length).toBeGreaterThan(5);
  await wipe(d1);
  await Promise.all([
    learnEvaluation(db, rows(10), bidders, nowMs),
    ...[0, 5, 10, 15].map((from) => settleBatch(db, messages.slice(from, from + 5), bidders, nowMs)),
    learnEvaluation(db, rows(10, false), bidders, nowMs),
  ]);
  expect(await outcomes()).toBe(settled + 60);
});
