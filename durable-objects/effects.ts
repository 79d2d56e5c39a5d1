import type { EnginePorts } from "../src/engine/ports.ts";
import type { AtomicEnv } from "../src/env.ts";
import type { ConfiguredBidder } from "../src/models/endpoint.ts";
import { createModelPort } from "../src/models/model-ports.ts";
import { Slots } from "../src/race/slots.ts";
import { detectLanguage } from "./detect-language.ts";
import { isolateFleet } from "./isolate-fleet.ts";

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
      const timer = setTimeout(then, ms);
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
