import type { NewJob } from "../../durable-objects/new-job.ts";
import { writeFastPlace } from "../access/fast-place.ts";
import { mintJobId } from "../access/job-id.ts";
import { sha256Hex } from "../access/mac.ts";
import type { AtomicEnv } from "../env.ts";
import { AtomicError } from "../error.ts";
import { checkBidders } from "../http/check-bidders.ts";
import { linksOf } from "../http/native/links.ts";
import type { Caller, Submitted } from "../http/ports.ts";
import type { LoggedEvent } from "../job/job-event.ts";
import type { Bidder } from "../market/bidder.ts";
import { mayBeAsked } from "../market/eligibility.ts";
import { isPlain } from "../market/pace.ts";
import { canonicalRequest } from "../plan/canonical-request.ts";
import { fastLaneMs } from "../plan/check-lane.ts";
import type { JobRequest } from "../plan/job-request.ts";
import { confine, isFree, type TenantRules } from "../plan/tenant-rules.ts";
import { FastJob } from "./fast-job.ts";
import { isBehind, keepLog, newFastPlace, remember } from "./fast-lane.ts";
import { createJob, type JobRpc } from "./job-rpc.ts";
import { locationHint } from "./location.ts";
import { packMarket } from "./market-parcel.ts";
import { marketSnapshot, viewOf } from "./market-snapshot.ts";
import { SpareObject } from "./spare-object.ts";
import { openingFor, returnOpening } from "./tenant-money.ts";

/** This isolate's memory: gone with it, and nothing depends on its being there. */
const spares = new SpareObject();

/** A job to be made; `name`, `waitMs`: see the port's `create`. */
interface Making {
  caller: Caller;
  request: JobRequest;
  via: NewJob["via"];
  name: string | undefined;
  waitMs: number;
}

/** Where a job is to be made whose answer others will be given: see `reuseJob`. */
export interface ReuseHome {
  home: DurableObjectId;
  /** SHA-256 (hex) of the canonical request: a repeat is that job. */
  hash: string;
  /** Its tenant's, as they were when this was claimed; null: nobody else will be given the answer. */
  rules: TenantRules | null;
}

