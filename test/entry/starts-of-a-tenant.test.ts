import fc from "fast-check";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type Loan, lendStarts } from "../../src/access/starts.ts";
import type { AtomicError } from "../../src/error.ts";
import { emptyMarket } from "../../src/market/market.ts";
import { noRules } from "../../src/plan/tenant-rules.ts";
import { requestOf } from "../engine/world.ts";

/** As a string, since its types are the platform's, of which plain node has none. */
const tenantMoney: string = "../../src/entry/tenant-money.ts";
interface Opening {
  slice: null;
  startUntilMs: number | null;
}
interface Money {
  openingFor(...asked: unknown[]): Promise<Opening>;
  returnOpening(env: unknown, tenant: string, opening: Opening, keepAlive: () => void): void;
  forgetTenant(tenant: string): void;
}

/** A tenant's object as far as starts go; each of its answers is late by the next of `delaysMs`. */
function objectOf(perMinute: number | null, delaysMs: readonly number[] = [0]) {
  const loans: Loan[] = [];
  let asked = 0;
  const object = {
    perMinute,
    async openPurse(_id: string, _least: number, _want: number, want: number) {
      const delayMs = delaysMs[asked++ % delaysMs.length] ?? 0;
      const rate = object.perMinute;
      const lent = rate === null ? null : lendStarts(loans, rate, want, Date.now());
      if (lent !== null && lent.jobs > 0) loans.push({ jobs: lent.jobs, untilMs: Date.now() + lent.forMs });
      if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
      return {
        grant: null,
        leftNano: null,
        jobNano: null,
        pace: { lambda: 1, muUsdPerSecond: 0 },
        rules: noRules,
        starts: lent === null || rate === null ? null : { ...lent, perMinute: rate },
      };
    },
  };
  const env = { TENANT: { idFromName: (name: string) => name, get: () => object } };
  return { object, env, asked: () => asked };
}

/** A Worker of its own: what one remembers no other does. */
async function worker(): Promise<Money> {
  vi.resetModules();
  return (await import(tenantMoney)) as Money;
}

const view = { state: emptyMarket(), bidders: [], pacing: { lambda: 1, muUsdPerSecond: 0 }, examples: () => [] };
const open = ({ openingFor }: Money, env: unknown, counted = true) =>
  openingFor(env, "t", requestOf(), view, counted, () => {});
/** What came of it: the start, or how long it was told to wait, ms. */
const outcome = async (money: Money, env: unknown) =>
  await open(money, env).then(
    () => "started" as const,
    (error: AtomicError) => error.retryAfterMs ?? Number.NaN,
  );

beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

it("however late the tenant's object answers, no more jobs than the rate begin in any 60 s", async () => {
  const workers = [await worker(), await worker(), await worker()];
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 90 }),
      fc.array(fc.oneof(fc.constant(0), fc.nat(300), fc.nat(9_000)), { minLength: 1, maxLength: 20 }),
      fc.array(
        fc.record({
          worker: fc.nat(2),
          waitMs: fc.oneof(fc.nat(20), fc.nat(2_000), fc.integer({ min: 40_000, max: 62_000 })),
        }),
        {
          minLength: 20,
          maxLength: 120,
        },
      ),
      async (perMinute, delaysMs, requests) => {
        for (const { forgetTenant } of workers) forgetTenant("t");
        const { env } = objectOf(perMinute, delaysMs);
        const started: number[] = [];
        for (const { worker: at, waitMs } of requests) {
          await vi.advanceTimersByTimeAsync(waitMs);
          const money = workers[at] as Money;
          outcome(money, env).then((said) => said === "started" && started.push(Date.now()));
        }
        await vi.advanceTimersByTimeAsync(60_000);
        started.forEach((from, i) => {
          const within = started.slice(i).filter((other) => other < from + 60_000);
          expect(within.length).toBeLessThanOrEqual(perMinute);
        });
      },
    ),
    { numRuns: 60 },
  );
});

it("a start that came too late to be used is asked for again, and a third time not", async () => {
  const workers = [await worker(), await worker(), await worker()];
  const { env, asked } = objectOf(3, [9_000, 9_000, 9_000, 0, 0, 0, 0, 0, 0, 0]);
  const started: number[] = [];
  const ask = () =>
    Promise.all(
      workers.map((money) => outcome(money, env).then((one) => one === "started" && started.push(Date.now()))),
    );
  ask();
  await vi.advanceTimersByTimeAsync(62_000);
  ask();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(started).toHaveLength(3);
  expect(asked()).toBeLessThanOrEqual(9);
});

it("a refusal is not remembered against a new limit, whatever else was read of the tenant meanwhile", async () => {
  const money = await worker();
  const { env, object } = objectOf(1);
  expect(await outcome(money, env)).toBe("started");
  expect(await outcome(money, env)).toBeGreaterThan(59_000);
  object.perMinute = 100;
  // Jobs that are not counted keep this Worker's knowledge of the tenant young.
  for (let n = 0; n < 3; n++) {
    await vi.advanceTimersByTimeAsync(6_000);
    await open(money, env, false);
  }
  await vi.advanceTimersByTimeAsync(10);
  expect(await outcome(money, env)).toBe("started");
});

it("who is refused by the tenant's object may still have what its Worker was lent for another", async () => {
  const money = await worker();
  const { env } = objectOf(123);
  // One, two, then four at a time: 119 are used, and four are there.
  for (let n = 0; n < 119; n++) expect(await outcome(money, env)).toBe("started");
  const said = await Promise.all([1, 2, 3, 4, 5].map(() => outcome(money, env)));
  expect(said.filter((one) => one === "started")).toHaveLength(4);
});

it("what two askers brought lasts as long as the older loan", async () => {
  const money = await worker();
  const { env, asked } = objectOf(120, [0, 1_500, 600, 0]);
  expect(await outcome(money, env)).toBe("started");
  const both = [outcome(money, env)];
  await vi.advanceTimersByTimeAsync(1_000);
  both.push(outcome(money, env));
  await vi.advanceTimersByTimeAsync(600);
  expect(await Promise.all(both)).toEqual(["started", "started"]);
  // Each brought two and used one; at 2.5 s those of the first are over.
  expect(await outcome(money, env)).toBe("started");
  expect(asked()).toBe(3);
  await vi.advanceTimersByTimeAsync(900);
  expect(await outcome(money, env)).toBe("started");
  expect(asked()).toBe(4);
});

it("a start that no job took is the next one's", async () => {
  const money = await worker();
  const { env, asked } = objectOf(2);
  for (let n = 0; n < 20; n++) money.returnOpening(env, "t", await open(money, env), () => {});
  expect(asked()).toBe(1);
  expect(await outcome(money, env)).toBe("started");
  expect(await outcome(money, env)).toBe("started");
  expect(await outcome(money, env)).toBeGreaterThan(59_000);
  // Later than it could have been used it is nobody's.
  await vi.advanceTimersByTimeAsync(62_500);
  const late = await open(money, env);
  await vi.advanceTimersByTimeAsync(2_500);
  money.returnOpening(env, "t", late, () => {});
  expect(await outcome(money, env)).toBe("started");
  expect(await outcome(money, env)).toBeGreaterThan(50_000);
});
