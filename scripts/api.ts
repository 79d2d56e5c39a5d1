import type { LoggedEvent } from "../src/job/job-event.ts";

/** The server refused a call. `retryAfterMs`: when it may not, by its own word; NaN: it does not say. */
export class Refused extends Error {
  readonly status: number;
  readonly retryAfterMs: number;

  constructor(message: string, status: number, retryAfterMs: number) {
    super(message);
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** A thin client of the native API, as a user would write it. */
export class Api {
  readonly url: string;
  readonly key: string | null;

  constructor(url: string, key: string | null = process.env.ATOMIC_API_KEY || null) {
    this.url = url.replace(/\/$/, "");
    this.key = key;
  }

  /** Throws with the server's own words when it refuses. */
  async call<T>(
    method: string,
    path: string,
    body?: unknown,
    contentType = "application/json",
    headers: Record<string, string> = {},
  ): Promise<T> {
    const response = await fetch(this.url + path, {
      method,
      headers: { ...(body === undefined ? {} : { "content-type": contentType }), ...headers, ...this.#auth() },
      ...(body === undefined
        ? {}
        : { body: typeof body === "string" || body instanceof Uint8Array ? (body as BodyInit) : JSON.stringify(body) }),
      signal: AbortSignal.timeout(120_000),
    });
    const text = await response.text();
    if (!response.ok) {
      const afterS = Number(response.headers.get("retry-after") ?? Number.NaN);
      throw new Refused(`${refusalIn(text)} (${method} ${path}: ${response.status})`, response.status, afterS * 1000);
    }
    return (text === "" ? null : JSON.parse(text)) as T;
  }

  /** Follows a job's events until it is over, from `after` on. */
  async *events(job: string, after = 0, signal?: AbortSignal): AsyncGenerator<LoggedEvent> {
    for await (const line of this.eventLines(job, after, signal)) yield JSON.parse(line) as LoggedEvent;
  }

  /** The same as the server wrote them, a line of JSON each. */
  async *eventLines(
    job: string,
    after = 0,
    signal: AbortSignal = AbortSignal.timeout(120_000),
  ): AsyncGenerator<string> {
    const response = await fetch(`${this.url}/v1/jobs/${job}/events?after=${after}`, {
      headers: { accept: "text/event-stream", ...this.#auth() },
      signal,
    });
    if (!response.ok || response.body === null)
      throw new Error(`${refusalIn(await response.text())} (events of ${job}: ${response.status})`);
    let buffer = "";
    const decoder = new TextDecoder();
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      buffer += decoder.decode(chunk, { stream: true });
      for (let end = buffer.indexOf("\n\n"); end >= 0; end = buffer.indexOf("\n\n")) {
        const frame = buffer.slice(0, end);
        buffer = buffer.slice(end + 2);
        const data = frame
          .split("\n")
          .filter((line) => line.startsWith("data:"))
          .map((line) => line.slice(5).trimStart())
          .join("\n");
        if (data !== "") yield data;
      }
    }
  }

  #auth(): Record<string, string> {
    return this.key === null ? {} : { authorization: `Bearer ${this.key}` };
  }
}

/** The sentence of a problem+json body, else its beginning. */
function refusalIn(body: string): string {
  try {
    const { detail } = JSON.parse(body) as { detail?: unknown };
    if (typeof detail === "string") return detail;
  } catch {
    // Not the server's own words: a proxy's page, perhaps.
  }
  return body.slice(0, 600);
}
