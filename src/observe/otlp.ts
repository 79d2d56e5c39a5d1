import { fold } from "../job/evolve.ts";
import type { Attempt, Job, MicrotaskState } from "../job/job.ts";
import type { LoggedEvent } from "../job/job-event.ts";
import type { Verdict } from "../judge/verdict.ts";
import type { Decision } from "../market/bid.ts";
import { type Attributes, attributes, type OtlpTraces, type Span, spanIdOf, traceIdOf, unixNano } from "./otlp-json.ts";

/** Spans of one job at most; a job of 32 microtasks with three rounds each stays below. */
const maxSpans = 2_000;

/**
 * A job's log as OpenTelemetry spans, by the GenAI conventions of November 2026; own facts are under `atomic.`. Pure: the
 * same log gives the same ids and bytes. Carries facts and numbers, no text of prompts, answers, criteria or errors.
 * null: the log is empty.
 *
 *   invoke_workflow <plan>
 *     atomic.decompose
 *     invoke_agent <kind>      one a microtask
 *       atomic.auction         one a round, an event per bid
 *       chat <model>           one an attempt; cut ones have error.type "lost_race"
 *       atomic.judge           one a verdict, an event per criterion; a model judge's call is a chat below it
 *       atomic.join
 */
export function spansOf(log: readonly LoggedEvent[], service = "atomic"): OtlpTraces | null {
  const job = fold(log);
  if (job === null) return null;
  const tree = new Tree(job.id);
  const lastMs = log.at(-1)?.atMs ?? job.acceptedAtMs;
  const root = tree.add(
    null,
    "job",
    `invoke_workflow ${job.planSource ?? "none"}`,
    job.acceptedAtMs,
    job.endedAtMs ?? lastMs,
    {
      "gen_ai.operation.name": "invoke_workflow",
      "gen_ai.workflow.name": job.planSource ?? "none",
      "atomic.job.id": job.id,
      "atomic.job.kind": job.request.kind,
      "atomic.job.status": job.status,
      "atomic.tenant": job.tenant,
      "atomic.via": job.via,
      "atomic.policy": job.request.policy,
      "atomic.cost.nano_usd": job.costNano,
      "atomic.restarts": job.epoch - 1,
      "error.type": job.error === null ? null : underscored(job.error.code),
    },
  );
  if (job.status === "failed" || job.status === "parked") root.status.code = 2;
  for (const event of log)
    if (event.type === "microtasks-planned")
      tree.add(root, `plan/${event.seq}`, "atomic.decompose", job.acceptedAtMs, event.atMs, {
        "atomic.plan.source": event.plan.source,
        "atomic.plan.microtasks": event.plan.microtasks.length,
      });
  for (const microtask of job.microtasks) addMicrotask(tree, root, job, microtask, log, job.endedAtMs ?? lastMs);
  const resource = { attributes: attributes({ "service.name": service }) };
  return { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: "atomic" }, spans: tree.spans }] }] };
}

class Tree {
  readonly spans: Span[] = [];
  readonly #job: string;
  readonly #traceId: string;

  constructor(job: string) {
    this.#job = job;
    this.#traceId = traceIdOf(job);
  }

