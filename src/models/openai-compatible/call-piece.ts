import { isObject } from "./json-object.ts";

/** What one chunk says of one call. Every field may be missing, and servers differ in which. */
export interface CallPiece {
  index: number | null;
  id: string | null;
  /** "": not said here. */
  name: string;
  /** The next piece of the arguments' JSON. */
  arguments: string;
}

/** Reads `tool_calls` of a delta or of a whole message; what is no list of objects has none. */
export function readCallPieces(value: unknown): CallPiece[] {
  return Array.isArray(value) ? value.filter(isObject).map(readCallPiece) : [];
}

function readCallPiece({ index, id, ...piece }: Record<string, unknown>): CallPiece {
  const said = isObject(piece.function) ? piece.function : piece;
  return {
    index: typeof index === "number" ? index : null,
    id: typeof id === "string" && id !== "" ? id : null,
    name: typeof said.name === "string" ? said.name.trim() : "",
    arguments: argumentsOf(said.arguments),
  };
}

/** Some servers send the object itself in place of its text. */
function argumentsOf(value: unknown): string {
  if (typeof value === "string") return value;
  return typeof value === "object" && value !== null ? JSON.stringify(value) : "";
}
