import type { LoggedEvent } from "../src/job/job-event.ts";
import type { Bid } from "../src/market/bid.ts";
import type { BreakRisk } from "../src/market/break-record.ts";
import { formatUsd } from "../src/money/nano-usd.ts";
import { messageText } from "../src/plan/prompt-texts.ts";

const tty = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
const paint = (code: string) => (text: string) => (tty ? `\u001b[${code}m${text}\u001b[0m` : text);
export const bold = paint("1");
export const dim = paint("2");
export const green = paint("32");
export const red = paint("31");
export const yellow = paint("33");

/** Text of models and mails on one terminal line: no control characters, no escapes, cut to `most`. */
export function plain(text: string, most = 90): string {
  const one = text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
  return one.length > most ? `${one.slice(0, most - 1)}…` : one;
}

const ms = (value: number | null): string => (value === null ? "-" : `${Math.round(value)} ms`);
const percent = (p: number): string => `${Math.round(100 * p)}%`;

function bidLine(bid: Bid, place: string): string {
  const chance = `${percent(bid.accept.mean)} ±${Math.round(100 * bid.accept.sd)}`;
  return `      ${bid.bidder.padEnd(28)} ${chance.padEnd(9)} drew ${bid.draw.toFixed(2)}  ${formatUsd(bid.costNano).padEnd(11)} ${ms(bid.totalMs.p50).padStart(8)}  ${place}`;
}

/**
 * Prints a job while it runs. Returns a function that takes its events in order; `quiet` leaves out streamed text and
 * the tables of bids.
 */
