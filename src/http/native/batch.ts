import type { Hono } from "hono";
import { z } from "zod";
import { AtomicError } from "../../error.ts";
import type { JobRequest } from "../../plan/job-request.ts";
import { admit } from "../admit.ts";
import type { AppEnv } from "../app-env.ts";
import { InputError, problemOf } from "../error-response.ts";
import { idempotencyName } from "../idempotency-key.ts";
import type { Caller, HttpPorts } from "../ports.ts";
import { readJson } from "../read-body.ts";
import { refuseReuse } from "../refuse-reuse.ts";
import { requireWait } from "../require-wait.ts";
import { madeBefore, submitJob } from "../submit-job.ts";
import { parseInput } from "../zod-refusal.ts";
import { jobBody } from "./job-body.ts";
import { jobRequestOf } from "./job-request.ts";
import { linksOf } from "./links.ts";

export const maxBatchItems = 100;
/** As documents tell it; items are checked one by one, so that what is wrong with one names it. */
export const batchBody = z.strictObject({ jobs: z.array(jobBody).min(1).max(maxBatchItems) });

const maxBatchBytes = 8_000_000;
/** Jobs being made at a time: a Worker may have six requests waiting for headers. */
const atATime = 6;

type Known = { id: string; repeated: boolean };
type Made = Known | { error: object };
/** What is to be made, or the job that it was made into before and would not be today. */
type Checked = { request: JobRequest } | Known;
const admitted = async () => {};

/**
 * `POST /v1/jobs:batch`: up to 100 bodies of `POST /v1/jobs` as `{"jobs": [...]}`. All are checked before the first is
 * made. Each has its own name, made of the batch's idempotency key and its index: a repeat of the batch makes only the
 * jobs that are missing.
 */
export function batchRoute(app: Hono<AppEnv>, ports: HttpPorts): void {
  app.post("/v1/jobs%3Abatch", async (c) => {
    const given = c.req.header("idempotency-key");
    const key = given ?? ports.newRequestId();
    idempotencyName(key);
    const nameOf = (index: number) => `batch/${key}/${index}`;
    const items = itemsOf(await readJson(c.req, maxBatchBytes));
    const checked: Checked[] = [];
    const caller = c.get("caller");
    for (const [index, item] of items.entries())
      checked.push(await check(item, index, ports, caller, given === undefined ? null : nameOf(index)));

    const results: Made[] = [];
    let next = 0;
    const make = async () => {
      for (let index = next++; index < checked.length; index = next++) {
        const one = checked[index];
        if (one === undefined) return;
        try {
          results[index] =
            "id" in one ? one : await submitJob(ports, { caller, ...one, via: "http", name: nameOf(index) }, admitted);
        } catch (error) {
          const known = error instanceof AtomicError ? error : unknown();
          results[index] = { error: problemOf(known, c.get("requestId")) };
        }
      }
    };
    await Promise.all(Array.from({ length: atATime }, make));
    const jobs = results.map((made, index) =>
      "error" in made ? { index, ...made } : { index, id: made.id, repeated: made.repeated, links: linksOf(made.id) },
    );
    // 207: some of them are jobs now and some are not; the same key posted again makes the rest.
    return c.json({ idempotencyKey: key, jobs }, jobs.some((job) => "error" in job) ? 207 : 202);
  });
}

/** A field that is not known may be a key that was meant to keep a retry from making the jobs again. */
const envelope = z.strictObject({ jobs: z.unknown() });

function itemsOf(body: unknown): unknown[] {
  if (typeof body === "object" && body !== null && "jobs" in body) parseInput(envelope, body);
  const jobs = typeof body === "object" && body !== null && "jobs" in body ? body.jobs : undefined;
  if (!Array.isArray(jobs) || jobs.length === 0)
    throw new AtomicError("invalid-request", 'A batch is {"jobs": [...]} with 1 to 100 bodies of POST /v1/jobs.', {
      field: "jobs",
    });
  if (jobs.length > maxBatchItems)
    throw new AtomicError(
      "too-large",
      `A batch has at most ${maxBatchItems} jobs, this one has ${jobs.length}. Send several.`,
      { field: "jobs" },
    );
  return jobs;
}

/** One item's request; what is wrong with it names the item. `name`: under which it may have been made before. */
async function check(
  item: unknown,
  index: number,
  ports: HttpPorts,
  caller: Caller,
  name: string | null,
): Promise<Checked> {
  const at = (field: string | undefined) =>
    field === undefined || field === "" ? `jobs[${index}]` : `jobs[${index}].${field}`;
  try {
    const request = await jobRequestOf(parseInput(jobBody, item), ports.parseMail);
    try {
      await admit(request, ports, caller.tenant);
      requireWait(request, { waits: false, named: false }, "lane", "post it by itself");
      refuseReuse(request, "reuseMs", "Each item of a batch is a job of its own. Leave it out, or post it by itself.");
    } catch (refusal) {
      const id = await madeBefore(ports, caller, request, name, refusal);
      if (id === null) throw refusal;
      return { id, repeated: true };
    }
    return { request };
  } catch (error) {
    if (error instanceof InputError)
      throw new InputError(
        { code: error.code, message: error.message, field: at(error.field) },
        error.faults.map((fault) => ({ ...fault, field: at(fault.field) })),
      );
    if (error instanceof AtomicError)
      throw new AtomicError(error.code, error.message, { field: at(error.field), reason: error.reason });
    throw error;
  }
}

const unknown = () => new AtomicError("internal", "This job could not be made. Post the batch again with its key.");