  add(parent: Span | null, path: string, name: string, startMs: number, endMs: number, named: Attributes): Span {
    const span: Span = {
      traceId: this.#traceId,
      spanId: spanIdOf(this.#job, path),
      ...(parent === null ? {} : { parentSpanId: parent.spanId }),
      name,
      kind: 1,
      startTimeUnixNano: unixNano(startMs),
      endTimeUnixNano: unixNano(Math.max(startMs, endMs)),
      attributes: attributes(named),
      events: [],
      status: { code: 0 },
    };
    if (this.spans.length < maxSpans) this.spans.push(span);
    return span;
  }
}

function addMicrotask(
  tree: Tree,
  root: Span,
  job: Job,
  microtask: MicrotaskState,
  log: readonly LoggedEvent[],
  untilMs: number,
): void {
  const { id, kind } = microtask.task;
  const own = log.filter((e) => "microtask" in e && e.microtask === id);
  const end = own.find((e) => e.type === "microtask-joined" || e.type === "microtask-failed");
  const agent = tree.add(root, id, `invoke_agent ${kind}`, own[0]?.atMs ?? untilMs, end?.atMs ?? untilMs, {
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.agent.id": id,
    "gen_ai.agent.name": kind,
    "atomic.microtask.status": microtask.status,
    "error.type": microtask.failure === null ? null : underscored(microtask.failure.code),
  });
  if (microtask.status === "failed") agent.status.code = 2;
  const judges = new Map<string, Span>();
  for (const attempt of microtask.attempts) {
    const endMs = attempt.endedAtMs ?? untilMs;
    let parent = agent;
    if (attempt.role === "judge") {
      parent = tree.add(agent, `${attempt.id}/judge`, "atomic.judge", attempt.startedAtMs, endMs, {
        "atomic.judge.bidder": attempt.bidder,
        "atomic.judge.about": attempt.about,
      });
      for (const about of attempt.about) judges.set(`${about} ${attempt.bidder}`, parent);
    }
    addAttempt(tree, parent, job, microtask, attempt, endMs);
  }
  for (const event of own) {
    const at = `${id}/${event.seq}`;
    if (event.type === "award-made") addAuction(tree, agent, at, event.decision, event.atMs);
    else if (event.type === "verdict-reached") {
      const judging =
        (event.judge === null ? undefined : judges.get(`${event.attempt} ${event.judge}`)) ??
        tree.add(agent, at, "atomic.judge", event.atMs, event.atMs, { "atomic.judge.about": [event.attempt] });
      addVerdict(judging, event.attempt, event.verdict, event.atMs);
    } else if (event.type === "candidates-compared")
      tree.add(agent, at, "atomic.judge", event.atMs, event.atMs, {
        "atomic.judge.about": [event.first, event.second],
        "atomic.judge.better": event.better ?? "no_say",
      });
    else if (event.type === "microtask-joined")
      tree.add(agent, at, "atomic.join", event.atMs, event.atMs, {
        "atomic.join.how": event.how,
        "atomic.join.attempt": event.attempt,
        "atomic.join.repairs": event.repairs.length,
      });
  }
}

function addAttempt(
  tree: Tree,
  parent: Span,
  job: Job,
  microtask: MicrotaskState,
  attempt: Attempt,
  endMs: number,
): void {
  const slash = attempt.bidder.indexOf("/");
  const model = attempt.bidder.slice(slash + 1);
  const provider = slash < 0 ? attempt.bidder : attempt.bidder.slice(0, slash);
  const finish = attempt.calls.length > 0 ? "tool_calls" : (attempt.finishSaid ?? attempt.finish);
  const bids = microtask.decisions[attempt.round - 1]?.bids ?? [];
  const bid = bids.find((b) => b.bidder === attempt.bidder);
  const span = tree.add(parent, attempt.id, `chat ${model}`, attempt.startedAtMs, endMs, {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": wellKnown.get(provider) ?? provider,
    "gen_ai.request.model": model,
    "gen_ai.request.max_tokens": attempt.maxOutputTokens,
    "gen_ai.request.stream": true,
    "gen_ai.request.temperature": job.request.temperature === null ? null : { double: job.request.temperature },
    "gen_ai.response.finish_reasons": finish === null ? null : [finish],
    "gen_ai.response.time_to_first_chunk":
      attempt.firstTokenMs === null ? null : { double: attempt.firstTokenMs / 1000 },
    "gen_ai.usage.input_tokens": attempt.usage?.input,
    "gen_ai.usage.output_tokens": attempt.usage?.output,
    "gen_ai.usage.cache_read.input_tokens": attempt.usage?.cachedInput,
    "gen_ai.usage.cache_creation.input_tokens": attempt.usage?.cacheWrite,
    "gen_ai.usage.reasoning.output_tokens": attempt.usage?.reasoning,
    "atomic.usage.source": attempt.usage?.source,
    "atomic.race.role": attempt.role,
    "atomic.race.round": attempt.round,
    "atomic.attempt.id": attempt.id,
    "atomic.attempt.status": attempt.status,
    "atomic.bid.price": bid?.costNano,
    "atomic.bid.accept": bid === undefined ? null : { double: bid.accept.mean },
    "atomic.cost.nano_usd": attempt.costNano,
    "atomic.saved.nano_usd": attempt.savedNano,
    "atomic.saved.tokens": attempt.savedTokens,
    "atomic.queue_ms": attempt.queuedMs,
    "atomic.cut.stop_ms": attempt.cut === null ? null : attempt.cut.stoppedAtMs - attempt.cut.askedAtMs,
    "atomic.cut.p_false": attempt.writtenOff === null ? null : { double: attempt.writtenOff.pFalse },
    "error.type": errorOf(attempt),
  });
  span.kind = 3;
  // A cut loser did nothing wrong: it names why it ended, and stays out of error rates.
  if (attempt.status === "failed" || attempt.status === "orphaned") span.status.code = 2;
}

/** Providers that the conventions name otherwise than bidders' ids do; where they have a name it must be theirs. */
const wellKnown = new Map([
  ["google", "gcp.gemini"],
  ["mistral", "mistral_ai"],
  ["xai", "x_ai"],
]);

/** Why an attempt did not end by itself, from closed sets; whatever else the log says of it may quote a text. */
function errorOf(attempt: Attempt): string | null {
  if (attempt.failure !== null) return underscored(attempt.failure);
  if (attempt.status !== "cancelled") return null;
  return cuts[attempt.message] ?? "cancelled";
}

const cuts: { [why: string]: string } = {
  "lost-race": "lost_race",
  "committed-other": "lost_race",
  "rejected-on-prefix": "rejected_on_prefix",
  dominated: "dominated",
  deadline: "deadline",
  "job-ended": "job_ended",
};

function addAuction(tree: Tree, agent: Span, path: string, decision: Decision, atMs: number): void {
  const span = tree.add(agent, path, "atomic.auction", atMs, atMs, {
    "atomic.auction.round": decision.round,
    "atomic.auction.cell": decision.cell,
    "atomic.auction.value.nano_usd": decision.valueNano,
    "atomic.auction.explored": decision.explored,
    "atomic.auction.award": decision.award.map((p) => `${p.role} ${p.bidder}`),
    "atomic.auction.excluded": decision.excluded.length,
  });
  const ranks = new Map(decision.award.map((place, index) => [place.bidder, index + 1]));
  span.events = decision.bids.map((bid) => ({
    timeUnixNano: unixNano(atMs),
    name: "atomic.bid",
    attributes: attributes({
      "atomic.bid.bidder": bid.bidder,
      "atomic.bid.rank": ranks.get(bid.bidder),
      "atomic.bid.price": bid.costNano,
      "atomic.bid.accept": { double: bid.accept.mean },
      "atomic.bid.accept.sd": { double: bid.accept.sd },
      "atomic.bid.draw": { double: bid.draw },
      "atomic.bid.score": { double: bid.score },
      "atomic.bid.total_ms.p50": { double: bid.totalMs.p50 },
    }),
  }));
}

/** The conventions' evaluation event, one a criterion. Its `explanation` is left out: evidence quotes the answer. */
function addVerdict(span: Span, attempt: string, verdict: Verdict, atMs: number): void {
  span.attributes.push(
    ...attributes({ "atomic.verdict.on": verdict.on, "atomic.verdict.result": verdict.result }).filter(
      ({ key }) => !span.attributes.some((a) => a.key === key),
    ),
  );
  for (const criterion of verdict.criteria)
    span.events.push({
      timeUnixNano: unixNano(atMs),
      name: "gen_ai.evaluation.result",
      attributes: attributes({
        "gen_ai.evaluation.name": criterion.criterion,
        "gen_ai.evaluation.score.label": criterion.result,
        "gen_ai.evaluation.score.value":
          criterion.result === "undecided" ? null : { double: criterion.result === "accept" ? 1 : 0 },
        "atomic.verdict.class": criterion.class,
        "atomic.attempt.id": attempt,
      }),
    });
}

const underscored = (code: string): string => code.replaceAll("-", "_");
