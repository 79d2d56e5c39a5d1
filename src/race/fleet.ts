import type { Bidder } from "../market/bidder.ts";
import { BidderRoom, type CallEnd, type Turn } from "./bidder-room.ts";
import type { StatedLimit } from "./headroom.ts";
import { callStarted, callTroubled, type HedgeBudget, hedgeStarted, mayHedge, newHedgeBudget } from "./hedge-budget.ts";
import { HedgeTimes } from "./hedge-times.ts";
import { SentPrompts } from "./sent-prompts.ts";

/** Bidders that are remembered at a time; of more, the longest unasked goes, unless calls of it are under way. */
const mostRooms = 256;

/**
 * What one process knows of all bidders right now: open circuits, headroom, calls under way, what they were sent lately,
 * and how many hedges are still allowed. Shared by all jobs of an isolate. Synchronous plain data, so that jobs of
 * different request contexts may share it: a call waits by asking again, never on another's promise. Nothing in it must
 * not be lost.
 */
export class Fleet {
  readonly #nowMs: () => number;
  readonly #rooms = new Map<string, BidderRoom>();
  readonly #times = new HedgeTimes();
  #budget: HedgeBudget | null = null;
  /** Which prompts they were sent lately, and what of them they were asked to cache. */
  readonly prompts: SentPrompts;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.prompts = new SentPrompts(nowMs);
  }

  /** Why a bidder should not be asked now (null: it may be), queueing to expect (ms), calls it has (waiting included). */
  look(bidder: Bidder, tokens: number): { unavailable: string | null; queueMs: number; load: number } {
    const room = this.#rooms.get(roomFor(bidder));
    if (room === undefined) return { unavailable: null, queueMs: 0, load: 0 };
    room.declare(bidder.concurrency);
    return room.look(tokens, this.#nowMs());
  }

  /** Lines up for a place at a bidder; null: too many wait there. The holder must `renew` within `turnLeaseMs`. */
  enter(bidder: Bidder, owner: string, tokens: number): Turn | null {
    return this.#roomOf(bidder).enter(roomFor(bidder), owner, tokens, this.#nowMs());
  }

  /** true: the call may start, and holds its place until `leave`. false: ask again. */
  admit(turn: Turn): boolean {
    return this.#rooms.get(turn.bidder)?.admit(turn, this.#nowMs()) ?? true;
  }

  /** What the provider itself makes it wait, at least, ms. */
  waitMs(turn: Turn): number {
    return this.#rooms.get(turn.bidder)?.waitMs(turn, this.#nowMs()) ?? 0;
  }

  renew(turn: Turn): void {
    this.#rooms.get(turn.bidder)?.renew(turn, this.#nowMs());
  }

  leave(turn: Turn, end: CallEnd): void {
    this.#rooms.get(turn.bidder)?.leave(turn, end, this.#nowMs());
  }

  /** A job's process started again: what the last one held is free. */
  forget(owner: string): void {
    for (const room of this.#rooms.values()) room.forget(owner);
  }

  /** Rate headers of a response of this bidder, or of one of its arms. */
  stated(bidder: string, requests: StatedLimit, tokens: StatedLimit): void {
    this.#rooms.get(bidder)?.stated(requests, tokens, this.#nowMs());
  }

  /** May a hedge start now? */
  mayHedge(): boolean {
    return mayHedge(this.#hedges(), this.#nowMs());
  }

  /** ms after its leader that this hedge is due; the leader's own p95 until enough was seen. */
  hedgeAfterMs(leader: string, hedge: string, leaderP95Ms: number): number {
    return this.#times.dueMs(leader, hedge, leaderP95Ms);
  }

  /** A call started: beside one that is only silent (`hedge`), or not. */
  called(hedge: boolean): void {
    if (hedge) hedgeStarted(this.#hedges());
    else callStarted(this.#hedges(), this.#nowMs());
  }

  /** A bidder's first token came after `ms`, or had not come by then (`censored`). `dueMs`: of its hedge; null: none. */
  waited(bidder: string, ms: number, censored: boolean, dueMs: number | null): void {
    this.#times.heard(bidder, ms, censored);
    if (dueMs !== null) this.#times.leaderWaited(ms, censored, dueMs);
  }

  /** A call failed at its provider, or its first token was later than its bid's p95. At most once a call. */
  troubled(): void {
    callTroubled(this.#hedges(), this.#nowMs());
  }

  #hedges(): HedgeBudget {
    this.#budget ??= newHedgeBudget(this.#nowMs());
    return this.#budget;
  }

  #roomOf(bidder: Bidder): BidderRoom {
    const id = roomFor(bidder);
    const room = this.#rooms.get(id) ?? new BidderRoom(bidder, this.#nowMs());
    room.declare(bidder.concurrency);
    this.#rooms.delete(id);
    this.#rooms.set(id, room);
    if (this.#rooms.size > mostRooms) {
      for (const [other, old] of this.#rooms) {
        if (!old.idle || other === id) continue;
        this.#rooms.delete(other);
        break;
      }
    }
    return room;
  }
}

/** Arms are calls of one model at one provider: its limits and outages are theirs, too. */
const roomFor = ({ id, arm }: Bidder): string => arm?.of ?? id;
