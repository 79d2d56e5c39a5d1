import type { JsonSchema } from "./contract.ts";

/** A function of the caller's that a model may ask for. Atomic runs none: it hands on who should be called with what. */
export interface Tool {
  /** Unique in its request: letters, digits, _ and -, at most 64. */
  name: string;
  description: string;
  /** JSON Schema of the arguments, an object. */
  parameters: JsonSchema;
  /** The caller asks providers to hold the arguments to the schema while they are written, where they can. */
  strict?: true;
}

/** auto: the model chooses. none: it may not. required: it must call some tool; named: this one. */
export type ToolChoice = "auto" | "none" | "required" | { name: string };

/** What a request says of tools. */
export interface Tools {
  offered: Tool[];
  choice: ToolChoice;
  /** May one answer hold several calls? */
  parallel: boolean;
}

/** A model's wish that a tool be called. */
export interface ToolCall {
  /** Unique in its conversation: results name it. */
  id: string;
  name: string;
  /** JSON text of an object. In an attempt as its model wrote it; in an answer it fits the tool's parameters. */
  arguments: string;
}

/** A call as a person reads it: get_weather({"city":"Paris"}). */
export const callText = (call: Pick<ToolCall, "name" | "arguments">): string => `${call.name}(${call.arguments})`;
