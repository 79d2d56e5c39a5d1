import { parametersFor } from "../adapt/parameters.ts";
import { estimateTokens, TokenEstimate } from "../adapt/prompt.ts";
import { attemptOf, microtaskOf } from "../job/evolve.ts";
import type { Attempt, MicrotaskState } from "../job/job.ts";
import type { Message } from "../plan/microtask.ts";
import { imagesOf, promptTexts } from "../plan/prompt-texts.ts";
import type { ModelCall } from "../race/model-port.ts";
import type { AttemptRole } from "../race/race-event.ts";
import { Seam } from "../race/seam.ts";
import { billedPrompt, boundOf } from "./bound.ts";
import { givenTo } from "./continuation.ts";
import { openCriteria } from "./criteria.ts";
import { fundsFor } from "./funds.ts";
import { lengthForecast } from "./length-forecast.ts";
import { estimateInput, judgedInputOf, promptOf } from "./messages.ts";
import { allowedTokens, firstTokens, isShown, owesFullCap } from "./own-cap.ts";
import { beginningsOf, comesAgain, mayCache } from "./prompt-cache.ts";
import { pump } from "./pump.ts";
import { reaskTurns } from "./reask.ts";
import { redactionOf } from "./redacted-call.ts";
import type { Run } from "./run.ts";
import { bidderNamed, isEmbedded } from "./scene.ts";
import { timeouts } from "./timeouts.ts";

/** Starts the bidder of a place of the newest award. `extra`: beside one that is silent. */
export function startAttempt(run: Run, microtaskId: string, place: number, why: string, extra?: true): void {
  const microtask = microtaskOf(run.job, microtaskId);
  const chosen = microtask?.decisions.at(-1)?.award[place];
  if (microtask === undefined || chosen === undefined) return;
  const { text, messages, examples } = promptOf(run, microtask);
  const bidder = bidderNamed(run.ports, chosen.bidder);
  // An audit is to show what its bidder can do by itself.
  const given = chosen.role === "audit" ? null : givenTo(run.job, microtask, bidder);
  launch(run, microtask, {
    bidder: chosen.bidder,
    place,
    role: chosen.role,
    about: [],
    on: null,
    messages: given === null ? messages : withBeginning(messages, given.text),
    text,
    examples,
    ...(extra ? { extra } : {}),
    why: given === null ? why : `${why}; it goes on from ${given.text.length} characters of ${given.from.id}`,
    ...(given === null ? {} : { given }),
  });
}

/** Shows a bidder what was wrong with the form of its own answer, once. */
export function startReask(run: Run, microtaskId: string, attemptId: string): void {
  const microtask = microtaskOf(run.job, microtaskId);
  const first = attemptOf(run.job, attemptId);
  if (microtask === undefined || first === undefined) return;
  const { text, messages: asked, examples } = promptOf(run, microtask);
  const messages = [...asked, ...reaskTurns(microtask, first)];
  launch(run, microtask, {
    bidder: first.bidder,
    place: first.place,
    role: "reask",
    about: [first.id],
    on: null,
    messages,
    text,
    examples,
    why: first.calls.length > 0 ? "its calls did not fit the tools" : "the answer did not fit the schema",
  });
}

/** White space at its end is left out: tokens begin with it, and some providers refuse it. */
function withBeginning(messages: Message[], text: string): Message[] {
  const content = text.trimEnd();
  return content === "" ? messages : [...messages, { role: "assistant", content }];
}

export interface Launch {
  bidder: string;
  place: number;
  role: AttemptRole;
  about: string[];
  on: "prefix" | "whole" | null;
  messages: Message[];
  text: string;
  examples: number;
  why: string;
  /** It spends a hedge's credit, whatever its role. */
  extra?: true;
  /** judge: the call whose verdict it audits. */
  audits?: string;
  schema?: ModelCall["schema"];
  maxOutputTokens?: number;
  /** Delivered text of another attempt that this one goes on from. */
  given?: { from: Attempt; text: string };
}

/**
 * Records the attempt, with what it may cost, and only then calls the provider. Without money for it nothing starts:
 * the start was refused, or the tenant's budget was asked and the start comes up again.
 */
