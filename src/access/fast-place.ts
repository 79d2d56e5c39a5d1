/** Objects that the fast lane's logs are spread over. */
export const logShards = 8;

/** Where a job of the fast lane is kept: its shard, and its key there, 32 hex digits that begin with the time it was made. */
export interface FastPlace {
  shard: number;
  key: string;
}

const form = /^f([0-9a-f]{2})-([0-9a-f]{32})$/;

/** A place for a job made now. `random`: 10 bytes. */
export function fastPlace(shard: number, nowMs: number, random: Uint8Array): FastPlace {
  const rest = Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { shard, key: `${keyTime(nowMs)}${rest}` };
}

/** A place as it stands in the middle of a job's id. */
export const writeFastPlace = ({ shard, key }: FastPlace): string => `f${shard.toString(16).padStart(2, "0")}-${key}`;

/** null: the place is a job's own object. */
export function readFastPlace(place: string): FastPlace | null {
  const [, shard, key] = form.exec(place) ?? [];
  return shard === undefined || key === undefined ? null : { shard: Number.parseInt(shard, 16), key };
}

/** How keys of this time begin: they sort by it. */
export const keyTime = (ms: number): string => Math.max(0, Math.trunc(ms)).toString(16).padStart(12, "0");

/** When a key was made, epoch ms. */
export const timeOfKey = (key: string): number => Number.parseInt(key.slice(0, 12), 16);
