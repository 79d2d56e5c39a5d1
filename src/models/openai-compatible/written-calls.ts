import { isWholeObject, maxCalls, type RawCall, tooManyCalls } from "../answer-calls.ts";
import type { CallPiece } from "./call-piece.ts";

/**
 * Puts the calls of an answer together from pieces. OpenAI numbers each call and names it once; others leave out the
 * number or the id, send each call whole, number all of them 0, or repeat id and name with every piece.
 */
export class WrittenCalls {
  readonly #calls: CallPiece[] = [];

  /** Takes the next piece; gives what it adds to its call's arguments. More than `maxCalls` calls: throws too-large. */
  push(piece: CallPiece): string {
    const call = this.#before(piece);
    if (call === null) {
      // Some servers close each call with a piece in which nothing is said.
      if (piece.id === null && piece.name === "" && piece.arguments === "") return "";
      if (this.#calls.length >= maxCalls) throw tooManyCalls();
      this.#calls.push({ ...piece });
      return piece.arguments;
    }
    if (saysAgain(call, piece)) return "";
    call.index ??= piece.index;
    call.id ??= piece.id;
    if (call.name === "") call.name = piece.name;
    call.arguments += piece.arguments;
    return piece.arguments;
  }

  /** The calls so far, in the order they began. */
  all(): RawCall[] {
    return this.#calls.map(({ id, name, arguments: written }) => ({ id, name, arguments: written }));
  }

  /** The call that a piece goes on with; null: it begins one. */
  #before(piece: CallPiece): CallPiece | null {
    const { index, id, name } = piece;
    const numbered = index === null ? undefined : this.#calls.findLast((call) => call.index === index);
    // A number that nobody has had begins a call, even under an id that came before.
    const known = id === null || (index !== null && name !== "") ? undefined : this.#calls.findLast((c) => c.id === id);
    const call = numbered ?? known ?? (index === null ? this.#calls.at(-1) : undefined);
    return call !== undefined && goesOn(call, piece) ? call : null;
  }
}

/** A piece that names a tool begins a call, unless the call before it has the same name and is not done. */
function goesOn(call: CallPiece, piece: CallPiece): boolean {
  if (piece.name === "") return true;
  if (call.name !== "" && call.name !== piece.name) return false;
  const another = piece.id !== null && call.id !== null && piece.id !== call.id;
  const labelled = piece.id !== null || piece.index !== null;
  if (isWholeObject(call.arguments))
    return !another && ((labelled && piece.arguments.trim() === "") || saysAgain(call, piece));
  return !another || call.arguments !== "";
}

/** Some servers send a call whole once more when it is done. */
const saysAgain = (call: CallPiece, piece: CallPiece): boolean =>
  piece.name !== "" &&
  piece.id !== null &&
  piece.id === call.id &&
  piece.arguments === call.arguments &&
  isWholeObject(piece.arguments);
