import { type AbortSignalLike, type ModelCall, ModelFailure, type ModelPart } from "../../race/model-port.ts";
import type { CallClock } from "../call-clock.ts";
import { countPrompt } from "../count-tokens.ts";
import type { Target } from "../endpoint.ts";
import { guardCall, type RawPart } from "../guard-call.ts";
import { type SimFault, type SimProfile, simProfiles } from "./presets.ts";
import { Seeded } from "./seeded.ts";
import { simCall } from "./sim-call.ts";
import { simText } from "./sim-text.ts";

/** Waits `ms`; rejects or resolves at once when the signal aborts. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

/**
 * Streams a simulated answer chunk by chunk, a word a token (of a tool's arguments: 4 characters), with drawn delays.
 * Same call, same answer, same delays.
 */
export function streamSim(
  target: Target,
  call: ModelCall,
  signal: AbortSignalLike,
  sleep: Sleep = timerSleep,
): AsyncIterable<ModelPart> {
  return guardCall(call, target.bidder, signal, (clock) => read(target, call, clock, sleep));
}

async function* read(
  target: Target,
  call: ModelCall,
  clock: CallClock,
  sleep: Sleep,
): AsyncGenerator<RawPart, void, void> {
  const profile = simProfiles[target.endpoint.model];
  if (!profile) throw new ModelFailure("client-error", "no simulated bidder of this name");
  const wait = (ms: number) => clock.race(sleep(ms, clock.signal));
  const draws = new Seeded(`time|${call.bidder}|${call.seed}|${call.attempt}`);
  const fault = drawFault(profile, draws);
  const firstTokenMs = draws.logNormal(profile.firstTokenMs.median, profile.firstTokenMs.sigma);
  await wait(firstTokenMs / 3);
  if (fault === "rate-limited" || fault === "overloaded" || fault === "server-error")
    throw new ModelFailure(fault, "simulated", fault === "rate-limited" ? { retryAfterMs: 1000 } : {});
  yield { type: "open" };
  await wait((firstTokenMs * 2) / 3);

  const wish = simCall(call, profile);
  const tokens = (wish ? wish.arguments.match(/.{1,4}/gsu) : simText(call, profile).match(/\s*\S+/g)) ?? [];
  const sent = Math.min(tokens.length, call.maxOutputTokens);
  const gapMs = 1000 / draws.logNormal(profile.tokensPerSecond.median, profile.tokensPerSecond.sigma);
  for (const [index, token] of tokens.slice(0, sent).entries()) {
    if (index > 0) await wait(draws.logNormal(gapMs, 0.3));
    if (fault !== null && index >= sent / 2) {
      if (fault === "truncated") return;
      if (fault === "stall-timeout") await wait(2 ** 30);
      throw new ModelFailure(fault, "simulated");
    }
    yield { type: wish ? "call-text" : "text", text: token };
  }
  if (wish && sent === tokens.length) yield { type: "call", call: { id: null, ...wish } };
  yield { type: "usage", usage: { input: countPrompt(call), output: sent, source: "provider" } };
  yield { type: "end", finish: sent < tokens.length ? "length" : "stop" };
}

function drawFault(profile: SimProfile, draws: Seeded): SimFault | null {
  let rest = draws.uniform();
  for (const { reason, probability } of profile.faults) {
    if (rest < probability) return reason;
    rest -= probability;
  }
  return null;
}

/** The platform's timers. */
export const timerSleep: Sleep = (ms, signal) =>
  new Promise((resolve) => {
    const timer = setTimeout(done, Math.min(ms, 2 ** 31 - 1));
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done, { once: true });
  });
