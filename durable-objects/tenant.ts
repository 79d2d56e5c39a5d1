import { DurableObject } from "cloudflare:workers";
import { type LentStarts, lendStarts, startCountsMs } from "../src/access/starts.ts";
import type { AtomicEnv } from "../src/env.ts";
import type { SettlementMessage } from "../src/job/job-summary.ts";
import type { ChainEnd } from "../src/job/seal.ts";
import { firstPace, type Pace, paceAfter, toldPace } from "../src/market/pace.ts";
import type { OpeningSlice } from "../src/money/money-event.ts";
import type { NanoUsd } from "../src/money/nano-usd.ts";
import {
  type Grant,
  isSpent,
  type Limits,
  type ListPlace,
  type MonthTotals,
  monthOf,
  type RunningJob,
  type Standing,
  TenantLedger,
} from "../src/money/tenant-ledger.ts";
import type { TenantRules } from "../src/plan/tenant-rules.ts";
import { type ReuseClaim, ReuseClaims } from "./reuse-claims.ts";
import { takeBills } from "./seal-chain.ts";
import { type Bill, SettleWindow } from "./settle-window.ts";
import type { SettlerObject } from "./settler.ts";
import { SqlTenantRows } from "./tenant-rows.ts";
import { rememberedMs } from "./tombstone.ts";

/** No call waits longer for money, ms: a caller that may wait longer calls again. */
const longestWaitMs = 10_000;
const forgetEveryMs = 86_400_000;

/**
 * A tenant's purse: null where there is no cap. `spent`: nothing of the month will come back. `jobNano`: the operator's
 * limit for one job. `starts`: of jobs; null where they are not limited.
 */
export interface Opening {
  grant: Grant | null;
  leftNano: NanoUsd | null;
  spent: boolean;
  jobNano: NanoUsd | null;
  /** What cost and waiting weigh in the auctions of its next jobs. */
  pace: Pace;
  rules: TenantRules;
  starts: (LentStarts & { perMinute: number }) | null;
}

export type PacedStanding = Standing & { pace: Pace };

/** A tenant's home: its caps, what is lent to whom, which jobs run. A thin shell around the ledger. */
export class TenantObject extends DurableObject<AtomicEnv> {
  readonly #rows: SqlTenantRows;
  readonly #ledger: TenantLedger;
  /** Who waits for money, in the order they came. */
  #waiting: (() => void)[] = [];
  readonly #window: SettleWindow;
  readonly #claims: ReuseClaims;
  /** An alarm is set that forgets what settled long ago. */
  #forgets = false;

