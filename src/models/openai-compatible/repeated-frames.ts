import type { StreamEvent } from "../event-stream.ts";

/** "ok": the next one; "dropped": the one before again, by its number; "alike": the next one, after two that were alike. */
export type FrameSaid = "ok" | "dropped" | "alike";

/**
 * Tells frames that were sent twice in a row. Certain is what the stream numbers: the same data under the same
 * `sequence_number` (OpenAI's Responses events; some gateways add it to chat chunks) or the same SSE `id`, where
 * numbers have changed with every frame until then: servers exist that give one id to a whole answer. A chat chunk has
 * no number: two that are byte for byte the same and have a word in them may be one, but texts repeat themselves too
 * ("ha ha"; three in a row are taken to be that), so they are only told, never dropped.
 */
export class RepeatedFrames {
  #number = "";
  #data = "";
  #changes = 0;
  #stuck = false;
  /** Frames in a row, this one included, that were byte for byte the same and may be one. */
  #alike = 1;

  /** `text`: what the frame adds to the answer. */
  next({ id, data }: StreamEvent, text: string): FrameSaid {
    const number = sequenceOf(data) ?? id;
    const alike = data === this.#data;
    const same = number !== "" && number === this.#number;
    const trusted = this.#changes > 1 && !this.#stuck;
    if (same && alike && trusted) return "dropped";
    if (same && !alike) this.#stuck = true;
    if (number !== "" && !same) this.#changes += 1;
    this.#number = number;
    this.#data = data;
    // Numbers that do tell frames apart say that these two are two.
    const apart = number !== "" && !same && trusted;
    const pair = !alike && this.#alike === 2;
    this.#alike = alike && !apart && /\p{L}{2}/u.test(text) ? this.#alike + 1 : 1;
    return pair ? "alike" : "ok";
  }
}

/** The frame's own number; null: it has none. Looked for at the top level only: an answer may quote such a field. */
function sequenceOf(data: string): string | null {
  if (!data.includes('"sequence_number"')) return null;
  try {
    const value: unknown = JSON.parse(data);
    const number = typeof value === "object" && value !== null && "sequence_number" in value && value.sequence_number;
    return typeof number === "number" && Number.isSafeInteger(number) ? String(number) : null;
  } catch {
    return null;
  }
}
