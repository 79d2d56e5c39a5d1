import type { Decision } from "../market/bid.ts";
import type { FalseKillRisk } from "../market/false-kill.ts";
import { explainDecision, isItsFault } from "../market/market.ts";
import { formatUsd, type NanoUsd } from "../money/nano-usd.ts";
import { callText } from "../plan/tool.ts";
import type { JudgeAudit } from "../race/race-event.ts";
import type { Attempt, Job, MicrotaskState } from "./job.ts";

/** Why the job went as it did: sentences for people, numbers for programs. */
export interface Explanation {
  job: string;
  status: Job["status"];
  sentences: string[];
  microtasks: {
    id: string;
    kind: string;
    sentences: string[];
    decisions: Decision[];
    /** Who bid and lost, or could have bid but for money, room, or what became of it before: one a round. */
    losers: { bidder: string; costNano: NanoUsd; why: string }[];
    /** Who was never in question: it does not serve the kind, takes part by name only, is not allowed, is switched off. */
    notAsked: { why: string; bidders: string[] }[];
    /**
     * What each attempt was taken to have been worth (the newest word on it), once settled; null: nothing is known.
     * `failed`: there is no answer, by its bidder's doing.
     */
    outcomes: {
      attempt: string;
      bidder: string;
      worth: number | null;
      source: string | null;
      costNano: NanoUsd;
      failed?: true;
    }[];
  }[];
  costNano: NanoUsd;
  /** What the strongest single bidder would have cost for every microtask, by its bids; of equals the cheaper, as in the auction. */
  strongestAloneNano: NanoUsd;
  savedNano: NanoUsd;
}

/** Folds a job into its explanation. Pure; numbers come from the log alone. */
export function explain(job: Job): Explanation {
  const strongest = job.microtasks.reduce((sum, m) => sum + (strongestBid(m.decisions[0])?.costNano ?? 0), 0);
  const succeeded = job.status === "succeeded";
  const alone = job.microtasks.every((m) => m.attempts.every((a) => a.bidder === strongestBid(m.decisions[0])?.bidder));
  const saved = job.microtasks.flatMap((m) => m.attempts).reduce((sum, a) => sum + a.savedNano, 0);
  const none = succeeded || job.status === "running" ? "" : ", without an answer";
  const sentences = [
    `The job ${ended(job)} with ${job.microtasks.length} microtask${job.microtasks.length === 1 ? "" : "s"} and cost ${formatUsd(job.costNano)}${none}.`,
  ];
  const lost = job.microtasks
    .flatMap((m) => m.attempts)
    .reduce((sum, a) => sum + (a.status === "orphaned" ? a.costNano : 0), 0);
  if (lost > 0)
    sentences.push(
      `Calls that a restart lost may have cost up to ${formatUsd(lost)} of it: nobody knows what was billed.`,
    );
  // Only an answer is worth a comparison: a job without one, or without one yet, saved nobody anything.
  if (succeeded && strongest > 0 && alone && lost === 0)
    sentences.push(`The strongest bidder ran alone; by its bids it would have cost ${formatUsd(strongest)}.`);
  else if (succeeded && strongest > 0) {
    const more = job.costNano - lost - strongest;
    sentences.push(
      `The strongest bidder alone would have cost ${formatUsd(strongest)} by its bids: the market ${more > 0 ? "spent" : "saved"} ${formatUsd(Math.abs(more))}${more > 0 ? " more" : ""}${lost > 0 ? ", what the restart lost aside" : ""}.`,
    );
  }
  if (succeeded && saved > 0)
    sentences.push(`Cutting losers early saved ${formatUsd(saved)} of what they would still have sent.`);
  sentences.push(...queueSentence(job.microtasks.flatMap((m) => m.attempts)));
  sentences.push(...(job.answer?.unsure ?? []).map(({ part, why }) => `Unsure of ${part}: ${why}`));
  if (job.error !== null) sentences.push(job.error.message);
  return {
    job: job.id,
    status: job.status,
    sentences,
    microtasks: job.microtasks.map((m) => explainMicrotask(job, m)),
    costNano: job.costNano,
    strongestAloneNano: strongest,
    savedNano: saved,
  };
}

const endings: Record<Job["status"], string> = {
  running: "is running",
  succeeded: "succeeded",
  failed: "failed",
  cancelled: "was cancelled",
  parked: "is parked",
};
const ended = (job: Job): string => endings[job.status];

const strongestBid = (decision: Decision | undefined): Decision["bids"][number] | null =>
  (decision?.bids ?? []).reduce<Decision["bids"][number] | null>(
    (a, b) =>
      a === null || b.accept.mean > a.accept.mean || (b.accept.mean === a.accept.mean && b.costNano < a.costNano)
        ? b
        : a,
    null,
  );

