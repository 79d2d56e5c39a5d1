/** @typedef {import("../http/pages/page-state.ts").PageJob} Job @typedef {import("../http/pages/page-state.ts").PageAttempt} Attempt @typedef {import("../http/pages/page-state.ts").PageMicrotask} Microtask */

/** A job as the page shows it: a fold of its events, one at a time. @returns {Job} */
export const emptyJob = () => ({
  seq: 0,
  status: "loading",
  request: null,
  via: "",
  createdAtMs: 0,
  endedAtMs: null,
  plan: null,
  planWhy: "",
  microtasks: [],
  answer: null,
  cancelRequested: false,
  error: null,
  log: [],
});

/** What every attempt cost and saved, together. */
export function totals(/** @type {Job} */ job) {
  const attempts = job.microtasks.flatMap((m) => m.attempts);
  const sum = (/** @type {"costNano" | "savedNano" | "savedTokens"} */ of) => attempts.reduce((n, a) => n + a[of], 0);
  const [costNano, savedNano, savedTokens] = [sum("costNano"), sum("savedNano"), sum("savedTokens")];
  return { costNano, savedNano, savedTokens, attempts: attempts.length };
}

/**
 * Folds one event in, in place. An event seen before is dropped, one of an unknown type only noted.
 * @param {Job} job
 * @param {any} event
 */
export function apply(job, event) {
  if (event.seq <= job.seq) return;
  job.seq = event.seq;
  job.log.push({ seq: event.seq, atMs: event.atMs, type: event.type, about: aboutOf(event) });
  const microtask = job.microtasks.find((m) => m.id === event.microtask);
  if (microtask !== undefined) {
    microtask.version += 1;
    return applyToMicrotask(microtask, event);
  }
  switch (event.type) {
    case "job-accepted":
      Object.assign(job, { status: "running", request: event.request, via: event.via, createdAtMs: event.atMs });
      break;
    case "microtasks-planned":
      job.plan = event.plan.source;
      job.planWhy = event.why;
      job.microtasks.push(...event.plan.microtasks.map(openMicrotask));
      break;
    case "epoch-started":
      for (const m of job.microtasks)
        for (const a of m.attempts)
          if (a.status === "running") {
            // What its provider billed is unknown: the whole reservation counts as spent.
            const note = "lost in a restart: counted at the most it could cost";
            Object.assign(a, { status: "orphaned", endedAtMs: event.atMs, costNano: a.reservedNano, note });
            m.version += 1;
          }
      break;
    case "cancel-requested":
      job.cancelRequested = true;
      break;
    case "job-ended":
      job.status = event.status;
      job.endedAtMs = event.atMs;
      job.answer = event.answer ?? null;
      job.error = event.error ?? null;
      break;
  }
}

/** @returns {Microtask} */
const openMicrotask = (/** @type {any} */ { id, kind, needs }) => ({
  id,
  kind,
  needs,
  status: "pending",
  decisions: [],
  attempts: [],
  leader: null,
  winner: null,
  how: null,
  text: null,
  value: null,
  failure: null,
  repairs: [],
  awaitsApproval: false,
  rated: false,
  version: 0,
});