export function showJob(quiet = false): (event: LoggedEvent) => void {
  let startMs = 0;
  const bidderOf = new Map<string, string>();
  const at = (event: LoggedEvent): string => dim(`${String(event.atMs - startMs).padStart(6)} ms `);
  const say = (event: LoggedEvent, text: string) => console.log(`${at(event)} ${text}`);
  return (event) => {
    switch (event.type) {
      case "job-accepted":
        startMs = event.atMs;
        return say(event, `job ${event.job}`);
      case "microtasks-planned":
        return say(
          event,
          `${bold("plan")} ${event.plan.microtasks.map((m) => `${m.id}${m.needs.length > 0 ? `(after ${m.needs.join(", ")})` : ""}`).join(" · ")}`,
        );
      case "award-made": {
        const { decision } = event;
        const first = decision.award
          .filter((p) => p.startAfterMs === 0 || p.role === "leader")
          .map((p) => `${p.bidder} (${p.role})`);
        say(event, `${bold("auction")} ${event.microtask}: ${first.join(", ")}`);
        if (quiet) return;
        for (const bid of [...decision.bids].sort((a, b) => b.score - a.score).slice(0, 6)) {
          const place = decision.award.find((p) => p.bidder === bid.bidder);
          console.log(
            dim(
              bidLine(
                bid,
                place === undefined
                  ? ""
                  : `-> ${place.role}${place.startAfterMs ? ` after ${Math.round(place.startAfterMs)} ms` : ""}`,
              ),
            ),
          );
        }
        console.log(dim(`      ${plain(decision.why, 160)}`));
        return;
      }
      case "attempt-started":
        bidderOf.set(event.attempt, event.bidder);
        return say(
          event,
          `start   ${event.attempt.padEnd(18)} ${event.bidder} ${dim(`(${event.role}: ${plain(event.why, 70)})`)}`,
        );
      case "text-streamed":
        return quiet
          ? undefined
          : say(event, `${dim("text")}    ${event.attempt.padEnd(18)} ${dim(plain(event.text, 80))}`);
      case "verdict-reached": {
        const { verdict } = event;
        const colour = verdict.result === "accept" ? green : verdict.result === "reject" ? red : yellow;
        const evidence = verdict.criteria
          .filter((c) => verdict.result === "undecided" || c.result === verdict.result)
          .map((c) => `${c.criterion}: ${c.evidence}`);
        return say(
          event,
          `verdict ${event.attempt.padEnd(18)} ${colour(verdict.result)} on ${verdict.on === "prefix" ? "a prefix" : "the whole"} ${dim(plain(evidence.join("; "), 110))}`,
        );
      }
      case "attempt-committed":
        return say(
          event,
          `${green("commit")}  ${event.attempt.padEnd(18)} ${plain(event.why, 80)}${dim(betOf(event.bet))}`,
        );
      case "judge-audited":
        return say(
          event,
          `audit   ${event.candidate.padEnd(18)} ${event.judge} said ${event.said}; ${event.auditor ?? "nobody"} ${event.found ?? "did not say"}: ${plain(event.why, 80)}`,
        );
      case "attempt-written-off":
        return say(
          event,
          `${yellow("foretold")} ${event.attempt.padEnd(17)} ${event.criterion}: ${plain(event.evidence, 60)}; ${(100 * event.pFalse).toFixed(1)} % that it is wrong x ${formatUsd(event.valueNano)} < ${formatUsd(event.remainingNano)} for the rest`,
        );
      case "attempt-cancelled":
        return say(
          event,
          `${red("cut")}     ${event.attempt.padEnd(18)} ${bidderOf.get(event.attempt) ?? ""} after ${event.tokensSeen} tokens (${event.why}); stopped in ${event.stoppedAtMs - event.askedAtMs} ms; cost ${formatUsd(event.costNano)} (${event.usage.source})`,
        );
      case "attempt-failed":
        return say(
          event,
          `${red("failed")}  ${event.attempt.padEnd(18)} ${bidderOf.get(event.attempt) ?? ""}: ${event.reason}. ${plain(event.message, 80)}`,
        );
      case "attempt-finished":
        return say(
          event,
          `done    ${event.attempt.padEnd(18)} ${plain(said(event), 70)} ${dim(`${event.usage.output} tokens, ${formatUsd(event.costNano)}, ${ms(event.totalMs)}`)}`,
        );
      case "microtask-joined":
        say(
          event,
          `${green("joined")}  ${event.microtask.padEnd(18)} ${bidderOf.get(event.attempt) ?? event.attempt} (${event.how})`,
        );
        for (const { attempt, uncut, savedTokens, savedNano } of event.savings ?? [])
          say(
            event,
            `saved   ${attempt.padEnd(18)} ${savedTokens} tokens, ${formatUsd(savedNano)}, of about ${uncut.tokens}, by the winner's ${uncut.winnerTokens}`,
          );
        return;
      case "microtask-failed":
        return say(event, `${yellow("unsure")}  ${event.microtask.padEnd(18)} ${plain(event.message, 110)}`);
      case "leader-changed":
        return say(
          event,
          `${yellow("leader")}  ${event.from} -> ${event.to} (${event.policy}${event.policy === "continue" ? ` at ${event.offset}` : ""})`,
        );
      case "job-ended":
        return say(
          event,
          event.status === "succeeded"
            ? green("answered")
            : red(
                `${event.status}${"error" in event ? `: ${event.error.code}: ${plain(event.error.message, 140)}` : ""}`,
              ),
        );
      case "settlement-sent":
        return say(event, dim(`settled: ${event.keys.length - 1} microtask settlements handed to the market`));
      default:
        return;
    }
  };
}

/** Text and calls of a whole answer. */
const said = ({ text, calls = [] }: Extract<LoggedEvent, { type: "attempt-finished" }>): string =>
  messageText({ role: "assistant", content: text, calls });

/** What a commit bets, where more text can still break the prefix. */
function betOf(bet: BreakRisk | undefined): string {
  if (bet === undefined || bet.criteria === "") return "";
  return ` (risk at most ${(100 * bet.chance).toFixed(2)} %: ${bet.broke} of ${bet.seen} broke)`;
}
