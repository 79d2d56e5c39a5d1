/** Limits as a provider states them in response headers; null: not stated. `resetMs` counts from now. */
export interface StatedLimit {
  limit: number | null;
  remaining: number | null;
  resetMs: number | null;
}

/** What is known of one bidder's room; plain JSON. A window counts what was sent since the provider last told. */
export interface Headroom {
  /** Calls at a time before it queues: declared or learned from 429s; null: no known cap. */
  concurrency: number | null;
  declared: number | null;
  requests: Window;
  tokens: Window;
  /** Told to stay away until then (429, Retry-After); 0: no. */
  blockedUntilMs: number;
  /** 429s in a row, for the back-off when no Retry-After came. */
  refused: number;
  /** Mean time a call holds its place, ms; moves by a tenth with each call. */
  holdMs: number;
}

interface Window {
  /** A minute's allowance; null: unknown. */
  perMinute: number | null;
  /** What is left, as told or as counted, and when it is full again. */
  left: number | null;
  fullAtMs: number;
  /** Sent in the current minute, to learn the allowance when a 429 comes without headers. */
  sent: number;
  minute: number;
  /** The allowance was guessed from a 429: it grows by a quarter, and by five, each minute that comes near it. */
  guessed: boolean;
}

const minuteMs = 60_000;
const firstBackoffMs = 1_000;
const longestBackoffMs = 60_000;

/** Fewer calls in a minute tell nothing of how many it takes. */
const fewestSent = 10;

const newWindow = (): Window => ({ perMinute: null, left: null, fullAtMs: 0, sent: 0, minute: 0, guessed: false });

export const newHeadroom = (concurrency: number | null, holdMs: number): Headroom => ({
  concurrency,
  declared: concurrency,
  requests: newWindow(),
  tokens: newWindow(),
  blockedUntilMs: 0,
  refused: 0,
  holdMs,
});

/** A call of about `tokens` (input and output cap) starts. Mutates. */
export function headroomCallStarted(room: Headroom, tokens: number, nowMs: number): void {
  spend(room.requests, 1, nowMs);
  spend(room.tokens, tokens, nowMs);
}

/** Rate headers came. Mutates. */
export function headroomStated(room: Headroom, requests: StatedLimit, tokens: StatedLimit, nowMs: number): void {
  state(room.requests, requests, nowMs);
  state(room.tokens, tokens, nowMs);
}

/** A call ended well after `heldMs`: the learned cap grows back by one in `concurrency` calls. Mutates. */
export function headroomCallEnded(room: Headroom, heldMs: number): void {
  room.refused = 0;
  room.holdMs += (heldMs - room.holdMs) / 10;
  if (room.concurrency === null || room.concurrency === room.declared) return;
  room.concurrency += 1 / Math.max(1, room.concurrency);
  if (room.declared !== null) room.concurrency = Math.min(room.declared, room.concurrency);
  // Without a declared cap a learned one fades: 64 at a time is as good as none.
  else if (room.concurrency > 64) room.concurrency = null;
}

/**
 * A 429 came with `inFlight` calls under way (itself included). Waits as told, else 1 s doubling to 60 s; halves the
 * concurrency unless a rate window explains it (additive increase, multiplicative decrease). Of one call at a time that is
 * not told when to come back, a minute's allowance is guessed: where it is told, it knows. Mutates.
 */
export function headroomRefused(room: Headroom, inFlight: number, retryAfterMs: number | null, nowMs: number): void {
  const backoffMs = Math.min(longestBackoffMs, firstBackoffMs * 2 ** Math.min(room.refused, 10));
  room.refused++;
  room.blockedUntilMs = Math.max(room.blockedUntilMs, nowMs + (retryAfterMs ?? backoffMs));
  if ((room.requests.left ?? 1) <= 0 || (room.tokens.left ?? 1) <= 0) return;
  if (inFlight > 1) room.concurrency = Math.max(1, Math.min(room.concurrency ?? inFlight, inFlight) / 2);
  else if (room.requests.perMinute === null && retryAfterMs === null) {
    const window = room.requests;
    if (window.minute === Math.floor(nowMs / minuteMs) && window.sent > fewestSent) {
      window.perMinute = window.sent - 1;
      window.guessed = true;
    }
  }
}

/** For the bid: why the bidder cannot be asked now (null: it can), and the queueing to expect, ms. */
export function viewHeadroom(
  room: Headroom,
  inFlight: number,
  tokens: number,
  nowMs: number,
): { unavailable: string | null; queueMs: number } {
  if (nowMs < room.blockedUntilMs) {
    return { unavailable: `rate-limited for ${Math.ceil((room.blockedUntilMs - nowMs) / 1000)} s`, queueMs: 0 };
  }
  const requests = waitFor(room.requests, 1, nowMs);
  const billed = waitFor(room.tokens, tokens, nowMs);
  const rateMs = Math.max(requests, billed);
  if (rateMs > 0) {
    const what = requests >= billed ? "requests" : "tokens";
    return { unavailable: `no ${what} left for ${Math.ceil(rateMs / 1000)} s`, queueMs: 0 };
  }
  if (room.concurrency === null) return { unavailable: null, queueMs: 0 };
  const cap = Math.max(1, Math.floor(room.concurrency));
  if (inFlight < cap) return { unavailable: null, queueMs: 0 };
  // Calls ahead of this one, `cap` leaving every holdMs.
  const queueMs = ((inFlight - cap + 1) / cap) * room.holdMs;
  if (inFlight >= 2 * cap) return { unavailable: `${inFlight} calls under way, cap ${cap}`, queueMs };
  return { unavailable: null, queueMs };
}

/** ms until a call of so many tokens fits in what its provider allows; 0: now. The cap on calls at a time is another matter. */
export function allowanceWaitMs(room: Headroom, tokens: number, nowMs: number): number {
  const blockedMs = Math.max(0, room.blockedUntilMs - nowMs);
  return Math.max(blockedMs, waitFor(room.requests, 1, nowMs), waitFor(room.tokens, tokens, nowMs));
}

function spend(window: Window, amount: number, nowMs: number): void {
  const minute = Math.floor(nowMs / minuteMs);
  if (minute !== window.minute) {
    if (window.guessed && window.perMinute !== null && window.sent > 0.8 * window.perMinute) {
      window.perMinute = Math.ceil(window.perMinute * 1.25) + 5;
    }
    window.minute = minute;
    window.sent = 0;
  }
  window.sent += amount;
  if (window.left !== null && nowMs >= window.fullAtMs) {
    window.left = window.perMinute;
    window.fullAtMs = nowMs + minuteMs;
  }
  if (window.left !== null) window.left -= amount;
}

function state(window: Window, stated: StatedLimit, nowMs: number): void {
  if (stated.limit !== null) {
    window.perMinute = stated.limit;
    window.guessed = false;
  }
  if (stated.remaining === null) return;
  window.left = stated.remaining;
  window.fullAtMs = nowMs + Math.min(stated.resetMs ?? minuteMs, 24 * 60 * minuteMs);
}

/** ms until `amount` fits; 0: now. An amount above a whole window's allowance is let through: the provider decides. */
function waitFor(window: Window, amount: number, nowMs: number): number {
  if (window.perMinute !== null && amount > window.perMinute) return 0;
  if (window.left !== null) {
    return window.left >= amount || nowMs >= window.fullAtMs ? 0 : window.fullAtMs - nowMs;
  }
  const minute = Math.floor(nowMs / minuteMs);
  if (window.perMinute === null || minute !== window.minute || window.sent + amount <= window.perMinute) return 0;
  return (minute + 1) * minuteMs - nowMs;
}
