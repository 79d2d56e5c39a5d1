import { defineConfig } from "drizzle-kit";

// `drizzle-kit generate --name NAME` writes the next migration. It cannot express WITHOUT ROWID: add it by hand to
// every new table, as in 0000_init.sql.
export default defineConfig({ dialect: "sqlite", schema: "./src/store/schema.ts", out: "./migrations" });
