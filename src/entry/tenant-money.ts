import type { Opening, TenantObject } from "../../durable-objects/tenant.ts";
import { putBack, type StartsInHand, takeStart, wantedStarts } from "../access/starts.ts";
import { openingOf } from "../engine/opening.ts";
import type { MarketView } from "../engine/ports.ts";
import type { AtomicEnv } from "../env.ts";
import { AtomicError } from "../error.ts";
import type { Pace } from "../market/pace.ts";
import type { OpeningSlice } from "../money/money-event.ts";
import type { NanoUsd } from "../money/nano-usd.ts";
import { drawFrom, type Purse, purseSize } from "../money/purse.ts";
import { purseMs } from "../money/tenant-ledger.ts";
import type { JobRequest } from "../plan/job-request.ts";
import { noRules, type TenantRules } from "../plan/tenant-rules.ts";

/** What this isolate remembers of a tenant's limits is at most so old, ms; from half of it on it is read again beside. */
const knownMs = 10_000;
const mostTenants = 1_000;
/** A purse is filled ahead of need only while so many openings are left: what lies in purses is no other Worker's. */
const plenty = 10;

/** What a new job may spend at first, its own limit, what cost and waiting weigh in its auctions, and what confines it. */
export interface TenantOpening {
  slice: OpeningSlice | null;
  jobNano: NanoUsd | null;
  pace: Pace;
  rules: TenantRules;
  /** Until when the start that it took could be used, epoch ms; null: it is not counted. */
  startUntilMs: number | null;
}

interface Known {
  rules: TenantRules;
  pace: Pace;
  atMs: number;
  capped: boolean;
  jobNano: NanoUsd | null;
  leftNano: NanoUsd;
  spent: boolean;
  purse: Purse | null;
  /** null: its jobs are not counted. */
  starts: (StartsInHand & { perMinute: number }) | null;
  refilling: boolean;
}

/** In this isolate's memory: gone with it, and then what its purses held comes back to the tenant. */
const tenants = new Map<string, Known>();

/** A tenant's own object, over RPC. */
export const tenantObject = (env: AtomicEnv, tenant: string): TenantObject =>
  env.TENANT.get(env.TENANT.idFromName(tenant)) as unknown as TenantObject;

/** After the operator changed a tenant's limits or rules: this isolate reads them anew; others within 10 s. */
export const forgetTenant = (tenant: string): boolean => tenants.delete(tenant);

/**
 * What a new job may spend at first, and its own limit. Tenants without a cap, and those whose purse is full, cost no
 * hop while this isolate remembers them. Throws `budget-exceeded` where nothing is left and nobody works for nothing, and
 * `rate-limited` where the job is `counted` and the tenant may not begin another one now.
 */
export async function openingFor(...asked: Asked): Promise<TenantOpening> {
  const opening = (await tryOpening(...asked)) ?? (await tryOpening(...asked));
  if (opening === null) throw tooMany(tenants.get(asked[1])?.starts ?? null, Date.now());
  return opening;
}

type Asked = [
  env: AtomicEnv,
  tenant: string,
  request: JobRequest,
  view: MarketView,
  counted: boolean,
  keepAlive: (work: Promise<unknown>) => void,
];