export function launch(run: Run, microtask: MicrotaskState, start: Launch): void {
  const { ports, job } = run;
  const { task } = microtask;
  const bidder = bidderNamed(ports, start.bidder);
  const id = `${task.id}.${microtask.attempts.length + 1}`;
  // What is judged or merged is written already.
  const tools = start.role === "judge" || start.role === "fusion" ? undefined : task.tools;
  // What judges and planners write is not the caller's to shape.
  const shaped = start.role !== "judge" && task.kind !== "plan";
  const sampling = shaped ? job.request.sampling : undefined;
  // What is sent is billed, and placeholders may be longer than what they stand for.
  const schema = start.schema !== undefined ? start.schema : (task.contract.schema ?? null);
  const redaction = redactionOf(job.request.redact, start, schema !== null || start.role === "judge");
  const texts = promptTexts(redaction?.messages ?? start.messages, tools);
  const images = imagesOf(start.messages).length;
  const inputTokens = estimateInput(texts, images);
  const { given } = start;
  const givenTokens = given === undefined ? 0 : estimateTokens(given.text);
  const learned = parametersFor(start.role === "judge" ? "judge" : task.kind, profileOf(microtask, start.bidder));
  const full = start.maxOutputTokens === undefined && owesFullCap(microtask);
  const usual = task.maxOutputTokens !== undefined || isShown(job, task) ? null : learned.maxOutputTokens;
  const cap =
    start.maxOutputTokens ??
    (full
      ? allowedTokens(task, bidder, inputTokens)
      : Math.min(firstTokens(job, task, bidder, inputTokens), usual ?? Number.POSITIVE_INFINITY));
  // The caller's cap is on the whole answer.
  const bound = boundOf(bidder, billedPrompt(texts, images), Math.max(1, cap - givenTokens));
  const leastNano = full ? bound.nano : bound.leastNano;
  const alone = !microtask.attempts.some((a) => a.status === "running");
  const funding = fundsFor(run, bound.nano, leastNano, alone && start.role !== "audit");
  if (funding === "asked") return;
  if ("shortage" in funding)
    return run.record({
      type: "start-refused",
      microtask: task.id,
      round: microtask.decisions.length,
      place: start.place,
      role: start.role,
      about: start.about,
      bidder: start.bidder,
      needNano: leastNano,
      ...funding,
    });
  const maxOutputTokens = bound.outputFor(funding.nano);
  run.record({
    type: "attempt-started",
    microtask: task.id,
    attempt: id,
    bidder: start.bidder,
    place: start.place,
    round: microtask.decisions.length,
    role: start.role,
    about: start.about,
    on: start.on,
    epoch: job.epoch,
    inputTokens,
    maxOutputTokens,
    reservedNano: Math.min(bound.nano, funding.nano),
    ...(bidder === undefined ? {} : { price: bidder.price }),
    examples: start.examples,
    ...(given === undefined
      ? {}
      : { continues: { attempt: given.from.id, chars: given.text.length, tokens: givenTokens } }),
    why: start.why,
    ...(start.audits === undefined ? {} : { audits: start.audits }),
  });
  const attempt = attemptOf(run.job, id);
  if (attempt === undefined) return;
  const judged = start.role !== "judge";
  // A grammar for the whole value would make it begin anew; the prompt has the schema in words.
  const asked = given !== undefined ? null : schema;
  const labels = task.labels;
  const judge = judged
    ? openCriteria(
        task,
        // Code has room for all of it: an answer may quote any turn.
        judgedInputOf(job, microtask, Number.POSITIVE_INFINITY),
        ports.detectLanguage,
        lengthForecast(ports.market().state, microtask, attempt, start.text),
      )
    : null;
  // Criteria are about the whole answer, whoever wrote its parts.
  if (given !== undefined) judge?.push(given.text);
  run.live.set(id, {
    abort: ports.newAbort(),
    judge,
    sent: asked === null ? texts : [...texts, JSON.stringify(asked)],
    images,
    text: attempt.text,
    calls: [],
    seam: given === undefined ? null : new Seam(given.text),
    tokens: 0,
    count: new TokenEstimate(),
    openedAtMs: null,
    firstTokenAtMs: null,
    lastTokenAtMs: null,
    logged: attempt.text.length,
    flush: null,
    asked: null,
    queuedMs: 0,
    calledAtMs: null,
  });
  if (judged && !isEmbedded(start.bidder) && start.role !== "audit") ports.fleet.called(start.extra === true);
  const promptCache =
    mayCache(job, inputTokens) && !isEmbedded(start.bidder)
      ? ports.fleet.prompts.send(
          start.bidder,
          beginningsOf(job.tenant, start.messages, tools),
          comesAgain(job, start.role),
        )
      : undefined;
  void pump(
    run,
    attempt,
    {
      attempt: id,
      bidder: start.bidder,
      kind: start.role === "judge" ? "judge" : task.kind,
      messages: start.messages,
      text: start.text,
      labels: labels ?? null,
      schema: asked,
      ...(tools === undefined ? {} : { tools }),
      ...(given === undefined || given.text.trim() === "" ? {} : { continues: true as const }),
      ...(promptCache === undefined ? {} : { promptCache }),
      maxOutputTokens,
      temperature: (shaped ? job.request.temperature : null) ?? learned.temperature,
      ...(sampling === undefined ? {} : { sampling }),
      ...(job.request.stop === undefined || start.role === "judge" ? {} : { stop: job.request.stop }),
      seed: (job.seed + microtask.attempts.length) >>> 0,
      timeouts,
    },
    redaction,
  );
}

/** Asks an attempt to stop. What it cost until then is recorded when its stream has ended. */
export function cutAttempt(run: Run, attemptId: string, why: string): void {
  const live = run.live.get(attemptId);
  if (live === undefined || live.asked !== null) return;
  live.asked = { why, atMs: run.ports.nowMs() };
  live.abort.abort(why);
}

/** What the newest bid read of a bidder's profile: how long its answers usually are, and on how many outcomes. */
function profileOf(microtask: MicrotaskState, bidder: string): { typical: number; n: number } | null {
  const reasons = microtask.decisions.at(-1)?.bids.find((b) => b.bidder === bidder)?.reasons;
  const { outputTokens: typical, n } = reasons ?? {};
  return typeof typical === "number" && typeof n === "number" ? { typical, n } : null;
}