function explainMicrotask(job: Job, m: MicrotaskState): Explanation["microtasks"][number] {
  const sentences: string[] = [];
  const losers: Explanation["microtasks"][number]["losers"] = [];
  const notAsked = new Map<string, Set<string>>();
  for (const decision of m.decisions) {
    const told = explainDecision(decision, { valueNano: m.task.valueNano, policy: job.request.policy });
    sentences.push(...told.sentences);
    losers.push(...told.losers);
    for (const { why, bidders } of told.notAsked)
      notAsked.set(why, new Set([...(notAsked.get(why) ?? []), ...bidders]));
  }
  sentences.push(
    ...m.attempts.map(attemptSentence),
    ...m.attempts.flatMap(betSentence),
    ...m.attempts.flatMap(spareSentence),
    ...m.comparisons.flatMap(({ first, second, better, why }) =>
      better === null ? [`${first} and ${second} were not told apart: ${why}.`] : [],
    ),
    ...m.audits.map(auditSentence),
  );
  if (m.failure !== null) sentences.push(m.failure.message);
  return {
    id: m.task.id,
    kind: m.task.kind,
    sentences,
    decisions: m.decisions,
    losers,
    notAsked: [...notAsked].map(([why, bidders]) => ({ why, bidders: [...bidders] })),
    outcomes: outcomesOf(job, m),
  };
}

function attemptSentence(a: Attempt): string {
  const went =
    a.continues === null ? "" : ` It went on from ${a.continues.chars} characters of ${a.continues.attempt}.`;
  return `${endSentence(a)}${went}${disputed(a)}${redacted(a)}${twice(a)}`;
}

function endSentence(a: Attempt): string {
  const cost = formatUsd(a.costNano);
  const verdict = a.wholeVerdict ?? a.prefixVerdict;
  const evidence =
    verdict === null || verdict.criteria.length === 0
      ? ""
      : ` ${verdict.criteria.map((c) => `${c.criterion} ${c.result} (${c.evidence})`).join("; ")}.`;
  switch (a.status) {
    case "running":
      return `${a.bidder} (${roleOf(a)}) is running.`;
    case "complete":
      return `${a.bidder} (${roleOf(a)}) finished in ${a.totalMs} ms${queued(a)} for ${cost}${howEnded(a)}.${called(a)}${evidence}`;
    case "failed":
      return `${a.bidder} (${roleOf(a)}) failed${queued(a)}: ${a.failure}${a.message === "" ? "" : ` (${a.message.replace(/\.$/, "")})`}. It cost ${cost}.`;
    case "cancelled":
      return `${a.bidder} (${roleOf(a)}) was cut${queued(a)} after ${a.cut?.tokensSeen ?? 0} tokens (${a.message}${foretold(a)}) and stopped ${(a.cut?.stoppedAtMs ?? 0) - (a.cut?.askedAtMs ?? 0)} ms later: it cost ${cost} (${a.usage?.output ?? 0} tokens billed, ${a.usage?.source ?? "unknown"}), and ${a.savedTokens} tokens, ${formatUsd(a.savedNano)}, were saved${estimated(a)}.${evidence}`;
    case "orphaned":
      return `${a.bidder} (${roleOf(a)}) was lost in a restart; its whole reservation of ${cost} counts as spent.`;
  }
}

/** What the length that was not sent was read off. */
function estimated({ uncut, savedTokens }: Attempt): string {
  if (uncut === null || savedTokens === 0) return "";
  const winner = uncut.winnerTokens === undefined ? "" : `the winner's ${uncut.winnerTokens} tokens`;
  const off = uncut.from === "bid" ? "its bid" : winner === "" ? "its bid, up to its bound" : winner;
  return ` of about ${uncut.tokens}, estimated from ${off}${uncut.from === "bound" && winner !== "" ? ", up to its bound" : ""}`;
}

/** Code units of a call that are shown. */
const shownChars = 200;
const called = ({ calls }: Attempt): string =>
  calls.length === 0 ? "" : ` It asks for ${calls.map((call) => callText(call).slice(0, shownChars)).join(", ")}.`;

/** Only an end that is not a plain "stop" is worth words. */
function howEnded({ finish, finishSaid, maxOutputTokens }: Attempt): string {
  if (finish === "length") return `, cut by its cap of ${maxOutputTokens} tokens`;
  if (finish === "unknown") return ", without saying how it ended";
  return finish === "other" ? `, ending with "${finishSaid ?? "other"}"` : "";
}

/** An auditor is a judge of a judge. */
const roleOf = (a: Attempt): string => (a.audits === null ? a.role : "judge audit");

/** What became of an audit of a judge's verdict. */
function auditSentence({ candidate, judge, said, auditor, found, share, why }: JudgeAudit): string {
  const drawn = `${judge}'s ${said} of ${candidate} was drawn for an audit (${(100 * share).toFixed(1)} % are)`;
  if (found === null) return `${drawn}, which came to nothing: ${why}.`;
  return `${drawn}: ${auditor} says ${found}, ${why}. That measures ${judge}; it changes no answer.`;
}