/** @param {Microtask} microtask @param {any} event */
function applyToMicrotask(microtask, event) {
  const attempt = microtask.attempts.find((a) => a.id === event.attempt);
  switch (event.type) {
    case "award-made":
      microtask.status = "open";
      microtask.decisions.push(event.decision);
      return;
    case "microtask-waiting":
      microtask.status = "waiting";
      microtask.awaitsApproval = event.wait.for === "approval";
      return;
    case "approval-given":
      microtask.awaitsApproval = false;
      return;
    case "feedback-given":
      microtask.rated = true;
      return;
    case "attempt-started":
      microtask.attempts.push(startAttempt(event, microtask.attempts));
      return;
    case "leader-changed":
      microtask.leader = event.to;
      return;
    case "microtask-joined":
      Object.assign(microtask, {
        status: "joined",
        winner: event.attempt,
        how: event.how,
        text: said(event),
        value: event.value,
        repairs: event.repairs,
      });
      for (const { attempt: id, uncut, savedNano, savedTokens } of event.savings ?? []) {
        const cut = microtask.attempts.find((a) => a.id === id);
        if (cut !== undefined) Object.assign(cut, { uncutTokens: uncut.tokens, savedNano, savedTokens });
      }
      return;
    case "microtask-failed":
      Object.assign(microtask, { status: "failed", failure: event.message });
      return;
  }
  if (attempt === undefined) return;
  switch (event.type) {
    case "text-streamed":
      microtask.leader = attempt.id;
      // One that is complete has its text already; after a change of leader it is told from the start.
      if (attempt.status === "running") attempt.text = attempt.text.slice(0, event.offset) + event.text;
      return;
    case "attempt-committed":
      attempt.committed = true;
      return;
    case "cost-reconciled":
      attempt.costNano = event.costNano;
      // What is on the bill after all was not saved.
      if (attempt.uncutTokens !== null) {
        attempt.savedTokens = Math.max(0, Math.round(attempt.uncutTokens - event.usage.output));
        attempt.savedNano = Math.ceil((attempt.savedTokens * attempt.outputPerMtok) / 1e6);
      }
      return;
    case "verdict-reached":
      attempt.criteria = event.verdict.criteria;
      attempt.verdict = `${event.verdict.result} on the ${event.verdict.on}`;
      return;
    case "attempt-finished":
      end(attempt, "complete", event);
      attempt.text = said(event);
      return;
    case "attempt-failed":
      end(attempt, "failed", event);
      attempt.note = `${event.reason}: ${event.message}`;
      return;
    case "attempt-cancelled":
      end(attempt, "cancelled", event);
      attempt.note = event.why;
      attempt.uncutTokens = event.uncut?.tokens ?? null;
      attempt.savedNano = event.savedNano;
      attempt.savedTokens = event.savedTokens;
      return;
  }
}

/** @returns {Attempt} */
const startAttempt = (/** @type {any} */ event, /** @type {Attempt[]} */ before) => ({
  id: event.attempt,
  bidder: event.bidder,
  role: event.role,
  status: "running",
  startedAtMs: event.atMs,
  endedAtMs: null,
  text: before.find((one) => one.id === event.continues?.attempt)?.text.slice(0, event.continues.chars) ?? "",
  tokens: null,
  costNano: 0,
  reservedNano: event.reservedNano,
  outputPerMtok: event.price?.outputPerMtok ?? 0,
  uncutTokens: null,
  savedNano: 0,
  savedTokens: 0,
  note: event.why,
  committed: false,
  criteria: [],
  verdict: null,
  keptFrom: 0,
});

/** @param {Attempt} attempt @param {string} status @param {any} event */
function end(attempt, status, event) {
  Object.assign(attempt, {
    status,
    endedAtMs: event.atMs,
    costNano: event.costNano,
    tokens: event.usage?.output ?? null,
    keptFrom: Object.values(event.redacted ?? {}).reduce((sum, n) => sum + n, 0),
  });
}

/** @param {any} event */
function aboutOf(event) {
  const { microtask, attempt, bidder, status, why, decision, shortage, approved, note } = event;
  const said = approved === undefined ? "" : approved ? "approved" : "refused";
  const parts = [microtask, attempt, bidder, status, why, decision?.why, shortage, said, note];
  return parts.filter((part) => typeof part === "string" && part !== "").join(" · ");
}

/** Text and calls of an answer, a call a line. @param {{ text: string, calls?: { name: string, arguments: string }[] }} answer */
export const said = ({ text, calls = [] }) =>
  [text, ...calls.map((call) => `${call.name}(${call.arguments})`)].filter((line) => line !== "").join("\n");