  constructor(ctx: DurableObjectState, env: AtomicEnv) {
    super(ctx, env);
    this.#rows = new SqlTenantRows(ctx.storage);
    this.#ledger = new TenantLedger(this.#rows);
    this.#claims = new ReuseClaims(ctx.storage.sql);
    this.#window = new SettleWindow({
      take: (bills) => {
        const seals = takeBills(
          this.#rows,
          this.#ledger,
          bills,
          Date.now(),
          ({ costNano, tookMs, answered }, month) => {
            // A job that bought nothing and answered nothing, for want of money or of bidders, says nothing of its price.
            if (answered || costNano > 0) this.#step({ costNano, tookMs }, month);
          },
        );
        this.#moved();
        return seals;
      },
      month: (job) => this.#rows.settled(job)?.month ?? null,
      send: async (messages) => await handOver(env, messages),
    });
  }

  async setLimits(limits: Limits): Promise<PacedStanding> {
    this.#ledger.setLimits(limits);
    this.#moved();
    return this.standing();
  }

  async standing(): Promise<PacedStanding> {
    this.#window.flush();
    return { ...this.#ledger.standing(Date.now()), pace: this.#pace() };
  }

  async months(limit: number): Promise<MonthTotals[]> {
    this.#window.flush();
    return this.#rows.months(limit);
  }

  async running(limit: number, after: ListPlace | null): Promise<RunningJob[]> {
    return this.#ledger.running(limit, after, Date.now());
  }

  /** Money for a Worker to hand on, at least `leastNano` or none; and up to `wantStarts` starts of jobs. */
  async openPurse(purse: string, leastNano: NanoUsd, wantNano: NanoUsd, wantStarts = 0): Promise<Opening> {
    this.#window.flush();
    const grant = this.#ledger.openPurse(purse, leastNano, wantNano, Date.now());
    const standing = this.#ledger.standing(Date.now());
    return {
      grant,
      leftNano: standing.leftNano,
      spent: isSpent(standing),
      jobNano: this.#ledger.limits.jobNano,
      pace: this.#pace(),
      rules: this.#rows.rules(),
      starts: this.#starts(wantStarts),
    };
  }

  #starts(want: number): Opening["starts"] {
    const perMinute = this.#ledger.limits.jobsPerMinute;
    if (perMinute === null) return null;
    const nowMs = Date.now();
    const lent = lendStarts(this.#rows.loans(), perMinute, want, nowMs);
    if (lent.jobs > 0) this.#rows.putLoan({ jobs: lent.jobs, untilMs: nowMs + lent.forMs }, nowMs - startCountsMs);
    return { ...lent, perMinute };
  }

  async rules(): Promise<TenantRules> {
    return this.#rows.rules();
  }

  async setRules(rules: TenantRules): Promise<void> {
    this.#rows.setRules(rules);
    this.#claims.forgetAll();
  }

  /** Where the job of a request is that another's answer will do for, and the rules to make it by where it is not there. */
  async claim(claim: ReuseClaim): Promise<{ place: string; ageMs: number; rules: TenantRules }> {
    return { ...this.#claims.claim(claim, Date.now()), rules: this.#rows.rules() };
  }

  async closePurse(purse: string, unusedNano: NanoUsd): Promise<void> {
    this.#ledger.closePurse(purse, unusedNano);
    this.#moved();
  }

  /** What the job holds; null: it has settled. */
  async begin(job: RunningJob, slice: OpeningSlice | null, keepNano: NanoUsd): Promise<NanoUsd | null> {
    const heldNano = this.#ledger.begin(job, slice, keepNano, Date.now());
    if (keepNano < (slice?.nano ?? 0)) this.#moved();
    return heldNano;
  }

  /** Raises a job's lease; waits at most `waitMs`, and 10 s, for money that others hold. */
  async lease(
    job: RunningJob,
    slice: OpeningSlice | null,
    leastNano: NanoUsd,
    wantNano: NanoUsd,
    waitMs: number,
  ): Promise<Grant> {
    // What ended jobs give back is there for the next one.
    this.#window.flush();
    const untilMs = Date.now() + Math.min(waitMs, longestWaitMs);
    for (;;) {
      const grant = this.#ledger.lease(job, slice, leastNano, wantNano, Date.now());
      const leftMs = untilMs - Date.now();
      if (grant.totalNano >= leastNano || grant.shortage !== "held" || leftMs <= 0) return grant;
      await this.#money(leftMs);
    }
  }

  /** Takes an ended job's bill and passes on what the market is to learn of it; both may come again. */
  async settle(bill: Bill, messages: SettlementMessage[]): Promise<void> {
    const done = this.#window.settle(bill, messages);
    // Money that somebody waits for comes back at once.
    if (this.#waiting.length > 0) this.#window.flush();
    await done;
    if (this.#forgets) return;
    this.#forgets = true;
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(Date.now() + forgetEveryMs);
  }

  override async alarm(): Promise<void> {
    this.#forgets = false;
    this.#claims.forgetExpired(Date.now());
    if (this.#rows.forget(Date.now() - rememberedMs(this.env.ATOMIC_RETENTION_DAYS)))
      await this.ctx.storage.setAlarm(Date.now() + 1_000);
  }

  #pace(): Pace {
    const { monthlyNano, latencyMs } = this.#ledger.limits;
    const { lambda, muUsdPerSecond } = toldPace(this.#rows.pace() ?? firstPace);
    return {
      lambda: monthlyNano === null ? firstPace.lambda : lambda,
      muUsdPerSecond: latencyMs === null ? firstPace.muUsdPerSecond : muUsdPerSecond,
    };
  }

  /** The last place of the tenant's chain of seals; null: nothing has settled since there is one. */
  async chainEnd(): Promise<ChainEnd | null> {
    this.#window.flush();
    return this.#rows.chainEnd();
  }

  /** Moves the pace by one settled job. Who has neither cap nor objective pays no write for it. */
  #step(job: { costNano: NanoUsd; tookMs: number | null }, month: MonthTotals): void {
    const { monthlyNano, latencyMs } = this.#ledger.limits;
    if ((monthlyNano === null && latencyMs === null) || month.month !== monthOf(Date.now())) return;
    const soFar = { capNano: monthlyNano, spentNano: month.costNano, running: this.#ledger.runningNow };
    this.#rows.putPace(paceAfter(this.#rows.pace() ?? firstPace, job, soFar, latencyMs, Date.now()));
  }

  /** Resolves when money came back, or after `ms`. */
  #money(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #moved(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}

/** To the market's queue; where none outlives a restart, to the object that settles at once. */
async function handOver(env: AtomicEnv, messages: SettlementMessage[]): Promise<void> {
  if (env.SETTLER === undefined) return void (await env.SETTLEMENTS.sendBatch(messages.map((body) => ({ body }))));
  const settler = env.SETTLER.get(env.SETTLER.idFromName("settler")) as unknown as Pick<SettlerObject, "settle">;
  await settler.settle(messages);
}