/** Makes a job, or finds the one that is there under its name or at its home. Returns when its first event is on disk. */
export async function makeJob(
  env: AtomicEnv,
  secret: string,
  { caller, request, via, name, waitMs }: Making,
  keepAlive: (work: Promise<unknown>) => void,
  reuse?: ReuseHome,
): Promise<Submitted> {
  // A tenant that may name any secret could have another's messages signed.
  if (request.webhook?.secretName !== undefined && caller.role !== "operator")
    throw new AtomicError(
      "forbidden",
      "Only the operator may name a secret. Leave it out: GET /v1/webhook-secret shows the one that signs.",
      { field: "webhook.secretName" },
    );
  checkSecret(env, request.webhook?.secretName);
  // What cannot be written down soon had better be written down first.
  const fast = request.lane === "fast" && !isBehind(Date.now());
  const hint = locationHint(caller.place);
  const home = fast
    ? newFastPlace()
    : reuse !== undefined
      ? reuse.home
      : name === undefined
        ? spares.next(env.JOB, hint, keepAlive)
        : namedHome(env, caller.tenant, name);
  const id = await mintJobId(secret, caller.tenant, "shard" in home ? writeFastPlace(home) : home.toString());
  const market = await marketSnapshot(env, request.examples ? caller.tenant : null, keepAlive);
  const opening = await openingFor(env, caller.tenant, request, viewOf(market), via === "http", keepAlive);
  const giveBack = () => returnOpening(env, caller.tenant, opening, keepAlive);
  const confined = withinRules(request, reuse?.rules ?? opening.rules, market.bidders);
  if (confined instanceof AtomicError) {
    giveBack();
    throw confined;
  }
  const seed = crypto.getRandomValues(new Uint32Array(1))[0] ?? 1;
  const bodyHash = name === undefined ? reuse?.hash : await sha256Hex(canonicalRequest(request));
  const asked = {
    tenant: caller.tenant,
    request: withJobLimit(laned(confined, fast), opening.jobNano),
    seed,
    via,
    ...(bodyHash === undefined ? {} : { bodyHash }),
    ...(opening.slice === null ? {} : { slice: opening.slice }),
    ...(isPlain(opening.pace) ? {} : { pace: opening.pace }),
  };
  if ("shard" in home) {
    const keep = (log: readonly LoggedEvent[]) => keepLog(env, home, caller.tenant, log);
    const started = await FastJob.start(
      env,
      market,
      { type: "job-accepted", job: id, ...asked },
      keep,
      keepAlive,
    ).catch((error: unknown) => {
      giveBack();
      throw error;
    });
    remember(caller, id, started);
    keepAlive(started.done);
    return { id, repeated: false, view: waitMs > 0 ? await started.ended(waitMs) : null };
  }
  const job: NewJob = { id, ...asked, market: packMarket(market, request), readsNone: true };
  const { made, view, again } = await createJob(
    () => env.JOB.get(home, hint === null ? {} : { locationHint: hint }) as unknown as JobRpc,
    job,
    waitMs,
  );
  // A call that broke may have made the job: then slice and start are the job's.
  if (made !== "made" && !again) giveBack();
  if (made === "none") throw new AtomicError("internal", "The job could not be taken. Try again.");
  if (made === "other-request")
    throw new AtomicError(
      "idempotency-mismatch",
      "This idempotency key was used for another request. Use a new key for a new request.",
      { field: "Idempotency-Key" },
    );
  if (made === "gone")
    throw new AtomicError(
      "gone",
      `This idempotency key was used for a job whose retention has ended. Its summary is at ${linksOf(id).summary}. Use a new key for a new job.`,
      { field: "Idempotency-Key" },
    );
  const repeated = made === "repeated" && !(again && name === undefined);
  return reuse === undefined || !repeated ? { id, repeated, view } : { id, repeated: false, reused: true, view };
}

/** Else its messages would wait for a secret that nobody has set, and nobody would know why. */
function checkSecret(env: AtomicEnv, name: string | undefined): void {
  if (name === undefined || typeof (env as unknown as Record<string, unknown>)[name] === "string") return;
  throw new AtomicError(
    "invalid-request",
    `There is no secret "${name}". Set it (npx wrangler secret put ${name}), or leave it out: GET /v1/webhook-secret shows the one that signs then.`,
    { field: "webhook.secretName" },
  );
}

/** The object of a job that has a name. */
export const namedHome = (env: AtomicEnv, tenant: string, name: string): DurableObjectId =>
  env.JOB.idFromName(JSON.stringify([tenant, name]));

/** The request as its tenant's rules allow it, or why it cannot be one of that tenant's jobs. */
export function withinRules(
  request: JobRequest,
  rules: TenantRules,
  bidders: readonly Bidder[],
): JobRequest | AtomicError {
  const confined = confine(request, rules);
  if ("code" in confined) return AtomicError.from(confined);
  if (isFree(rules)) return confined;
  const may = bidders.filter((b) => mayBeAsked(b, confined));
  try {
    checkBidders({ ...confined, bidders: may.map((b) => b.id) }, may, true);
  } catch (error) {
    if (error instanceof AtomicError) return error;
    throw error;
  }
  return confined;
}

/** The operator's limit for one job of the tenant holds beside the caller's own budget. */
const withJobLimit = (request: JobRequest, jobNano: number | null): JobRequest =>
  jobNano === null ? request : { ...request, budgetNano: Math.min(request.budgetNano ?? jobNano, jobNano) };

/** The lane it runs in; one of the fast lane has an end of its own. */
function laned(request: JobRequest, fast: boolean): JobRequest {
  const { lane: _, ...rest } = request;
  return fast ? { ...rest, lane: "fast", deadlineMs: request.deadlineMs ?? fastLaneMs } : rest;
}
