/** The part of an object's SQLite that the log needs; tests give it another SQLite. */
export interface LogSql {
  exec<T extends Record<string, string | number | null>>(
    query: string,
    ...bindings: (string | number | null)[]
  ): Iterable<T>;
  /** Bytes of pages in use. */
  readonly databaseSize: number;
}

export interface LogStorage {
  sql: LogSql;
  /** All writes of `work` or, when it throws, none. */
  transactionSync<T>(work: () => T): T;
}
