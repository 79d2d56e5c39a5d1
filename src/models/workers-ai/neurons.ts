import type { NanoUsd } from "../../money/nano-usd.ts";

/** $0.011 per 1,000 neurons: developers.cloudflare.com/workers-ai/platform/pricing, November 2026. */
const nanoPerNeuron = 11_000;

/**
 * What Workers AI bills is neurons; tokens at list price are only near it. null: this event does not say how many
 * (`usage.neurons`; not documented, seen since October 2026). The 10,000 a day that are free are counted all the same.
 */
export function neuronsIn(event: unknown): NanoUsd | null {
  const usage = (event as { usage?: { neurons?: unknown } | null } | null)?.usage;
  const neurons = usage?.neurons;
  // No answer costs none: a model that is not metered yet says 0.
  if (typeof neurons !== "number" || !Number.isFinite(neurons) || neurons <= 0) return null;
  return Math.round(neurons * nanoPerNeuron);
}
