import type { LogStorage } from "./log-storage.ts";

/** Of SQLite's file format, section 1.6, at the 4,096 bytes a page that objects have: what an overflow page holds of a row. */
const overflowBytes = 4092;
/** And what of a long row stands in its table's own page, where the rest fills overflow pages to their last byte. */
const ownBytes = 489;
/** A row of an object's SQLite may have 2 MB. */
const rowPages = 460;
const rowBytes = rowPages * overflowBytes + ownBytes;
/** So many rows have room for their own part in one page: a second page would be an old one, not all written over. */
const rowsOfTable = 7;
/** Pages that the tables had for themselves: free before, or not told by the count. */
const marginPages = 16;

/**
 * Drops tables so that nothing of their texts is left in the file. SQLite keeps the pages of what is dropped as they are,
 * for later use, and objects may set neither `secure_delete` nor vacuum: so rows of zeros take them first, in tables that
 * were made before and have a new page each. Part of the commit it is called in; a few row writes, however long the texts.
 */
export function dropWithoutTrace({ sql }: Pick<LogStorage, "sql">, tables: readonly string[]): void {
  const before = sql.databaseSize;
  const scrubs = Array.from({ length: Math.ceil((before / rowBytes + 1) / rowsOfTable) }, (_, i) => `scrub_${i}`);
  for (const scrub of scrubs) sql.exec(`CREATE TABLE ${scrub} (zeros BLOB NOT NULL)`);
  for (const table of tables) sql.exec(`DROP TABLE IF EXISTS ${table}`);
  const freed = before - sql.databaseSize + scrubs.length * (overflowBytes + 4);
  let pages = Math.ceil(freed / overflowBytes) + marginPages;
  for (let row = 0; pages > 0; row++, pages -= rowPages)
    sql.exec(
      `INSERT INTO ${scrubs[Math.floor(row / rowsOfTable)]} VALUES (zeroblob(?))`,
      Math.min(pages, rowPages) * overflowBytes + ownBytes,
    );
  for (const scrub of scrubs) sql.exec(`DROP TABLE ${scrub}`);
}
