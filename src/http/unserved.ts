import { AtomicError } from "../error.ts";

/**
 * Fields of a foreign dialect without which an answer would be another one than was asked for. What cannot be done is
 * refused by its name; fields that change nothing of an answer are ignored, as clients expect.
 */
export interface Unserved {
  field: string;
  /** Is it asked for? Clients send defaults. */
  asks(value: unknown): boolean;
  says: string;
  /** For programs that ask another way then. */
  reason?: string;
}

export const given = (value: unknown): boolean => value !== null && value !== undefined;
export const isFull = (value: unknown): boolean =>
  typeof value === "object" && value !== null && Object.keys(value).length > 0;
/** Throws for the first field that asks for what cannot be done. */
export function refuseUnserved(body: Readonly<Record<string, unknown>>, unserved: readonly Unserved[]): void {
  const refused = unserved.find(({ field, asks }) => asks(body[field]));
  if (refused !== undefined)
    throw new AtomicError("invalid-request", refused.says, { field: refused.field, reason: refused.reason });
}
