import { isolateFleet } from "../../durable-objects/isolate-fleet.ts";
import type { JobObject } from "../../durable-objects/job.ts";
import { createAccess, signingSecret } from "../access/access.ts";
import { mintJobId, verifyJobId } from "../access/job-id.ts";
import { sha256Hex } from "../access/mac.ts";
import { previewAuctions } from "../engine/preview.ts";
import type { AtomicEnv } from "../env.ts";
import { AtomicError, type Refusal } from "../error.ts";
import { linksOf } from "../http/native/links.ts";
import type { HttpPorts, JobHandle } from "../http/ports.ts";
import { checkContract } from "../judge/check-contract.ts";
import { standing } from "../market/market.ts";
import { readBidder } from "../models/bidder-input.ts";
import { canonicalRequest } from "../plan/canonical-request.ts";
import type { JobRequest } from "../plan/job-request.ts";
import { BidderStore } from "../store/bidder-store.ts";
import { openDatabase } from "../store/database.ts";
import { JobList } from "../store/job-list.ts";
import { StoredKeys } from "../store/key-store.ts";
import { seedMarket } from "../store/seed-market.ts";
import { readMail } from "./mail.ts";
import { forgetBidders, type MarketSnapshot, marketSnapshot, viewOf } from "./market-snapshot.ts";

/** Everything the doors need, wired to the platform. */
export function portsOf(env: AtomicEnv, keepAlive: (work: Promise<unknown>) => void): HttpPorts {
  const db = openDatabase(env.DB);
  const secret = signingSecret(env.ATOMIC_API_KEY ?? null);
  const stored = new BidderStore(db);
  return {
    jobs: {
      async create(caller, request, via, name) {
        const objectId =
          name === undefined ? env.JOB.newUniqueId() : env.JOB.idFromName(JSON.stringify([caller.tenant, name]));
        const id = await mintJobId(secret, caller.tenant, objectId.toString());
        const market = await marketSnapshot(env, request.examples ? caller.tenant : null, keepAlive);
        const seed = crypto.getRandomValues(new Uint32Array(1))[0] ?? 1;
        const bodyHash = name === undefined ? undefined : await sha256Hex(canonicalRequest(request));
        const made = await env.JOB.get(objectId).create({
          id,
          tenant: caller.tenant,
          request,
          seed,
          via,
          market: forRequest(market, request),
          ...(bodyHash === undefined ? {} : { bodyHash }),
        });
        if (made === "other-request")
          throw new AtomicError(
            "idempotency-mismatch",
            "This idempotency key was used for another request. Use a new key for a new request.",
            { field: "Idempotency-Key" },
          );
        return { id, repeated: made === "repeated" };
      },
      async open(caller, id) {
        const objectId = await verifyJobId(secret, caller.tenant, id);
        return objectId === null ? null : openHandle(env, objectId, caller.tenant, id);
      },
      list: (caller, page) => new JobList(db).list(caller.tenant, page),
      usage: (caller, months) => new JobList(db).usage(caller.tenant, months),
    },
    market: {
      async preview(_caller, request) {
        const seed = crypto.getRandomValues(new Uint32Array(1))[0] ?? 1;
        const view = viewOf(await marketSnapshot(env, null, keepAlive));
        return previewAuctions(request, view, Date.now(), seed, isolateFleet);
      },
      async bidders() {
        const { state, bidders } = await marketSnapshot(env, null, keepAlive);
        return bidders.map((bidder) => ({ ...bidder, standing: standing(state, bidder, Date.now()) }));
      },
      async putBidder(id, body) {
        const read = readBidder(id, body, { allowLoopback: env.ATOMIC_ALLOW_LOOPBACK === "1", nowMs: Date.now() });
        if ("code" in read) return read;
        const refusal = await stored.put(read.bidder, read.endpoint, Date.now());
        forgetBidders();
        return refusal;
      },
      async seed(rows) {
        const { bidders } = await marketSnapshot(env, null, keepAlive);
        return await seedMarket(db, rows, bidders, Date.now());
      },
      async deleteBidder(id) {
        const gone = await stored.delete(id);
        forgetBidders();
        return gone;
      },
    },
    access: createAccess({
      operatorKey: env.ATOMIC_API_KEY ?? null,
      local: env.ATOMIC_LOCAL === "1",
      keys: new StoredKeys(db),
      nowMs: () => Date.now(),
      random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
    }),
    checkRequest,
    parseMail: readMail,
    newRequestId: () => crypto.randomUUID(),
  };
}

/** Contracts and plans are checked at the border, before anything is acknowledged. */
function checkRequest(request: JobRequest): Refusal | null {
  const refusal = checkContract(request.contract);
  if (refusal !== null) return refusal;
  if (typeof request.plan !== "object") return null;
  for (const [i, { contract }] of request.plan.microtasks.entries()) {
    const wrong = checkContract(contract);
    if (wrong !== null) return { ...wrong, field: `plan.microtasks[${i}].${wrong.field ?? "contract"}` };
  }
  return null;
}

/** A job's object needs the market of the kinds in play only; a planner may choose any. */
function forRequest(market: MarketSnapshot, request: JobRequest): MarketSnapshot {
  if (request.plan !== "single") return market;
  const kept = Object.entries(market.state.kinds).filter(([kind]) => kind === request.kind || kind === "judge");
  return { ...market, state: { ...market.state, kinds: Object.fromEntries(kept) } };
}

type JobRpc = Pick<JobObject, "view" | "events" | "explain" | "cancel" | "feedback" | "summary">;

/** A job's object over RPC. It checks the tenant again; what it does not know is gone. */
function openHandle(env: AtomicEnv, objectId: string, tenant: string, id: string): JobHandle {
  // The platform types of RPC turn `unknown` into never; the object's own types are the truth.
  const job = () => env.JOB.get(env.JOB.idFromString(objectId)) as unknown as JobRpc;
  const missing = new AtomicError("not-found", "There is no such job.");
  const known = async <T>(asked: Promise<T | null>): Promise<T> => {
    const value = await asked;
    if (value !== null) return value;
    if ((await job().summary(tenant)) === null) throw missing;
    throw new AtomicError("gone", `The job's retention has ended. Its summary is at ${linksOf(id).summary}.`, {
      field: "id",
    });
  };
  return {
    view: () => known(job().view(tenant)),
    events: (after) => known(job().events(tenant, after)),
    explain: () => known(job().explain(tenant)),
    cancel: (by) => known(job().cancel(tenant, by)),
    feedback: async (feedback) => await job().feedback(tenant, feedback),
    async summary() {
      const summary = await job().summary(tenant);
      if (summary === null) throw missing;
      return summary;
    },
  };
}
