import type { z } from "zod";
import { jobStatuses } from "../../job/job.ts";
import { approvalBody } from "../native/approvals.ts";
import { batchBody } from "../native/batch.ts";
import { feedbackBody } from "../native/feedback.ts";
import { jobBody } from "../native/job-body.ts";
import { keyBody } from "../native/keys.ts";
import { limitsBody, usageBody } from "../native/money.ts";
import { rulesBody } from "../native/rules.ts";
import { evaluationBody, seedBody } from "../native/seed.ts";
import { chatBody } from "../openai/chat-body.ts";
import { responsesBody } from "../openai/responses-body.ts";
import { acceptedAnswer, chainAnswer, explainAnswer, jobAnswer, listAnswer, sealAnswer } from "./answer-bodies.ts";

/** One route, as the document tells it. */
export interface Operation {
  method: "get" | "post" | "put" | "delete";
  /** With parameters in braces. */
  path: string;
  tag: "jobs" | "market" | "money" | "access" | "openai";
  summary: string;
  /** The operator's key is needed. */
  operator?: true;
  body?: { name: string; schema: z.ZodType } | "bidder" | "mail-or-job";
  /** Query and header parameters: name, and what it is. */
  query?: Record<string, string>;
  headers?: Record<string, string>;
  answers: Record<number, Answer>;
}

/** What a success is; `schema`: of its JSON. */
export type Answer = { says: string; name?: string; schema?: z.ZodType; type?: string };

const job: Answer = { says: "The job.", name: "Job", schema: jobAnswer };
const made: Answer = { says: "The job is on disk and goes on.", name: "JobAccepted", schema: acceptedAnswer };
const json = (says: string): Answer => ({ says });
const text = (says: string, type: string): Answer => ({ says, type });
const none: Answer = { says: "Done.", type: "" };
const named = { "Idempotency-Key": "The same key and body are the same job; another body is 422." };

const listQuery = {
  limit: "1 to 200; default 50.",
  before: 'The "next" of the page before.',
  status: `One of ${jobStatuses.join(", ")}: only those. A page may be short and yet have a next one.`,
};

