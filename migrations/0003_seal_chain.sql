ALTER TABLE `jobs` ADD `seal_n` integer;--> statement-breakpoint
ALTER TABLE `jobs` ADD `seal_link` text;--> statement-breakpoint
ALTER TABLE `jobs` ADD `seal_previous` text;--> statement-breakpoint
ALTER TABLE `jobs` ADD `seal_previous_ended_ms` integer;