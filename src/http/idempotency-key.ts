import { AtomicError } from "../error.ts";

/** The name of a job that a client may post again: 1 to 255 visible ASCII characters; null: none was given. */
export function idempotencyName(header: string | undefined): string | null {
  if (header === undefined) return null;
  if (!/^[\x21-\x7e]{1,255}$/.test(header))
    throw new AtomicError(
      "invalid-request",
      "An idempotency key is 1 to 255 visible ASCII characters without spaces. Send a UUID.",
      { field: "Idempotency-Key" },
    );
  return `key/${header}`;
}

/** Tells a client that what it gets is the job it made before. */
export const replayed = (repeated: boolean): Record<string, string> =>
  repeated ? { "idempotent-replayed": "true" } : {};
