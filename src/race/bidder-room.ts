import type { Bidder } from "../market/bidder.ts";
import type { FailureReason } from "../market/settlement.ts";
import { type Circuit, circuitCallEnded, circuitCallStarted, newCircuit, viewCircuit } from "./circuit-breaker.ts";
import {
  allowanceWaitMs,
  type Headroom,
  headroomCallEnded,
  headroomCallStarted,
  headroomRefused,
  headroomStated,
  newHeadroom,
  type StatedLimit,
  viewHeadroom,
} from "./headroom.ts";

/** One call at a bidder, waiting for its place there or under way. Plain data: no promise crosses from one job to another. */
export interface Turn {
  readonly bidder: string;
  /** The job it belongs to, so that a job that starts again can take back what its last process held. */
  readonly owner: string;
  readonly tokens: number;
  /** Given up when nobody renewed it until then. */
  heldUntilMs: number;
  startedAtMs: number | null;
}

/** What became of a call. "unknown": it was cut before it said anything. */
export type CallEnd =
  | { how: "well" | "unknown" }
  | { how: "failed"; reason: FailureReason; retryAfterMs: number | null };

/** A turn whose holder was not heard of for this long is free again, ms: its process died. */
export const turnLeaseMs = 15_000;
const mostWaiting = 256;
const defaultHoldMs = 4_000;

/**
 * One bidder's circuit, headroom and queue, first come first served. Bounded, plain data, and nothing of it needs to
 * outlive the process: what is lost is learned again from the next calls.
 */
export class BidderRoom {
  readonly #circuit: Circuit;
  readonly #headroom: Headroom;
  #running: Turn[] = [];
  #waiting: Turn[] = [];

  constructor(bidder: Bidder, nowMs: number) {
    this.#circuit = newCircuit(nowMs);
    this.#headroom = newHeadroom(bidder.concurrency, defaultHoldMs);
  }

  /** An operator may have changed the declared cap since. */
  declare(concurrency: number | null): void {
    if (this.#headroom.declared === concurrency) return;
    this.#headroom.declared = concurrency;
    this.#headroom.concurrency = concurrency;
  }

  /** Why the bidder should not be asked now (null: it may be), the queueing to expect, ms, and calls it has already. */
  look(tokens: number, nowMs: number): { unavailable: string | null; queueMs: number; load: number } {
    this.#drop(nowMs);
    const load = this.#running.length + this.#waiting.length;
    const circuit = viewCircuit(this.#circuit, nowMs);
    if (circuit.state === "open") return { unavailable: circuit.reason, queueMs: 0, load };
    const { unavailable, queueMs } = viewHeadroom(this.#headroom, load, tokens, nowMs);
    if (this.#waiting.length >= mostWaiting)
      return { unavailable: `${this.#waiting.length} calls wait for it`, queueMs, load };
    // A queue that is merely long is a matter of price: it is part of the bid's latency.
    return { unavailable: queueMs > 0 ? null : unavailable, queueMs, load };
  }

  /** null: the queue is full. */
  enter(bidder: string, owner: string, tokens: number, nowMs: number): Turn | null {
    this.#drop(nowMs);
    if (this.#waiting.length >= mostWaiting) return null;
    const turn: Turn = { bidder, owner, tokens, heldUntilMs: nowMs + turnLeaseMs, startedAtMs: null };
    this.#waiting.push(turn);
    return turn;
  }

  /** Is it this turn's time? Then it is under way from here on. To be asked again until it is. */
  admit(turn: Turn, nowMs: number): boolean {
    if (turn.startedAtMs !== null) return true;
    turn.heldUntilMs = nowMs + turnLeaseMs;
    this.#drop(nowMs);
    if (!this.#waiting.includes(turn)) this.#waiting.push(turn);
    if (this.#waiting[0] !== turn || this.waitMs(turn, nowMs) > 0) return false;
    const cap = this.#headroom.concurrency;
    if (cap !== null && this.#running.length >= Math.max(1, Math.floor(cap))) return false;
    this.#waiting.shift();
    this.#running.push(turn);
    turn.startedAtMs = nowMs;
    circuitCallStarted(this.#circuit, nowMs);
    headroomCallStarted(this.#headroom, turn.tokens, nowMs);
    return true;
  }

  /** How long it must wait whatever leaves before it, ms: the provider said so. */
  waitMs(turn: Turn, nowMs: number): number {
    return allowanceWaitMs(this.#headroom, turn.tokens, nowMs);
  }

  renew(turn: Turn, nowMs: number): void {
    turn.heldUntilMs = nowMs + turnLeaseMs;
  }

  /** The call ended, or it is no longer wanted. Idempotent. */
  leave(turn: Turn, end: CallEnd, nowMs: number): void {
    const inFlight = this.#running.length;
    const held = this.#running.indexOf(turn);
    this.#waiting = this.#waiting.filter((one) => one !== turn);
    if (held < 0 || turn.startedAtMs === null) return;
    this.#running.splice(held, 1);
    if (end.how !== "failed") {
      if (end.how === "well") headroomCallEnded(this.#headroom, nowMs - turn.startedAtMs);
      // An orphan says nothing of its bidder, but a probe it was is over.
      return circuitCallEnded(this.#circuit, end.how === "well" ? null : "orphaned", nowMs);
    }
    if (end.reason === "rate-limited") headroomRefused(this.#headroom, inFlight, end.retryAfterMs, nowMs);
    circuitCallEnded(this.#circuit, end.reason, nowMs);
  }

  stated(requests: StatedLimit, tokens: StatedLimit, nowMs: number): void {
    headroomStated(this.#headroom, requests, tokens, nowMs);
  }

  /** Gives up the turns of a job whose process is gone. */
  forget(owner: string): void {
    this.#running = this.#running.filter((turn) => turn.owner !== owner);
    this.#waiting = this.#waiting.filter((turn) => turn.owner !== owner);
  }

  /** Nobody is there: the room can be dropped when there are too many. */
  get idle(): boolean {
    return this.#running.length + this.#waiting.length === 0;
  }

  #drop(nowMs: number): void {
    const lives = (turn: Turn) => turn.heldUntilMs > nowMs;
    if (!this.#running.every(lives)) this.#running = this.#running.filter(lives);
    if (!this.#waiting.every(lives)) this.#waiting = this.#waiting.filter(lives);
  }
}
