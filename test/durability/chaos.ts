/** `npm run test:chaos [-- --seed N | --schedules N | --from N]`: every write crashed, then random schedules. */
import { parseArgs } from "node:util";
import { type Outcome, runSchedule } from "./run-schedule.ts";
import { calmSchedule, randomSchedule, type Schedule, type WriteFault } from "./schedule.ts";

const { values } = parseArgs({
  args: process.argv.slice(2).filter((arg) => arg !== "--"),
  options: {
    seed: { type: "string" },
    schedules: { type: "string", default: "10000" },
    from: { type: "string", default: "1" },
    each: { type: "string", default: "12" },
    write: { type: "string" },
    how: { type: "string" },
  },
});

const began = performance.now();
let ran = 0;
const ends = new Map<string, number>();

if (values.seed !== undefined) {
  const seed = Number(values.seed);
  const schedule = values.write === undefined ? randomSchedule(seed) : atWrite(seed, Number(values.write), values.how);
  const outcome = await runSchedule(schedule);
  for (const { seq, atMs, type, ...rest } of outcome.evidence.log)
    console.log(seq, atMs - (outcome.evidence.boots[0] ?? 0), type, JSON.stringify(rest).slice(0, 160));
  console.log(
    JSON.stringify({
      faults: schedule.faults,
      cancelAtMs: schedule.cancelAtMs,
      boots: outcome.evidence.boots.map((b) => b - (outcome.evidence.boots[0] ?? 0)),
    }),
  );
  console.log(outcome.breaches.length === 0 ? "No breach." : outcome.breaches.join("\n"));
  process.exit(outcome.breaches.length === 0 ? 0 : 1);
}

for (let seed = 1; seed <= Number(values.each); seed++) {
  const calm = await runSchedule(calmSchedule(seed));
  count(calm, `--seed ${seed} --write 0`);
  for (let write = 1; write <= calm.writes; write++)
    for (const how of ["before", "after", "full", "zombie"] as const)
      count(await runSchedule(atWrite(seed, write, how)), `--seed ${seed} --write ${write} --how ${how}`);
}
const every = ran;
const first = Number(values.from);
for (let seed = first; seed < first + Number(values.schedules); seed++) {
  count(await runSchedule(randomSchedule(seed)), `--seed ${seed}`);
}

console.log(
  `${every} runs with a crash at each write and ${ran - every} random schedules without a breach in ${Math.round((performance.now() - began) / 1000)} s; jobs ended: ${[...ends].map(([end, n]) => `${end} ${n}`).join(", ")}.`,
);

function atWrite(seed: number, write: number, how = "after"): Schedule {
  return { ...calmSchedule(seed), faults: [{ when: "write", write, how: how as WriteFault }] };
}

function count(outcome: Outcome, replay: string): void {
  ran++;
  const end = outcome.evidence.shown?.status ?? "none";
  ends.set(end, (ends.get(end) ?? 0) + 1);
  if (outcome.breaches.length === 0) return;
  console.error(`${outcome.breaches.slice(0, 10).join("\n")}\nReplay: npm run test:chaos -- ${replay}`);
  process.exit(1);
}
