import { Slots } from "../../src/race/slots.ts";
import { drawAt } from "./draw.ts";
import type { Endpoint } from "./fleet.ts";

export interface Queueing {
  ways: number;
  meanQueuedMs: number;
  longestQueuedMs: number;
  /** Until the last call of the map has its headers, and what it would be without the object's limit. */
  headersMs: number;
  unlimitedMs: number;
}

/** A map of so many microtasks in one object, five calls at a time for races; headers come with the first token. */
export async function mapQueueing(ways: number, endpoint: Endpoint, seed: number): Promise<Queueing> {
  let nowMs = 0;
  const slots = new Slots(() => nowMs);
  const held: { release(): void; untilMs: number }[] = [];
  const signal = new AbortController().signal;
  let unlimitedMs = 0;
  let headersMs = 0;
  for (let way = 0; way < ways; way++) {
    const firstTokenMs = endpoint.firstTokenMs(drawAt(seed, way, 0));
    unlimitedMs = Math.max(unlimitedMs, firstTokenMs);
    void slots.acquire(`map-${way}`, false, signal).then((slot) => {
      held.push({ release: slot.release, untilMs: nowMs + firstTokenMs });
    });
  }
  await turn();
  while (held.length > 0) {
    held.sort((a, b) => a.untilMs - b.untilMs);
    const next = held.shift();
    if (next === undefined) break;
    nowMs = next.untilMs;
    headersMs = nowMs;
    next.release();
    await turn();
  }
  const { totalMs, maxMs } = slots.times;
  return { ways, meanQueuedMs: totalMs / ways, longestQueuedMs: maxMs, headersMs, unlimitedMs };
}

const turn = async (): Promise<void> => {
  for (let count = 0; count < 5; count++) await Promise.resolve();
};