/** null: the start that it was lent came too late to be used. */
async function tryOpening(...[env, tenant, request, view, counted, keepAlive]: Asked): Promise<TenantOpening | null> {
  const nowMs = Date.now();
  const known = tenants.get(tenant);
  const ageMs = known === undefined ? Number.POSITIVE_INFINITY : nowMs - known.atMs;
  const hand = known?.starts ?? null;
  const start = !counted ? "taken" : ageMs < knownMs ? takeStart(hand, nowMs) : "ask";
  if (start === "refused") throw tooMany(hand, nowMs);
  const taken = start === "taken";
  const handUntilMs = counted && hand !== null ? hand.untilMs : null;
  if (taken && known !== undefined && !known.capped && ageMs < knownMs) {
    if (ageMs > knownMs / 2) keepAlive(refill(env, tenant, 0, 0, keepAlive).catch(() => {}));
    return { slice: null, startUntilMs: handUntilMs, ...termsOf(known) };
  }
  const opening = openingOf(request, view, nowMs);
  const drawn = taken ? draw(env, tenant, known, opening.nano, keepAlive) : null;
  if (drawn !== null) return { ...drawn, startUntilMs: handUntilMs };
  const { known: fresh, lentUntilMs } = await refill(
    env,
    tenant,
    opening.nano,
    taken ? 0 : wantedStarts(hand, nowMs),
    keepAlive,
  );
  // As it is now: who asked beside it may have brought more, and taken from it.
  const now = fresh.starts === null ? null : (tenants.get(tenant)?.starts ?? noStarts);
  const startUntilMs = taken ? handUntilMs : startAfter(now, lentUntilMs);
  if (startUntilMs === "late") return null;
  if (startUntilMs === "refused") throw tooMany(fresh.starts, nowMs);
  if (!fresh.capped) return { slice: null, startUntilMs, ...termsOf(fresh) };
  const second = draw(env, tenant, fresh, opening.nano, keepAlive);
  if (second !== null) return { ...second, startUntilMs };
  if (fresh.spent && !opening.freely)
    throw new AtomicError(
      "budget-exceeded",
      "The tenant's budget for this month is spent. Ask the operator to raise it, or wait for the next month.",
      { reason: "cap-reached" },
    );
  // Running jobs hold the money, or little is left: the job itself waits for it, or does with less.
  return { slice: { purse: null, nano: 0 }, startUntilMs, ...termsOf(fresh) };
}

const noStarts: StartsInHand = { jobs: 0, left: 0, untilMs: 0 };

/** Until when the start may be used that the tenant's object lent, or who asked it beside; null: they are not counted. */
function startAfter(hand: StartsInHand | null, lentUntilMs: number | null): number | null | "late" | "refused" {
  if (hand === null) return null;
  const nowMs = Date.now();
  if (lentUntilMs !== null && nowMs < lentUntilMs) return lentUntilMs;
  if (takeStart(hand, nowMs) === "taken") return hand.untilMs;
  return lentUntilMs === null ? "refused" : "late";
}

/**
 * What no job took, since the job was there already or must not be: the start is the next one's as long as it could be
 * used; the slice goes back into the purse it was drawn from, and when that was closed meanwhile, to the tenant.
 */
export function returnOpening(
  env: AtomicEnv,
  tenant: string,
  { slice, startUntilMs }: Pick<TenantOpening, "slice" | "startUntilMs">,
  keepAlive: (work: Promise<unknown>) => void,
): void {
  const hand = tenants.get(tenant)?.starts ?? null;
  if (hand !== null && startUntilMs !== null) putBack(hand, startUntilMs, Date.now());
  if (slice === null || slice.purse === null) return;
  const purse = tenants.get(tenant)?.purse ?? null;
  if (purse?.id === slice.purse) purse.leftNano += slice.nano;
  else
    keepAlive(
      tenantObject(env, tenant)
        .closePurse(slice.purse, slice.nano)
        .catch(() => {}),
    );
}

function draw(
  env: AtomicEnv,
  tenant: string,
  known: Known | undefined,
  nano: NanoUsd,
  keepAlive: (work: Promise<unknown>) => void,
): Omit<TenantOpening, "startUntilMs"> | null {
  if (known?.capped !== true) return null;
  const ageMs = Date.now() - known.atMs;
  // The money would still be its own, but its limits and rules may be others by now.
  if (ageMs >= knownMs) return null;
  const old = ageMs > knownMs / 2;
  if (old && !known.refilling) refillBeside(env, tenant, known, nano, keepAlive);
  if (nano === 0) return { slice: { purse: null, nano: 0 }, ...termsOf(known) };
  const { purse } = known;
  if (purse === null || !drawFrom(purse, nano, Date.now())) return null;
  if (purse.leftNano < nano && known.leftNano >= plenty * nano && !known.refilling)
    refillBeside(env, tenant, known, nano, keepAlive);
  return { slice: { purse: purse.id, nano }, ...termsOf(known) };
}

