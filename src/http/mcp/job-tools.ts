import type { CallToolResult, McpServer, ServerContext } from "@modelcontextprotocol/server";
import { z } from "zod";
import { acceptedText } from "../../job/accepted-text.ts";
import type { JobView } from "../../job/job-view.ts";
import { formatUsd, fromUsd } from "../../money/nano-usd.ts";
import type { JobRequest } from "../../plan/job-request.ts";
import { admit } from "../admit.ts";
import { cancelJob } from "../cancel-job.ts";
import { followJob } from "../follow-job.ts";
import { feedbackBody, giveFeedback } from "../native/feedback.ts";
import { jobBody } from "../native/job-body.ts";
import { jobRequestOf } from "../native/job-request.ts";
import { linksOf } from "../native/links.ts";
import { openJob } from "../open-job.ts";
import { requireWrite } from "../require-write.ts";
import { progressOf } from "./progress.ts";
import { type Acting, answerOrRefusal, told } from "./tool-result.ts";

/** Clients give a call up after 60 s unless they are told otherwise. */
const defaultWaitS = 50;

const waitBody = z
  .int()
  .min(0)
  .max(300)
  .default(defaultWaitS)
  .describe("Seconds to wait for the answer; a job that takes longer goes on, and get_job has it later.");

/** What a tool may say of a job. */
export const toolJobBody = jobBody
  .pick({
    text: true,
    instruction: true,
    kind: true,
    labels: true,
    context: true,
    contract: true,
    valueUsd: true,
    budgetUsd: true,
    deadlineMs: true,
    policy: true,
    effort: true,
    strategy: true,
    bidders: true,
    judges: true,
    noRetention: true,
    region: true,
    redact: true,
    examples: true,
  })
  .required({ text: true });

const mailBody = z.strictObject({
  email: z.string().min(1).max(1_000_000).describe("The raw mail, RFC 5322, headers and all."),
  waitS: waitBody,
});
const idBody = z.strictObject({ job: z.string().min(1).max(200).describe("The job's id: job_...") });

const jobResult = z.object({
  job: z.string(),
  status: z.string(),
  answer: z.unknown().describe("Text, or the value that fits the schema; null: none (yet)."),
  unsure: z.array(z.object({ part: z.string(), why: z.string() })),
  winners: z.array(z.object({ microtask: z.string(), bidder: z.string().nullable() })),
  costUsd: z.number(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  page: z.string().describe("Where a person can look at it, on this server."),
});

/** Jobs, their answers, reasons and ends. */
export function addJobTools(server: McpServer, acting: Acting): void {
  const { ports, caller } = acting;

  server.registerTool(
    "ask",
    {
      title: "Ask the market",
      description:
        "Gives a text to the market of models and returns the accepted answer. Say what to do in `instruction` or by `kind`; `contract` (JSON Schema, criteria, criteria in words) is what the answer is held to.",
      inputSchema: toolJobBody.extend({ waitS: waitBody }),
      outputSchema: jobResult,
      annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
    },
    ({ waitS, ...body }, context) =>
      answerOrRefusal(acting, async () => run(await jobRequestOf(body, ports.parseMail), waitS, context)),
  );

  server.registerTool(
    "triage_mail",
    {
      title: "Triage a mail",
      description:
        "Reads a raw mail: its language, spam or ham, sentiment, whether it asks for something, entities, a summary and a draft of a reply where models can write them.",
      inputSchema: mailBody,
      outputSchema: jobResult,
      annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
    },
    ({ email, waitS }, context) =>
      answerOrRefusal(acting, async () => run(await jobRequestOf({ email }, ports.parseMail), waitS, context)),
  );

  server.registerTool(
    "get_job",
    {
      title: "Look at a job",
      description: "The state of a job and, when it has ended, its answer.",
      inputSchema: idBody,
      outputSchema: jobResult,
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    ({ job }) => answerOrRefusal(acting, async () => resultOf(await (await openJob(ports, caller, job, "job")).view())),
  );

  server.registerTool(
    "explain_job",
    {
      title: "Why this model?",
      description: "Why a job went as it did: who bid what, who won and why, what the others would have cost.",
      inputSchema: idBody,
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    ({ job }) =>
      answerOrRefusal(acting, async () => {
        const { sentences, microtasks } = await (await openJob(ports, caller, job, "job")).explain();
        const parts = microtasks.map((m) => [`${m.id} (${m.kind}):`, ...m.sentences].join("\n"));
        return told([sentences.join("\n"), ...parts].join("\n\n"));
      }),
  );

  server.registerTool(
    "cancel_job",
    {
      title: "Cancel a job",
      description: "Stops a running job: its models are cut. What they cost until then stays billed.",
      inputSchema: idBody,
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
    },
    ({ job }) =>
      answerOrRefusal(acting, async () => {
        requireWrite(caller);
        const { status } = await cancelJob(ports, caller, job, "job");
        return told(`The job is ${status}.`);
      }),
  );

  server.registerTool(
    "rate_answer",
    {
      title: "Rate an answer",
      description:
        "Says whether a job's answer was right: `good`, or for a closed question the right `label`. The market learns from it.",
      inputSchema: feedbackBody,
      annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    },
    (body) =>
      answerOrRefusal(acting, async () => {
        requireWrite(caller);
        await giveFeedback(ports, caller, body);
        return told("Recorded.");
      }),
  );

  /** Until the job ends, `waitS` are over or its client cancels (it closes the call), which cancels the job. */
  async function run(request: JobRequest, waitS: number, { mcpReq }: ServerContext): Promise<CallToolResult> {
    requireWrite(caller);
    await admit(request, ports, caller.tenant);
    const { id } = await ports.jobs.create(caller, request, "http");
    const answered = waitFor(id, waitS, mcpReq);
    acting.keepAlive(answered.catch(() => {}));
    return answered;
  }

  async function waitFor(id: string, waitS: number, mcpReq: ServerContext["mcpReq"]): Promise<CallToolResult> {
    const open = () => ports.jobs.open(caller, id);
    const enough = new AbortController();
    const timer = setTimeout(() => enough.abort(), waitS * 1000);
    const progress = progressOf(mcpReq);
    try {
      const events = followJob(open, AbortSignal.any([enough.signal, mcpReq.signal]));
      for await (const event of events) if (event !== null) await progress(event);
    } finally {
      clearTimeout(timer);
    }
    const handle = await openJob(ports, caller, id, "job");
    if (mcpReq.signal.aborted) await handle.cancel("disconnect");
    return resultOf(await handle.view());
  }
}

function resultOf({ id, status, answer, error, costUsd, microtasks }: JobView): CallToolResult {
  const value = answer === null ? null : (answer.value ?? answer.text);
  const text = answer === null ? "" : acceptedText(answer);
  const by = [...new Set(microtasks.flatMap((m) => (m.winner === null ? [] : [m.winner])))].join(", ");
  const facts = `[${id} ${status}${by === "" ? "" : `, by ${by}`}, cost ${formatUsd(fromUsd(costUsd))}${status === "running" ? "; get_job has the answer later" : ""}]`;
  const data = {
    job: id,
    status,
    answer: value,
    unsure: answer?.unsure ?? [],
    winners: microtasks.map((m) => ({ microtask: m.id, bidder: m.winner })),
    costUsd,
    error: error === null ? null : { code: error.code, message: error.message },
    page: linksOf(id).page,
  };
  const result = told([text, error?.message ?? "", facts].filter((part) => part !== "").join("\n\n"), data);
  return status === "failed" || status === "parked" ? { ...result, isError: true } : result;
}
