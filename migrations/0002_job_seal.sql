ALTER TABLE `jobs` ADD `seal_events` integer;--> statement-breakpoint
ALTER TABLE `jobs` ADD `seal_sha256` text;