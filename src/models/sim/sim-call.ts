import type { ModelCall } from "../../race/model-port.ts";
import type { SimProfile } from "./presets.ts";
import { hashOf, Seeded } from "./seeded.ts";
import { topicOf } from "./sim-text.ts";
import { valueFor } from "./sim-value.ts";

/**
 * The call a simulated bidder makes in place of a text: of the tool it must, else of one that depends on the input
 * alone, so that two of them agree on it. Its arguments are made up, and broken where its quality fails. null: it
 * answers in text, as after a tool's result.
 */
export function simCall(call: ModelCall, profile: SimProfile): { name: string; arguments: string } | null {
  const { tools, messages, text } = call;
  if (tools === undefined || tools.choice === "none" || messages.at(-1)?.role === "tool") return null;
  const { offered, choice } = tools;
  const named = typeof choice === "string" ? undefined : offered.find(({ name }) => name === choice.name);
  const tool = named ?? offered[hashOf(text) % offered.length];
  if (tool === undefined) return null;
  const draws = new Seeded(`${call.bidder}|${call.seed}|${hashOf(text)}|call`);
  const good = draws.uniform() < profile.quality;
  const json = JSON.stringify(valueFor(tool.parameters, draws, topicOf(text)) ?? {});
  return { name: tool.name, arguments: good ? json : json.slice(0, Math.max(1, json.length - 2)) };
}
