/** `npm run verify -- JOB`: is a job's log still what was recorded of it when it settled? */
import { createHash } from "node:crypto";
import type { Seal } from "../src/job/seal.ts";
import { main, wrong } from "./command.ts";

const usage = `npm run verify -- JOB

Reads a job's log event by event and compares it with its seal: the SHA-256 of its first events, which D1 keeps outside
the job's own object since the job settled. Exit code 1 if they differ. Without this command:
  curl -sN URL/v1/jobs/JOB/events | sed -n 's/^data: //p' | head -n EVENTS | sha256sum`;

await main({
  usage,
  async run(api, [job]) {
    if (job === undefined) throw wrong("Name a job.", usage);
    const seal = await api.call<Seal>("GET", `/v1/jobs/${job}/seal`);
    const hash = createHash("sha256");
    let seen = 0;
    let expected = 1;
    for await (const line of api.eventLines(job)) {
      const { seq } = JSON.parse(line) as { seq: number };
      if (seq !== expected++) throw new Error(`Event ${expected - 1} is missing: ${seq} came in its place.`);
      if (seen < seal.events) hash.update(`${line}\n`);
      seen++;
    }
    const found = hash.digest("hex");
    const same = seen >= seal.events && found === seal.sha256;
    console.log(`recorded  ${seal.sha256}  of ${seal.events} events`);
    console.log(
      `found     ${found}  of ${Math.min(seen, seal.events)} events, ${Math.max(0, seen - seal.events)} came later`,
    );
    console.log(same ? "The log is what was recorded." : "DIFFERENT: the log is not what was recorded.");
    if (!same) process.exitCode = 1;
  },
});
