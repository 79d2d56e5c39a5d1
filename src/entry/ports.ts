import { isolateFleet } from "../../durable-objects/isolate-fleet.ts";
import { createAccess, type KeyStore } from "../access/access.ts";
import { readFastPlace, timeOfKey } from "../access/fast-place.ts";
import { mintJobId, verifyJobId } from "../access/job-id.ts";
import { sha256Hex } from "../access/mac.ts";
import { signingSecrets } from "../access/signing-secrets.ts";
import { isPublicUrl } from "../deliver/public-host.ts";
import { tenantWebhookSecret } from "../deliver/webhook-secret.ts";
import { checkWebhookTarget, type NearReceivers, nearReceivers } from "../deliver/webhook-target.ts";
import { previewAuctions } from "../engine/preview.ts";
import { promptTokens } from "../engine/prompt-tokens.ts";
import type { AtomicEnv } from "../env.ts";
import { AtomicError, type Refusal } from "../error.ts";
import type { HttpPorts } from "../http/ports.ts";
import { runningSummary } from "../job/job-summary.ts";
import { checkContract } from "../judge/check-contract.ts";
import { checkTools } from "../judge/check-tools.ts";
import { profilesOf, standing } from "../market/market.ts";
import { bidderInputSchema, nearnessOf, readBidder } from "../models/bidder-input.ts";
import { newestFirst, type RunningJob } from "../money/tenant-ledger.ts";
import { canonicalRequest } from "../plan/canonical-request.ts";
import { checkImages } from "../plan/check-input.ts";
import { checkLane } from "../plan/check-lane.ts";
import type { JobRequest } from "../plan/job-request.ts";
import { BidderStore } from "../store/bidder-store.ts";
import { CachedKeys, type KeyMemory } from "../store/cached-keys.ts";
import { loadCounters } from "../store/counters.ts";
import { type LastWrite, openDatabase, openSession } from "../store/database.ts";
import { ExampleStore } from "../store/example-store.ts";
import { JobList, type JobListing } from "../store/job-list.ts";
import { StoredKeys } from "../store/key-store.ts";
import { learnEvaluation } from "../store/learn-evaluation.ts";
import { seedMarket } from "../store/seed-market.ts";
import { fastHandle } from "./fast-lane.ts";
import { type JobRpc, openHandle } from "./job-rpc.ts";
import { readMail } from "./mail.ts";
import { makeJob, namedHome, withinRules } from "./make-job.ts";
import { forgetExamples, forgetMarket, marketSnapshot, viewOf } from "./market-snapshot.ts";
import { reuseJob } from "./reuse-job.ts";
import { forgetTenant, tenantObject } from "./tenant-money.ts";

