/** Type-checks every part of the project with the types it may use: pure stages without any platform's. */
import { spawnSync } from "node:child_process";

const sh = (command: string): number => spawnSync(command, { shell: true, stdio: "inherit" }).status ?? 1;
const projects = [
  "tsconfig.pure.json",
  "tsconfig.json",
  "tsconfig.node.json",
  "tsconfig.pages.json",
  "test/workers/tsconfig.json",
];

if (sh("wrangler types --include-runtime=false --strict-vars=false > /dev/null") !== 0) process.exit(1);
for (const project of projects) if (sh(`tsc -p ${project}`) !== 0) process.exit(1);