/** What a commit on an accepted prefix risked, by what count, and whether the race made it. */
function betSentence({ id, bidder, bet }: Attempt): string[] {
  if (bet === null) return [];
  const { chance, seen, broke, criteria, quarter } = bet.risk;
  const done = bet.taken ? "the race committed to it" : "the commit was held back";
  if (criteria === "") return [`${bidder}'s prefix (${id}) was accepted and no more text could break it: ${done}.`];
  return [
    `${bidder}'s prefix (${id}) was accepted in quarter ${quarter + 1} of its expected length; ${criteria.split("+").join(", ")} could still break it, at a risk of at most ${(100 * chance).toFixed(2)} % (${broke} of ${seen} such prefixes broke): ${done}.`,
  ];
}

/** A bill that nobody believes. */
function disputed({ disputed: said, reconciled, maxOutputTokens, costNano }: Attempt): string {
  if (said === null || reconciled) return "";
  return ` Its provider's record (${said.input} input and ${said.output} output tokens${said.billedNano === undefined ? "" : `, ${formatUsd(said.billedNano)}`}) cannot be right for a prompt of this length and at most ${maxOutputTokens} tokens of answer: ${formatUsd(costNano)}, what was reserved, counts until an operator puts the invoice's figures in its place.`;
}

/** What its bidder did not get to see. */
function redacted(a: Attempt): string {
  const counts = Object.entries(a.redacted ?? {});
  if (counts.length === 0) return "";
  return ` What was sent had placeholders for ${counts.map(([kind, n]) => `${n} ${redactedNames[kind] ?? kind}${n === 1 ? "" : "s"}`).join(", ")}.`;
}
const redactedNames: Record<string, string> = {
  email: "mail address",
  phone: "phone number",
  iban: "account number",
  card: "card number",
  ip: "network address",
  term: "term",
};

/** Frames that came twice: what a number tells is dropped, what only looks alike may be meant. */
function twice({ repeats }: Attempt): string {
  if (repeats === null) return "";
  const { dropped, alike } = repeats;
  const frames = (n: number): string => `${n} frame${n === 1 ? "" : "s"} of its stream`;
  const gone =
    dropped === 0 ? "" : ` ${frames(dropped)} came twice by number and ${dropped === 1 ? "was" : "were"} dropped.`;
  if (alike === 0) return gone;
  return `${gone} ${frames(alike)} came twice, byte for byte, and without a number: the text is passed on as sent, for it may be meant.`;
}

/** A place is asked for again after this, ms: less is the time of asking, and no queue. */
const shortestQueueMs = 5;
/** Time in the queue, where there was one. */
const queued = (a: Attempt): string => (a.queuedMs >= shortestQueueMs ? ` after ${a.queuedMs} ms in the queue` : "");

/** The price of a cut on a prediction. */
const foretold = ({ writtenOff: w }: Attempt): string =>
  w === null
    ? ""
    : `: ${w.criterion} foretells a reject; ${(100 * w.pFalse).toFixed(1)} % that it is wrong${onRecord(w.risk)} x ${formatUsd(w.valueNano)} < ${formatUsd(w.remainingNano)} for the rest`;

/** Where a risk comes from: what was seen of such answers, or the criterion's own declaration. */
const onRecord = (risk: FalseKillRisk | null): string => {
  if (risk === null) return "";
  return risk.seen === 0 ? " (as declared: none seen yet)" : ` (at most: ${risk.wrong} of ${risk.seen} such passed)`;
};

/** A cut that was not made, to measure how often such cuts are wrong. */
function spareSentence({ id, bidder, spared }: Attempt): string[] {
  if (spared === null) return [];
  const { criterion, evidence, risk, share } = spared;
  return [
    `${bidder} (${id}) was to be cut since ${criterion} foretold a reject (${evidence}), at a risk of ${(100 * risk.chance).toFixed(1)} %${onRecord(risk)}; it was drawn to run on, as ${(100 * share).toFixed(0)} % of such are, to show how it ends.`,
  ];
}

/** How long the calls of a job waited for their places, all together and at most. */
function queueSentence(attempts: readonly Attempt[]): string[] {
  const waited = attempts.filter((a) => a.queuedMs >= shortestQueueMs);
  if (waited.length === 0) return [];
  const sum = waited.reduce((total, a) => total + a.queuedMs, 0);
  const longest = Math.max(...waited.map((a) => a.queuedMs));
  return [
    `${waited.length} of ${attempts.length} calls waited for a place: ${sum} ms together, ${longest} ms at most; their own times begin after it.`,
  ];
}

function outcomesOf(job: Job, m: MicrotaskState): Explanation["microtasks"][number]["outcomes"] {
  const prefix = `${job.id}/${m.task.id}`;
  const mine = job.settlements.filter((s) => s.key === prefix || s.key.startsWith(`${prefix}/`));
  const newest = new Map<string, Explanation["microtasks"][number]["outcomes"][number]>();
  for (const { attempts } of mine)
    for (const { attempt, bidder, outcome, costNano, failure, censored } of attempts)
      newest.set(attempt, {
        attempt,
        bidder,
        worth: outcome?.worth ?? null,
        source: outcome?.source ?? null,
        costNano,
        ...(failure !== null && !censored && isItsFault(failure) ? { failed: true as const } : {}),
      });
  return [...newest.values()];
}
