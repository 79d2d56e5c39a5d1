import type { EnginePorts } from "../src/engine/ports.ts";
import type { AtomicEnv } from "../src/env.ts";
import type { ConfiguredBidder } from "../src/models/endpoint.ts";
import { createModelPort } from "../src/models/model-ports.ts";
import { Slots } from "../src/race/slots.ts";
import { detectLanguage } from "./detect-language.ts";
import { isolateFleet } from "./isolate-fleet.ts";

/** Timers of 32 bits fire at once when asked for more; the engine looks again when one fires early. */
const longestTimerMs = 2_000_000_000;

type Effects = Pick<
  EnginePorts,
  "nowMs" | "after" | "newAbort" | "models" | "slots" | "fleet" | "nonce" | "detectLanguage"
>;

/** The platform behind the engine's ports, for one object. */
export function effectsOf(env: AtomicEnv, endpoints: () => readonly ConfiguredBidder[]): Effects {
  const slots = new Slots(() => Date.now());
  return {
    nowMs: () => Date.now(),
    after: (ms, then) => {
      const timer = setTimeout(then, Math.min(ms, longestTimerMs));
      return () => clearTimeout(timer);
    },
    newAbort: () => {
      const controller = new AbortController();
      return { signal: controller.signal, abort: (reason) => controller.abort(reason) };
    },
    models: createModelPort(env, endpoints, {
      allowSimulated: env.ATOMIC_SIM === "1",
      onHeadroom: (bidder, { requests, tokens }) => isolateFleet.stated(bidder, requests, tokens),
    }),
    fleet: isolateFleet,
    slots,
    nonce: () => crypto.randomUUID().replaceAll("-", ""),
    detectLanguage,
  };
}
