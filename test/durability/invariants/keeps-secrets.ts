import type { Invariant } from "../evidence.ts";

/** No text of a prompt and no key is ever on the console or in telemetry. */
export const keepsSecrets: Invariant = ({ console, secrets }) =>
  secrets.flatMap((secret) => console.filter((line) => line.includes(secret)).map(() => "the console shows a prompt"));
