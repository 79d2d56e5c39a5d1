import { accessSync, chmodSync, constants, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Held by the operating system for this process: gone with it, however it ends. Throws for a folder that cannot be used. */
export function lockFolder(folder: string): DatabaseSync {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o700);
  const database = new DatabaseSync(join(folder, "lock.sqlite"));
  database.exec("BEGIN EXCLUSIVE");
  // What another user's server left here; the databases in it would say so one by one, and in other words.
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) accessSync(join(folder, entry.name), constants.R_OK | constants.W_OK | constants.X_OK);
  return database;
}

/** Why a server cannot have its data in a folder and what to do, in one line; null: the error is about something else. */
export function folderFault(folder: string, error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const { code, path } = error as NodeJS.ErrnoException;
  if (code === "ERR_SQLITE_ERROR" && /locked|busy/.test(error.message))
    return `Another server uses ${folder}. Stop it first, or give this one a folder of its own: --data DIR.`;
  const ofFile = path !== undefined && (path === folder || path.startsWith(join(folder, "/")));
  if (code !== "ERR_SQLITE_ERROR" && !ofFile) return null;
  const why =
    code === "EEXIST" || code === "ENOTDIR"
      ? `${path} is, or is in, a file where a folder must be`
      : code === "EACCES" || code === "EPERM" || code === "EROFS"
        ? `${path} cannot be written by this user`
        : error.message;
  return `The data folder ${folder} cannot be used: ${why}. Put that right, or give another folder: --data DIR.`;
}
