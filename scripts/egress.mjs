// Stands between the Worker and the network where `npm run serve -- --egress` confines it: every request that leaves
// goes through here, whatever a job, a bidder or a webhook names. HOSTS: "name" or "name:port", lower case.
import { WorkerEntrypoint } from "cloudflare:workers";

export class Outbound extends WorkerEntrypoint {
  async fetch(request) {
    const { host } = new URL(request.url);
    if (this.env.HOSTS.includes(host)) return fetch(request);
    console.error(JSON.stringify({ event: "egress-refused", host }));
    // An answer, not a throw: a broken connection would be tried again, and billed by its bound though nothing left.
    return Response.json(
      { error: { code: "egress_refused", message: `--egress does not name ${host}.` } },
      { status: 403, headers: { "atomic-egress": "refused" } },
    );
  }
}

// Whoever reaches this Worker by its name is not the other one.
export default { fetch: () => new Response(null, { status: 404 }) };
