import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { JobLog } from "../../durable-objects/job-log.ts";
import { type ShardRow, ShardRows } from "../../durable-objects/shard-rows.ts";
import { SqlTenantRows } from "../../durable-objects/tenant-rows.ts";
import type { LoggedEvent } from "../../src/job/job-event.ts";
import { SqliteStorage } from "./sqlite-storage.ts";

/** What workerd left on disk, read when no process has it open. */
export class KillDisk {
  readonly #folder: string;

  constructor(persistTo: string) {
    this.#folder = join(persistTo, "do");
  }

  /** A job's log as its object's file has it. */
  log(id: string): LoggedEvent[] {
    const path = join(this.#folder, "atomic-JobObject", `${id.split("_")[1]}.sqlite`);
    if (!existsSync(path)) throw new Error(`The job's object has no file at ${path}.`);
    const storage = new SqliteStorage(path);
    try {
      return new JobLog(storage).read();
    } finally {
      storage.close();
    }
  }

  /** All rows of all log shards. */
  shards(): (ShardRow & { owed: boolean })[] {
    const folder = join(this.#folder, "atomic-LogShardObject");
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .filter((name) => name.endsWith(".sqlite") && name !== "metadata.sqlite")
      .flatMap((name) => {
        const storage = new SqliteStorage(join(folder, name));
        try {
          const rows = new ShardRows(storage);
          // One that was only asked has no table.
          if (rows.oldestMs === null) return [];
          const owed = new Set(rows.owed(100_000));
          const keys = [...storage.sql.exec<{ key: string }>("SELECT key FROM job")].map(({ key }) => key);
          return keys.flatMap((key) => {
            const row = rows.get(key);
            return row === null ? [] : [{ ...row, owed: owed.has(key) }];
          });
        } finally {
          storage.close();
        }
      });
  }

  /** The books of the tenant whose object has a job. */
  books(month: string): Books[] {
    const folder = join(this.#folder, "atomic-TenantObject");
    return readdirSync(folder)
      .filter((name) => name.endsWith(".sqlite") && name !== "metadata.sqlite")
      .map((name) => {
        const storage = new SqliteStorage(join(folder, name));
        try {
          const rows = new SqlTenantRows(storage);
          const settled = storage.sql.exec<{ job: string; cost_nano: number; charge_nano: number }>(
            "SELECT job, cost_nano, charge_nano FROM settled",
          );
          return {
            capNano: rows.limits().monthlyNano,
            costNano: rows.month(month).costNano,
            leases: new Map(rows.leases().map(({ holder, nano }) => [holder, nano])),
            settled: new Map(
              [...settled].map((row) => [row.job, { costNano: row.cost_nano, chargeNano: row.charge_nano }]),
            ),
          };
        } finally {
          storage.close();
        }
      });
  }
}

export interface Books {
  capNano: number | null;
  costNano: number;
  leases: Map<string, number>;
  settled: Map<string, { costNano: number; chargeNano: number }>;
}
