ALTER TABLE `jobs` ADD `seal_n` integer;--> statement-breakpoint
ALTER TABLE `jobs` ADD `seal_link` text;