import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { LogStorage } from "../../durable-objects/log-storage.ts";

type Row = Record<string, string | number | null>;

/** An object's SQLite outside of workerd: what the log needs of it, on Node's own. */
export class SqliteStorage implements LogStorage {
  readonly db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  /** Called before each statement; what it throws is what a full disk throws. */
  fault: ((query: string) => void) | null = null;

  constructor(path = ":memory:") {
    this.db = new DatabaseSync(path);
    const inUse = () => {
      const [pages, free, size] = ["page_count", "freelist_count", "page_size"].map((name) =>
        Number(this.db.prepare(`PRAGMA ${name}`).get()?.[name]),
      ) as [number, number, number];
      return (pages - free) * size;
    };
    Object.defineProperty(this.sql, "databaseSize", { get: inUse });
  }

  readonly sql = {
    databaseSize: 0,
    exec: <T extends Row>(query: string, ...bindings: (string | number | null)[]): Iterable<T> => {
      this.fault?.(query);
      let statement = this.#statements.get(query);
      if (statement === undefined) {
        statement = this.db.prepare(query);
        this.#statements.set(query, statement);
      }
      return statement.all(...bindings) as T[];
    },
  };

  transactionSync<T>(work: () => T): T {
    this.db.exec("BEGIN");
    try {
      const result = work();
      this.db.exec("COMMIT");
      return result;
    } catch (error) {
      this.db.exec("ROLLBACK");
      throw error;
    }
  }

  close(): void {
    this.#statements.clear();
    this.db.close();
  }
}
