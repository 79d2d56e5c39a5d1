import { ModelFailure } from "../race/model-port.ts";

export interface StreamEvent {
  event: string;
  /** The event's own `id`; "": it has none. One without is not given the last one's, as the standard does. */
  id: string;
  data: string;
}

const maxLineChars = 1024 * 1024;

/**
 * Server-sent events from bytes, incrementally (WHATWG HTML 9.2.6), strict where a fault could pass for an answer:
 * bytes that are not UTF-8 and lines that are no field throw `malformed-stream`, a line over 1 MB `too-large`.
 */
export class EventStreamParser {
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  #rest = "";
  #event = "";
  #id = "";
  #data: string[] = [];
  #dataChars = 0;

  /** Events completed by these bytes. */
  push(bytes: Uint8Array): StreamEvent[] {
    return this.#take(this.#decode(bytes));
  }

  /** The event that the stream ended in, if its last line is whole; the standard drops it, some servers rely on it. */
  end(): StreamEvent[] {
    const events = this.#take(`${this.#decode()}\n`);
    const last = this.#dispatch();
    return last ? [...events, last] : events;
  }

  #decode(bytes?: Uint8Array): string {
    try {
      return bytes ? this.#decoder.decode(bytes, { stream: true }) : this.#decoder.decode();
    } catch {
      throw new ModelFailure("malformed-stream", "the stream is not UTF-8");
    }
  }

  #take(text: string): StreamEvent[] {
    const events: StreamEvent[] = [];
    let from = 0;
    let buffer = text;
    // A bare CR ends a line only when the next character is known not to be LF: servers that matter send LF or CRLF.
    let at = buffer.indexOf("\n");
    if (at !== -1 && this.#rest !== "") {
      at += this.#rest.length;
      buffer = this.#rest + buffer;
      this.#rest = "";
    }
    while (at !== -1) {
      const end = at > from && buffer.charCodeAt(at - 1) === 13 ? at - 1 : at;
      this.#tooLong(end - from);
      const event = this.#line(buffer.slice(from, end));
      if (event) events.push(event);
      from = at + 1;
      at = buffer.indexOf("\n", from);
    }
    this.#rest += buffer.slice(from);
    this.#tooLong(this.#rest.length);
    return events;
  }

  #line(line: string): StreamEvent | null {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return null;
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(line.charCodeAt(colon + 1) === 32 ? colon + 2 : colon + 1);
    if (field === "data") {
      this.#dataChars += value.length;
      this.#tooLong(this.#dataChars);
      this.#data.push(value);
    } else if (field === "event") this.#event = value;
    else if (field === "id") this.#id = value;
    else if (!/^[A-Za-z][A-Za-z0-9_-]{0,31}$/.test(field) || (colon === -1 && field !== "retry"))
      throw new ModelFailure("malformed-stream", "a line of the stream is not an event field");
    return null;
  }

  #dispatch(): StreamEvent | null {
    const event = this.#event || "message";
    const { length } = this.#data;
    const data = length === 1 ? (this.#data[0] ?? "") : this.#data.join("\n");
    const id = this.#id;
    this.#event = "";
    this.#id = "";
    this.#data = [];
    this.#dataChars = 0;
    return length === 0 ? null : { event, id, data };
  }

  #tooLong(chars: number): void {
    if (chars > maxLineChars)
      throw new ModelFailure("too-large", `a line of the stream is longer than ${maxLineChars}`);
  }
}