const termsOf = ({ jobNano, pace, rules }: Known) => ({ jobNano, pace, rules });

function refillBeside(
  env: AtomicEnv,
  tenant: string,
  known: Known,
  nano: NanoUsd,
  keepAlive: (work: Promise<unknown>) => void,
): void {
  known.refilling = true;
  keepAlive(
    refill(env, tenant, nano, 0, keepAlive).catch(() => {
      known.refilling = false;
    }),
  );
}

/**
 * Reads a tenant's limits and, where it has a cap, brings a purse; the old one's rest goes back. Where starts are wanted,
 * `lentUntilMs` says until when the caller may use its own; null: it has none, or they are not counted.
 */
async function refill(
  env: AtomicEnv,
  tenant: string,
  openingNano: NanoUsd,
  wantStarts: number,
  keepAlive: (work: Promise<unknown>) => void,
): Promise<{ known: Known; lentUntilMs: number | null }> {
  const before = tenants.get(tenant);
  const id = `purse/${crypto.randomUUID()}`;
  const want = before?.capped === true ? purseSize(openingNano, before.leftNano) : openingNano;
  const askedAtMs = Date.now();
  const object = tenantObject(env, tenant);
  const { grant, leftNano, spent, jobNano, pace, rules, starts } = await object.openPurse(
    id,
    openingNano,
    want,
    wantStarts,
  );
  const now = tenants.get(tenant);
  const old = now?.purse ?? null;
  const lentUntilMs = (starts?.jobs ?? 0) > 0 ? askedAtMs + (starts?.forMs ?? 0) : null;
  const known: Known = {
    pace,
    // An object that still runs the code before this one knows of none.
    rules: rules ?? noRules,
    atMs: askedAtMs,
    capped: grant !== null,
    jobNano,
    leftNano: leftNano ?? 0,
    spent,
    purse:
      grant !== null && grant.totalNano > 0
        ? { id, leftNano: grant.totalNano, expiresAtMs: askedAtMs + purseMs }
        : null,
    // An object that still runs the code before this one counts none.
    starts: startsAfter(now?.starts ?? null, starts ?? null, wantStarts > 0, askedAtMs),
    refilling: false,
  };
  tenants.delete(tenant);
  tenants.set(tenant, known);
  const oldest = tenants.keys().next();
  if (tenants.size > mostTenants && !oldest.done) tenants.delete(oldest.value);
  if (old !== null) {
    const rest = old.leftNano;
    old.leftNano = 0;
    // Also an empty one: what is out of it is known from then on. Nobody waits for it.
    keepAlive(object.closePurse(old.id, rest).catch(() => {}));
  }
  return { known, lentUntilMs };
}

/** What is in hand after the tenant's object was asked: one of what it lent is the asker's. */
function startsAfter(
  before: Known["starts"],
  told: Opening["starts"],
  asked: boolean,
  askedAtMs: number,
): Known["starts"] {
  if (told === null) return null;
  // What was refused under another limit may be granted under this one.
  if (!asked && before !== null && before.perMinute === told.perMinute) return before;
  const untilMs = askedAtMs + told.forMs;
  // Who asked at the same time may have brought some that are not used yet; they last as long as the older ones.
  const rest = before !== null && before.left > 0 && before.untilMs > askedAtMs ? before : null;
  return {
    perMinute: told.perMinute,
    jobs: told.jobs,
    left: Math.max(0, told.jobs - 1) + (rest?.left ?? 0),
    untilMs: rest === null ? untilMs : Math.min(untilMs, rest.untilMs),
  };
}

function tooMany(starts: Known["starts"], nowMs: number): AtomicError {
  const retryAfterMs = Math.max(1_000, (starts?.untilMs ?? 0) - nowMs);
  return new AtomicError(
    "rate-limited",
    `This tenant may begin ${starts?.perMinute ?? 0} jobs a minute. Try again in ${Math.ceil(retryAfterMs / 1000)} s, or ask the operator for more.`,
    { reason: "jobs-per-minute", retryAfterMs },
  );
}
