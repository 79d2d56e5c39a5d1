-- WITHOUT ROWID is added by hand to the tables that grow: a row written is then one row billed, not two (table and
-- key). drizzle-kit cannot express it and does not look at it, so the next migration will not undo it.
CREATE TABLE `api_keys` (
	`id` text PRIMARY KEY NOT NULL,
	`tenant` text NOT NULL,
	`secret_sha256` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	`revoked_at_ms` integer
);
--> statement-breakpoint
CREATE TABLE `bidders` (
	`id` text PRIMARY KEY NOT NULL,
	`body` text NOT NULL,
	`endpoint` text NOT NULL,
	`enabled` integer NOT NULL,
	`updated_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `examples` (
	`tenant` text NOT NULL,
	`kind` text NOT NULL,
	`key` text NOT NULL,
	`job` text NOT NULL,
	`input` text NOT NULL,
	`output` text NOT NULL,
	`at_ms` integer NOT NULL,
	PRIMARY KEY(`tenant`, `kind`, `key`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `jobs` (
	`tenant` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	`id` text NOT NULL,
	`status` text NOT NULL,
	`kind` text NOT NULL,
	`plan` text NOT NULL,
	`via` text NOT NULL,
	`ended_at_ms` integer,
	`microtasks` integer NOT NULL,
	`attempts` integer NOT NULL,
	`cost_nano` integer NOT NULL,
	`saved_nano` integer NOT NULL,
	`saved_tokens` integer NOT NULL,
	`winner` text,
	`error` text,
	PRIMARY KEY(`tenant`, `created_at_ms`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `market_parts` (
	`part` text PRIMARY KEY NOT NULL,
	`version` integer NOT NULL,
	`body` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `settled` (
	`key` text PRIMARY KEY NOT NULL,
	`at_ms` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `usage_months` (
	`tenant` text NOT NULL,
	`month` text NOT NULL,
	`jobs` integer NOT NULL,
	`cost_nano` integer NOT NULL,
	`saved_nano` integer NOT NULL,
	`saved_tokens` integer NOT NULL,
	PRIMARY KEY(`tenant`, `month`)
) WITHOUT ROWID;
