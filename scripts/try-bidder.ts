import type { JobView } from "../src/job/job-view.ts";
import { type Api, Refused } from "./api.ts";

/** Enough for a word of an answer; not for much thinking. */
const tryTokens = 64;
/** A local server's first call loads its model. Below the time that a call of this client may take. */
const deadlineMs = 100_000;
/** Others of the server's processes hear of a new bidder within this. */
const knownWithinMs = 12_000;

/** What the first word of a failure's reason means to whoever added the bidder. */
const advice: Record<string, string> = {
  "connection-lost":
    "Nothing answers there, or it hung up. Check the host and port of --base-url, that the server runs, and that this one may reach it.",
  "connect-timeout": "No answer came in time. Check the host of --base-url, and whether the server is still loading.",
  "first-token-timeout":
    "It took the call, and no text came in time. A first call may load the model: try once more when it has.",
  "stall-timeout": "It stopped in the middle of its answer. Look at the server.",
  "total-timeout": "It did not come to an end in time. Look at the server: is it busy, or the model too large for it?",
  "rate-limited": "It takes no more calls now: too many, or its quota is used up.",
  overloaded: "It is overloaded. Try once more later.",
  "server-error": "The provider failed. Look at its log, or try once more later.",
  "malformed-stream": "What answers there does not speak this API. Check --base-url (most end in /v1) and --type.",
  unauthorized: "Set that secret where the server runs (see --secret), and start the server again.",
  "error-frame": "It began and then sent an error. Look at its log.",
  "client-error": "It does not take the call. Check --type, --base-url and --model.",
};

/** A bidder that was tried and did not answer: why, and what to check. */
export class TryFailed extends Error {}

/**
 * Puts one small job to this bidder alone, and says how long it took and what it cost. Throws `TryFailed` with one plain
 * line when it gave no answer. `added`: just now, so that the server may not know of it yet.
 */
export async function tryBidder(api: Api, id: string, added: boolean): Promise<string> {
  const job = await put(api, id, added ? Date.now() + knownWithinMs : 0);
  if (job.status === "running")
    throw new TryFailed(`${id} has not answered yet. See npm run replay -- ${job.id}, or try once more later.`);
  const attempts = job.microtasks.flatMap((m) => m.attempts);
  const last = attempts.at(-1);
  const cost = `$${job.costUsd.toFixed(9).replace(/\.?0+$/, "")}`;
  if (job.status === "succeeded")
    return `${id} was tried and answers: ${last?.totalMs ?? 0} ms, first token after ${last?.firstTokenMs ?? 0} ms, ${cost}.`;
  const said = job.error?.message ?? job.status;
  if (last?.failure === "empty-answer" && said.includes("was used up before any text"))
    return `${id} was tried and works, but thinks: the ${tryTokens} tokens of the try were used up by that (${cost}). Give it room of its own with --thinking TOKENS.`;
  throw new TryFailed(`${id} was tried and gave no answer: ${whyFailed(said, last)}`);
}

/** Makes the job; a server that has not heard of the bidder yet is asked again until `untilMs`. */
async function put(api: Api, id: string, untilMs: number): Promise<JobView> {
  const body = { text: "Say OK.", bidders: [id], strategy: "single", maxOutputTokens: tryTokens, deadlineMs };
  for (;;)
    try {
      return await api.call<JobView>("POST", "/v1/jobs?wait=true", body);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const unknown = error.status === 400 && error.message.includes("There is no bidder");
      if (!unknown || Date.now() > untilMs) throw new TryFailed(`${id} could not be tried: ${error.message}`);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
}

/** The reason, the server's words about it, and what to check. */
function whyFailed(said: string, last: JobView["microtasks"][number]["attempts"][number] | undefined): string {
  const failure = last?.failure;
  if (last === undefined || failure == null) return said;
  // `Microtask "answer": a/b: unauthorized (HTTP 401: ...).`, as often as it was asked.
  const words =
    said
      .split(`${last.bidder}: ${failure} (`)
      .at(-1)
      ?.split(/\)\. |\)\.$/)[0] ?? "";
  const detail = said.includes(`${last.bidder}: ${failure} (`) ? ` (${words})` : "";
  // What is to be checked may be in the words already.
  const hint = /check the|--egress/.test(detail) ? "" : ` ${hintFor(failure, detail)}`;
  return `${failure}${detail}.${hint}`.trimEnd();
}

const hintFor = (failure: string, detail: string): string =>
  detail.includes("egress_refused") ? "The server may not reach that host: see its --egress." : (advice[failure] ?? "");
