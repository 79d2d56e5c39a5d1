import type { TenantObject } from "../../durable-objects/tenant.ts";
import { mintJobId } from "../access/job-id.ts";
import { sha256Hex } from "../access/mac.ts";
import type { AtomicEnv } from "../env.ts";
import type { Caller, Submitted } from "../http/ports.ts";
import { canonicalRequest } from "../plan/canonical-request.ts";
import type { JobRequest } from "../plan/job-request.ts";
import type { JobRpc } from "./job-rpc.ts";
import { locationHint } from "./location.ts";
import type { ReuseHome } from "./make-job.ts";
import { tenantObject } from "./tenant-money.ts";

type Claimed = Awaited<ReturnType<TenantObject["claim"]>>;

/** Whoever claimed a place has so long to make its job; then it died, and another makes it there, ms. */
const makingMs = 10_000;
/** So many jobs may turn out not to do, each made after the one before; then one is made that nobody else is given. */
const mostClaims = 4;

/**
 * The job that the very same request of this tenant made less than `reuseMs` ago, where its answer will do, without
 * money and not counted; else a new one, by `make`, at a place that was claimed for all who ask the same.
 *
 * Who claims the place makes the job, others wait until it is there. A job is made at its place as under a name: once,
 * whoever comes first. So when who claimed it dies or is refused, the next one makes it, or is refused by itself.
 */
export async function reuseJob(
  env: AtomicEnv,
  secret: string,
  caller: Caller,
  { reuseMs = 0, ...request }: JobRequest,
  make: (request: JobRequest, home: ReuseHome) => Promise<Submitted>,
): Promise<Submitted> {
  const { tenant } = caller;
  const hint = locationHint(caller.place);
  const hash = await sha256Hex(canonicalRequest(request));
  let not: string | null = null;
  for (let claims = 0; ; claims++) {
    const own = env.JOB.newUniqueId().toString();
    const claim = { hash, place: own, reuseMs, not };
    // Without its tenant's word a job is made all the same: at a place that nobody else knows.
    const claimed: Claimed | null =
      claims < mostClaims
        ? await tenantObject(env, tenant)
            .claim(claim)
            .catch(() => null)
        : null;
    const place: string = claimed?.place ?? own;
    const home = env.JOB.idFromString(place);
    const object = () => env.JOB.get(home, hint === null ? {} : { locationHint: hint }) as unknown as JobRpc;
    const found = async (waitMs: number) => await object().reusable(tenant, hash, waitMs);
    const reused = async (): Promise<Submitted> => ({
      id: await mintJobId(secret, tenant, place),
      repeated: false,
      reused: true,
      view: null,
    });
    const waitMs = Math.max(0, makingMs - (claimed?.ageMs ?? 0));
    // A job that cannot be read, its object's newer code being gone, will not do.
    const known = place === own ? "none" : await found(waitMs).catch(() => found(waitMs).catch(() => "spent" as const));
    if (known === "reusable") return await reused();
    if (known === "none")
      try {
        return await make(request, { home, hash, rules: claimed?.rules ?? null });
      } catch (error) {
        // Who came beside may have been let in.
        const now = await found(0).catch(() => "none" as const);
        if (now === "reusable") return await reused();
        if (now === "none" || claimed === null) {
          await object()
            .unmade()
            .catch(() => {});
          throw error;
        }
      }
    not = place;
  }
}
