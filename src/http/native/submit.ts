import type { Hono } from "hono";
import { AtomicError } from "../../error.ts";
import type { JobRequest } from "../../plan/job-request.ts";
import { admit } from "../admit.ts";
import type { AppEnv } from "../app-env.ts";
import { awaitJob, longestCallMs } from "../await-job.ts";
import { Disconnect } from "../disconnect.ts";
import { idempotencyName, replayed } from "../idempotency-key.ts";
import type { HttpPorts } from "../ports.ts";
import { maxMailBytes, readBytes, readJobJson } from "../read-body.ts";
import { keyOrReuse, refuseReuse } from "../refuse-reuse.ts";
import { requireWait } from "../require-wait.ts";
import { submitJob } from "../submit-job.ts";
import { parseInput } from "../zod-refusal.ts";
import { jobBody } from "./job-body.ts";
import { jobRequestOf, mailInput, withInput } from "./job-request.ts";
import { linksOf } from "./links.ts";

const longestWaitS = 300;

/** `POST /v1/jobs`: 202 with the job's links, or, when asked to wait and the job ends in time, 200 with its view. */
export function submitRoute(app: Hono<AppEnv>, ports: HttpPorts): void {
  app.post("/v1/jobs", async (c) => {
    const type = (c.req.header("content-type") ?? "").split(";")[0]?.trim().toLowerCase();
    const name = idempotencyName(c.req.header("idempotency-key"));
    const waitS = readWait(c.req.query("wait"), c.req.header("prefer"));
    let request: JobRequest;
    if (type === "message/rfc822") {
      // One byte more than a mail may have: the parser sees that it is over the limit, and the job says so.
      const { bytes } = await readBytes(c.req, maxMailBytes + 1);
      request = withInput({}, await mailInput(bytes, ports.parseMail));
    } else request = await jobRequestOf(parseInput(jobBody, await readJobJson(c.req)), ports.parseMail);
    const caller = c.get("caller");
    const admission = async () => {
      await admit(request, ports, caller.tenant);
      requireWait(request, { waits: waitS > 0, named: name !== null }, "lane", "add ?wait=true");
      if (name !== null) refuseReuse(request, "reuseMs", keyOrReuse);
    };

    const untilMs = Date.now() + waitS * 1000;
    // A job that its client's leaving cancels must be known by its id before it is waited for.
    const waitMs = request.cancelOnDisconnect ? 0 : Math.min(waitS * 1000, longestCallMs);
    const made = await submitJob(ports, { caller, request, via: "http", name, waitMs }, admission);
    const { id, repeated, reused } = made;
    const links = linksOf(id);
    const headers = {
      location: links.self,
      "atomic-job-id": id,
      ...replayed(repeated),
      ...(reused ? { "atomic-reused": "true" } : {}),
    };
    if (made.view !== null) return c.json({ ...made.view, links }, 200, headers);
    const open = () => ports.jobs.open(caller, id);
    const leftMs = untilMs - Date.now();
    if (waitS > 0 && leftMs > 0) {
      const gone = new Disconnect(c, open, request.cancelOnDisconnect);
      const timer = setTimeout(() => gone.end(), leftMs);
      try {
        const view = await awaitJob(open, gone.signal);
        if (view !== null) return c.json({ ...view, links }, 200, headers);
      } finally {
        clearTimeout(timer);
        gone.end();
      }
    }
    const status = repeated || reused ? (await (await open())?.view())?.status : "running";
    return c.json({ id, status: status ?? "running", links }, 202, headers);
  });
}

/** `?wait=true|N` or `Prefer: wait=N` (RFC 7240), in seconds. The query wins. */
function readWait(query: string | undefined, prefer: string | undefined): number {
  if (query === undefined) {
    const asked = /(?:^|[,;\s])wait=(\d{1,6})(?:$|[,;\s])/.exec(prefer ?? "");
    return Math.min(longestWaitS, Number(asked?.[1] ?? 0));
  }
  if (query === "" || query === "true") return longestWaitS;
  if (query === "false") return 0;
  if (/^\d{1,6}$/.test(query)) return Math.min(longestWaitS, Number(query));
  throw new AtomicError("invalid-request", '"wait" must be true, false or a number of seconds.', { field: "wait" });
}