/** Every route of the API; a test holds it against the routes there are. */
export const operations: Operation[] = [
  {
    method: "post",
    path: "/v1/jobs",
    tag: "jobs",
    summary: "Make a job, and wait for its end if you like.",
    body: "mail-or-job",
    query: { wait: "true, or seconds: answers with the job when it ends in time." },
    headers: { ...named, Prefer: 'wait=N (RFC 7240): the same as "wait".' },
    answers: { 200: job, 202: made },
  },
  {
    method: "post",
    path: "/v1/jobs:batch",
    tag: "jobs",
    summary: "Make up to 100 jobs.",
    body: { name: "Batch", schema: batchBody },
    headers: named,
    answers: { 202: json("All are jobs."), 207: json("Some are; the same key posted again makes the rest.") },
  },
  {
    method: "get",
    path: "/v1/jobs",
    tag: "jobs",
    summary: "Your jobs, newest first.",
    query: listQuery,
    answers: { 200: { says: "A page of jobs.", name: "JobList", schema: listAnswer } },
  },
  { method: "get", path: "/v1/jobs/{id}", tag: "jobs", summary: "A job as it is now.", answers: { 200: job } },
  {
    method: "get",
    path: "/v1/jobs/{id}/events",
    tag: "jobs",
    summary: "A job's log as server-sent events: what was, then what comes.",
    query: { after: "Only events after this number." },
    headers: { "Last-Event-ID": "The same, as browsers send it." },
    answers: { 200: text("Events; each id is the number of its event.", "text/event-stream"), 204: none },
  },
  {
    method: "get",
    path: "/v1/jobs/{id}/explain",
    tag: "jobs",
    summary: "Why it went as it did: bids, line-ups, verdicts, what losers would have cost.",
    answers: { 200: { says: "Sentences and numbers.", name: "Explanation", schema: explainAnswer } },
  },
  {
    method: "get",
    path: "/v1/jobs/{id}/summary",
    tag: "jobs",
    summary: "Facts of a job without its content; they outlive its log.",
    answers: { 200: json("The job as lists show it.") },
  },
  {
    method: "get",
    path: "/v1/jobs/{id}/seal",
    tag: "jobs",
    summary: "What was recorded of the job's log when it settled, outside its object.",
    answers: {
      200: {
        says: "SHA-256 of the log's first events, as /events gives their data, each ended by a line feed.",
        name: "Seal",
        schema: sealAnswer,
      },
    },
  },
  {
    method: "get",
    path: "/v1/chain",
    tag: "jobs",
    summary: "Where your chain of seals ends: each seal's place is in lists, and follows from the one before.",
    answers: { 200: { says: "To be compared with the list, and kept.", name: "Chain", schema: chainAnswer } },
  },
  {
    method: "get",
    path: "/v1/tenants/{tenant}/jobs",
    tag: "jobs",
    summary: "A tenant's jobs, newest first: facts and seals, no content.",
    operator: true,
    query: listQuery,
    answers: { 200: { says: "A page of jobs.", name: "JobList", schema: listAnswer } },
  },
  {
    method: "get",
    path: "/v1/tenants/{tenant}/chain",
    tag: "jobs",
    summary: "Where a tenant's chain of seals ends.",
    operator: true,
    answers: { 200: { says: "To be compared with the list, and kept.", name: "Chain", schema: chainAnswer } },
  },
  {
    method: "post",
    path: "/v1/jobs/{id}/cancel",
    tag: "jobs",
    summary: "Cancel a job; again is no fault. One that has ended otherwise stays as it is: 409.",
    answers: { 202: json("What the job is now.") },
  },
  {
    method: "delete",
    path: "/v1/jobs/{id}",
    tag: "jobs",
    summary: "Delete what an ended job holds of texts, before its retention ends. Its summary and its costs stay.",
    answers: { 204: none },
  },
  {
    method: "post",
    path: "/v1/jobs/{id}/approvals/{microtask}",
    tag: "jobs",
    summary: "A person's word on a microtask that waits for it, once.",
    body: { name: "Approval", schema: approvalBody },
    answers: { 202: json("Taken.") },
  },
  {
    method: "get",
    path: "/v1/jobs/{id}/ledger",
    tag: "money",
    summary: "Costs of attempts and charges of microtasks.",
    answers: { 200: json("Entries, each with its key.") },
  },
  {
    method: "get",
    path: "/v1/jobs/{id}/ledger.csv",
    tag: "money",
    summary: "The same as CSV.",
    answers: { 200: text("One line an entry.", "text/csv") },
  },
  {
    method: "put",
    path: "/v1/jobs/{id}/attempts/{attempt}/usage",
    tag: "money",
    summary: "The provider's own record of what an attempt used, in the place of what was counted or bounded.",
    operator: true,
    body: { name: "Usage", schema: usageBody },
    answers: { 204: none },
  },
  {
    method: "get",
    path: "/v1/budget",
    tag: "money",
    summary: "This month: spent, held by running jobs, left.",
    answers: { 200: json("Amounts in US dollars.") },
  },
  {
    method: "get",
    path: "/v1/tenants/{tenant}/budget",
    tag: "money",
    summary: "A tenant's month and its caps.",
    operator: true,
    answers: { 200: json("Amounts in US dollars.") },
  },
  {
    method: "put",
    path: "/v1/tenants/{tenant}/budget",
    tag: "money",
    summary: "Caps of a tenant, and the mean time its jobs should take.",
    operator: true,
    body: { name: "Limits", schema: limitsBody },
    answers: { 200: json("The tenant's month.") },
  },
  {
    method: "get",
    path: "/v1/tenants/{tenant}/rules",
    tag: "access",
    summary: "What all jobs of a tenant are confined to.",
    operator: true,
    answers: { 200: json("Allowed bidders, region, retention.") },
  },
  {
    method: "put",
    path: "/v1/tenants/{tenant}/rules",
    tag: "access",
    summary: "Confines all new jobs of a tenant: here at once, everywhere within 10 s. Replaces what was set.",
    operator: true,
    body: { name: "Rules", schema: rulesBody },
    answers: { 200: json("What holds now.") },
  },
  {
    method: "get",
    path: "/v1/usage",
    tag: "money",
    summary: "What your jobs cost and what cutting losers saved, by month.",
    query: { months: "1 to 120; default 12." },
    answers: { 200: json("Newest month first.") },
  },
  {
    method: "get",
    path: "/v1/usage.csv",
    tag: "money",
    summary: "Costs and charges by month, as CSV.",
    answers: { 200: text("One line a month.", "text/csv") },
  },
  {
    method: "post",
    path: "/v1/feedback",
    tag: "market",
    summary: "Say what an answer was worth: the market learns.",
    body: { name: "Feedback", schema: feedbackBody },
    answers: { 202: json("Taken; it counts once a microtask.") },
  },
  {
    method: "post",
    path: "/v1/auctions/preview",
    tag: "market",
    summary: "Who would win, and why. Nothing is run.",
    body: { name: "JobRequest", schema: jobBody },
    answers: { 200: json("One decision a microtask.") },
  },
  {
    method: "get",
    path: "/v1/bidders",
    tag: "market",
    summary: "Who bids, with calibration and standing.",
    answers: { 200: json("All bidders.") },
  },
  {
    method: "get",
    path: "/v1/bidders/{id}",
    tag: "market",
    summary: "One bidder; its id is provider/model.",
    answers: { 200: json("The bidder.") },
  },
  {
    method: "put",
    path: "/v1/bidders/{id}",
    tag: "market",
    summary: "Add a bidder, or change it; {enabled} alone switches any on or off.",
    operator: true,
    body: "bidder",
    answers: { 200: json("It bids from now on, within 10 s everywhere.") },
  },
  {
    method: "delete",
    path: "/v1/bidders/{id}",
    tag: "market",
    summary: "Remove a bidder that was added.",
    operator: true,
    answers: { 204: none },
  },
  {
    method: "get",
    path: "/v1/market",
    tag: "market",
    summary: "What was learned, by kind, context and bidder.",
    operator: true,
    answers: { 200: json("Beliefs, and how far claims came true.") },
  },
  {
    method: "post",
    path: "/v1/market/priors",
    tag: "market",
    summary: "What is known from elsewhere, before the market has seen anything.",
    operator: true,
    body: { name: "Priors", schema: seedBody },
    answers: { 200: json("How many rows were taken, and which were refused and why.") },
  },
  {
    method: "post",
    path: "/v1/market/evaluations",
    tag: "market",
    summary: "How bidders did on inputs that were put to them elsewhere.",
    operator: true,
    body: { name: "Evaluation", schema: evaluationBody },
    answers: { 200: json("How many rows were learned, how many were known, and which were refused and why.") },
  },
  {
    method: "get",
    path: "/v1/webhook-secret",
    tag: "access",
    summary: "What the receiver of your webhooks checks signatures with.",
    answers: { 200: json("The secret.") },
  },
  {
    method: "post",
    path: "/v1/keys",
    tag: "access",
    summary: "A key for a tenant. It is shown once.",
    operator: true,
    body: { name: "KeyRequest", schema: keyBody },
    answers: { 201: json("The key.") },
  },
  {
    method: "get",
    path: "/v1/keys",
    tag: "access",
    summary: "Keys, newest first, revoked ones too: whose they are and since when. The newest 1,000.",
    operator: true,
    answers: { 200: json("Keys without their secrets.") },
  },
  {
    method: "delete",
    path: "/v1/keys/{id}",
    tag: "access",
    summary: "Revoke a key.",
    operator: true,
    answers: { 204: none },
  },
  {
    method: "post",
    path: "/v1/chat/completions",
    tag: "openai",
    summary: "OpenAI's chat completions: streamed or not, tools, structured output.",
    body: { name: "ChatCompletion", schema: chatBody },
    headers: named,
    answers: { 200: json("A chat.completion, or server-sent chunks of one.") },
  },
  {
    method: "post",
    path: "/v1/responses",
    tag: "openai",
    summary: "OpenAI's responses. One in the background is a job: poll it, stream it, cancel it.",
    body: { name: "ResponseRequest", schema: responsesBody },
    headers: named,
    answers: { 200: json("A response, or server-sent events of one.") },
  },
  {
    method: "get",
    path: "/v1/responses/{id}",
    tag: "openai",
    summary: "A response as it is now, or its events.",
    query: { stream: "true: server-sent events.", starting_after: "Only events after this sequence number." },
    answers: { 200: json("A response.") },
  },
  {
    method: "post",
    path: "/v1/responses/{id}/cancel",
    tag: "openai",
    summary: "Cancel a response in the background.",
    answers: { 200: json("The response as it is now.") },
  },
  {
    method: "delete",
    path: "/v1/responses/{id}",
    tag: "openai",
    summary: "Delete a response before its retention ends.",
    answers: { 200: json("It is deleted.") },
  },
  {
    method: "get",
    path: "/v1/responses/{id}/input_items",
    tag: "openai",
    summary: "What a response was asked.",
    answers: { 200: json("A list of items.") },
  },
  {
    method: "get",
    path: "/v1/models",
    tag: "openai",
    summary: "Names to ask for: atomic, its policies, and each bidder.",
    answers: { 200: json("A list of models.") },
  },
  {
    method: "get",
    path: "/v1/models/{id}",
    tag: "openai",
    summary: "One of them.",
    answers: { 200: json("A model.") },
  },
];
