import type { D1Database } from "@cloudflare/workers-types";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";

export type Database = DrizzleD1Database;

/** Opens a D1 binding for the stores of this folder. Costs nothing until a query runs. */
export const openDatabase = (binding: D1Database): Database => drizzle(binding);
