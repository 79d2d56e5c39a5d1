import { existsSync, readFileSync } from "node:fs";

/**
 * Commits in a SQLite write-ahead log: frames that carry the database's size, and the salt of the log as it is now.
 * Format: https://sqlite.org/fileformat2.html#the_write_ahead_log
 */
export function walCommits(path: string): number {
  if (!existsSync(path)) return 0;
  const wal = readFileSync(path);
  if (wal.length < 32) return 0;
  const pageSize = wal.readUInt32BE(8);
  const salt = wal.subarray(16, 24);
  let commits = 0;
  for (let at = 32; at + 24 + pageSize <= wal.length; at += 24 + pageSize) {
    if (!wal.subarray(at + 8, at + 16).equals(salt)) break;
    if (wal.readUInt32BE(at + 4) !== 0) commits++;
  }
  return commits;
}
