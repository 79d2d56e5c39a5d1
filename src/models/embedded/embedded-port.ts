import {
  type AbortSignalLike,
  type ModelCall,
  ModelFailure,
  type ModelPart,
  type ModelPort,
} from "../../race/model-port.ts";
import { specialists } from "./registry.ts";
import type { Specialist } from "./specialist.ts";

/** Characters a text part carries; answers of closed kinds fit in one. */
const partChars = 256;

/**
 * Runs the specialists behind the port that models of providers have: open, text, usage (no tokens), end.
 * One at a time per port, in the order of the calls: they share one thread, so in parallel they would only make each
 * other late. A port belongs to one object or request; it must not be shared between requests of a Worker.
 */
export function createEmbeddedPort(): ModelPort {
  const byId = new Map<string, Specialist>(specialists.map((specialist) => [specialist.bidder.id, specialist]));
  let last: Promise<unknown> = Promise.resolve();

  return {
    async *stream(call: ModelCall, signal: AbortSignalLike): AsyncGenerator<ModelPart> {
      const specialist = byId.get(call.bidder);
      if (specialist === undefined) throw new ModelFailure("client-error", `${call.bidder} is no embedded specialist`);
      if (signal.aborted) return;
      const context = { kind: call.kind, labels: call.labels, schema: call.schema };
      const answer = last.then(() => (signal.aborted ? null : specialist.run(call.text, context)));
      last = answer.catch(() => null);
      yield { type: "open" };
      const settled = await firstOf(answer, signal).catch(() => {
        // The library's message may quote the text, so it goes no further.
        throw new ModelFailure("internal", `${call.bidder} failed on this text`);
      });
      if (settled === null) return;
      // Mails may hold half surrogate pairs, which cannot be written as UTF-8.
      const text = settled.text.toWellFormed();
      for (let at = 0; at < text.length; ) {
        if (signal.aborted) return;
        const part = partOf(text, at);
        yield { type: "text", text: part };
        at += part.length;
      }
      yield { type: "usage", usage: { input: 0, output: 0, source: "counted" } };
      yield { type: "end", finish: "stop" };
    },
  };
}

/** The next part of a text; never ends in half a surrogate pair. */
function partOf(text: string, at: number): string {
  const end = Math.min(text.length, at + partChars);
  const last = text.charCodeAt(end - 1);
  return text.slice(at, end < text.length && last >= 0xd800 && last <= 0xdbff ? end - 1 : end);
}

/** The answer, or null as soon as the signal says stop. */
function firstOf<T>(answer: Promise<T>, signal: AbortSignalLike): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const stop = () => resolve(null);
    signal.addEventListener("abort", stop, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
