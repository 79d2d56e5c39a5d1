import type { ToolCall, Tools } from "../plan/tool.ts";
import { readAnswer } from "./read-answer.ts";

/** A call whose arguments fit its tool, mended where they nearly did, or what is wrong with it. */
export type CallReading = { call: ToolCall; repairs: string[]; errors: string[] };

/**
 * Reads a call's arguments as its tool's parameters say, like any answer with a schema: what is broken or nearly right
 * is mended. No arguments at all are an empty object. With `errors` the call stands as its model wrote it.
 */
export function readCall(call: ToolCall, { offered }: Tools): CallReading {
  const tool = offered.find(({ name }) => name === call.name);
  const wrong = (...errors: string[]): CallReading => ({ call, repairs: [], errors });
  if (tool === undefined) return wrong(`there is no tool "${call.name.slice(0, 64)}"`);
  const written = call.arguments.trim() === "" ? "{}" : call.arguments;
  // Arguments that never close were cut off: what stands in for the rest would be invented.
  const reading = readAnswer(written, tool.parameters, { cut: true });
  if (!reading.ok)
    return wrong(...reading.errors.map(({ path, message }) => (path === "" ? message : `${path} ${message}`)));
  const { value, repairs } = reading;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return wrong("the arguments are no object");
  return { call: { ...call, arguments: repairs.length === 0 ? written : JSON.stringify(value) }, repairs, errors: [] };
}