/** Everything the doors need, wired to the platform. D1 is opened by what reads or writes it: most jobs do neither. */
export function portsOf(env: AtomicEnv, keepAlive: (work: Promise<unknown>) => void): HttpPorts {
  const session = () => openSession(env.DB, lastWrite);
  const secrets = signingSecrets(env);
  return {
    jobs: {
      create: (caller, request, via, name, waitMs = 0) =>
        request.reuseMs === undefined
          ? makeJob(env, secrets.current, { caller, request, via, name, waitMs }, keepAlive)
          : reuseJob(env, secrets.current, caller, request, (asked, home) =>
              makeJob(env, secrets.current, { caller, request: asked, via, name, waitMs }, keepAlive, home),
            ),
      async made({ tenant }, request, name) {
        const home = namedHome(env, tenant, name);
        const object = env.JOB.get(home) as unknown as JobRpc;
        const holds = await object.holds(tenant, await sha256Hex(canonicalRequest(request)));
        return holds ? mintJobId(secrets.current, tenant, home.toString()) : null;
      },
      async open(caller, id) {
        const place = await verifyJobId(secrets, caller.tenant, id);
        if (place === null) return null;
        const fast = readFastPlace(place);
        if (fast === null) return openHandle(env, place, caller.tenant, id);
        const summary = () => new JobList(session().db).one(caller.tenant, id, timeOfKey(fast.key));
        return fastHandle(env, fast, caller, id, summary);
      },
      seal: async (caller, id, createdAtMs) =>
        (await new JobList(session().db).one(caller.tenant, id, createdAtMs))?.seal ?? null,
      chainEnd: (caller) => tenantObject(env, caller.tenant).chainEnd(),
      async list(caller, page) {
        const { status } = page;
        const none = { jobs: [], next: null };
        const [ended, running] = await Promise.all([
          status === "running" ? none : new JobList(session().db).list(caller.tenant, page),
          status === undefined || status === "running"
            ? tenantObject(env, caller.tenant).running(page.limit, page.after)
            : [],
        ]);
        return withRunning(caller.tenant, ended, running, page.limit);
      },
      usage: (caller, months) => new JobList(session().db).usage(caller.tenant, months),
    },
    money: {
      standing: (caller) => tenantObject(env, caller.tenant).standing(),
      months: (caller, limit) => tenantObject(env, caller.tenant).months(limit),
      async setLimits(tenant, limits) {
        const standing = await tenantObject(env, tenant).setLimits(limits);
        forgetTenant(tenant);
        return standing;
      },
    },
    examples: {
      list: ({ tenant }) => new ExampleStore(session().db).list(tenant),
      async forget({ tenant }, which) {
        const { db, wrote } = session();
        const gone = await new ExampleStore(db).forget(tenant, which);
        wrote();
        forgetExamples(tenant);
        return gone;
      },
    },
    rules: {
      of: (tenant) => tenantObject(env, tenant).rules(),
      async set(tenant, rules) {
        await tenantObject(env, tenant).setRules(rules);
        forgetTenant(tenant);
      },
    },
    market: {
      async preview(caller, request) {
        const seed = crypto.getRandomValues(new Uint32Array(1))[0] ?? 1;
        const tenant = tenantObject(env, caller.tenant);
        const [market, { pace }, rules] = await Promise.all([
          marketSnapshot(env, null, keepAlive),
          tenant.standing(),
          tenant.rules(),
        ]);
        const confined = withinRules(request, rules, market.bidders);
        if (confined instanceof AtomicError) throw confined;
        const view = viewOf({ ...market, pacing: pace });
        return previewAuctions(confined, view, Date.now(), seed, isolateFleet);
      },
      promptTokens,
      candidates: async () => (await marketSnapshot(env, null, keepAlive)).bidders,
      async bidders() {
        const { state, bidders } = await marketSnapshot(env, null, keepAlive);
        return bidders.map((bidder) => {
          // What this process knows of it at this moment; another one may know otherwise.
          const now = isolateFleet.look(bidder, 1);
          const busy = now.unavailable !== null || now.load > 0;
          return { ...bidder, standing: standing(state, bidder, Date.now()), ...(busy ? { now } : {}) };
        });
      },
      async profiles() {
        const { state, bidders } = await marketSnapshot(env, null, keepAlive);
        return profilesOf(state, bidders, Date.now());
      },
      counters: () => loadCounters(session().db),
      bidderBody: bidderInputSchema,
      async putBidder(id, body) {
        const read = readBidder(id, body, { near: nearnessOf(env), nowMs: Date.now() });
        if ("code" in read) return read;
        const { db, wrote } = session();
        const refusal = await new BidderStore(db).put(read.bidder, read.endpoint, Date.now());
        wrote();
        forgetMarket();
        return refusal;
      },
      async switchBidder(id, enabled) {
        const { bidders } = await marketSnapshot(env, null, keepAlive);
        if (!bidders.some((bidder) => bidder.id === id)) return false;
        const { db, wrote } = session();
        await new BidderStore(db).switch(id, enabled, Date.now());
        wrote();
        forgetMarket();
        return true;
      },
      async seed(rows) {
        const { bidders } = await marketSnapshot(env, null, keepAlive);
        const { db, wrote } = session();
        const seeded = await seedMarket(db, rows, bidders, Date.now());
        wrote();
        forgetMarket();
        return seeded;
      },
      async evaluate(rows) {
        const { bidders } = await marketSnapshot(env, null, keepAlive);
        const { db, wrote } = session();
        const learned = await learnEvaluation(db, rows, bidders, Date.now());
        wrote();
        forgetMarket();
        return learned;
      },
      async deleteBidder(id) {
        const { bidders } = await marketSnapshot(env, null, keepAlive);
        const { db, wrote } = session();
        const store = new BidderStore(db);
        // An arm is its bidder's: what can be taken back is that it was switched.
        const isArm = bidders.some((bidder) => bidder.id === id && bidder.arm !== undefined);
        const gone = isArm ? await store.forgetSwitch(id) : await store.delete(id);
        wrote();
        forgetMarket();
        return gone;
      },
    },
    access: createAccess({
      operatorKey: env.ATOMIC_API_KEY ?? null,
      local: env.ATOMIC_LOCAL === "1",
      keys: new CachedKeys(keysOf(env, session), keyMemory, () => Date.now()),
      nowMs: () => Date.now(),
      random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
    }),
    webhookSecret: (caller) => tenantWebhookSecret(secrets.current, caller.tenant),
    checkRequest: (request) => checkRequest(request, nearReceivers(env)),
    parseMail: readMail,
    newRequestId: () => crypto.randomUUID(),
  };
}

/** A log is kept for so long. */
const longestWaitMs = 30 * 86_400_000;

/** This isolate's memory: gone with it, and nothing depends on its being there. */
const keyMemory: KeyMemory = new Map();
const lastWrite: LastWrite = { bookmark: null };

/** A replica may not have a key that was made a moment ago elsewhere: before it is refused, the primary is asked. */
function keysOf(env: AtomicEnv, session: () => ReturnType<typeof openSession>): KeyStore {
  return {
    get: async (id) =>
      (await new StoredKeys(session().db).get(id)) ?? (await new StoredKeys(openDatabase(env.DB)).get(id)),
    async put(row) {
      const { db, wrote } = session();
      await new StoredKeys(db).put(row);
      wrote();
    },
    list: (limit) => new StoredKeys(session().db).list(limit),
    async revoke(id, nowMs) {
      const { db, wrote } = session();
      const done = await new StoredKeys(db).revoke(id, nowMs);
      wrote();
      return done;
    },
  };
}

/** One page of ended and running jobs, newest first; a job that is in both lists has ended. */
function withRunning(tenant: string, ended: JobListing, running: RunningJob[], limit: number): JobListing {
  const known = new Set(ended.jobs.map((job) => job.id));
  const now = running.filter((job) => !known.has(job.id)).map((job) => runningSummary(tenant, job));
  const jobs = [...ended.jobs, ...now].sort(newestFirst).slice(0, limit);
  const last = jobs.at(-1);
  return { jobs, next: jobs.length < limit || last === undefined ? ended.next : last };
}

/** Contracts and plans are checked at the border, before anything is acknowledged. */
function checkRequest(request: JobRequest, near: NearReceivers): Refusal | null {
  const target = request.webhook === undefined ? null : checkWebhookTarget(request.webhook.url, near);
  if (target !== null) return target;
  const refusal =
    checkContract(request.contract) ?? checkTools(request) ?? checkLane(request) ?? checkImages(request, isPublicUrl);
  if (refusal !== null) return refusal;
  if (typeof request.plan !== "object") return null;
  for (const [i, { contract, wait }] of request.plan.microtasks.entries()) {
    if (wait !== undefined && "untilMs" in wait && wait.untilMs > Date.now() + longestWaitMs)
      return {
        code: "invalid-plan",
        field: `plan.microtasks[${i}].wait.untilMs`,
        message: "A microtask waits for 30 days at most. Give a nearer time, in epoch milliseconds.",
      };
    const wrong = checkContract(contract);
    if (wrong !== null) return { ...wrong, field: `plan.microtasks[${i}].${wrong.field ?? "contract"}` };
  }
  return null;
}
