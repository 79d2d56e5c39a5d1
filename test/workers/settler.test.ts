import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { SettlerObject } from "../../durable-objects/settler.ts";
import type { SettlementMessage } from "../../src/job/job-summary.ts";
import { openDatabase } from "../../src/store/database.ts";
import { JobList } from "../../src/store/job-list.ts";
import { message } from "../store/messages.ts";

const tenant = "settled-here";
const told = (id: string): SettlementMessage => message(1, { id, tenant });

/** The settler's class in an object of its own: the tests' configuration has the queue instead. */
const inObject = <T>(work: (start: () => SettlerObject, sql: SqlStorage) => Promise<T>): Promise<T> =>
  runInDurableObject(env.TENANT.get(env.TENANT.idFromName("settler-of-the-tests")), (_, state) =>
    work(() => new SettlerObject(state, env), state.storage.sql),
  );

it("keeps what it cannot take, settles the rest beside it, and tries once more when a process starts", async () => {
  const ids = async () =>
    (await new JobList(openDatabase(env.DB)).list(tenant, { limit: 9, after: null })).jobs.map(({ id }) => id).sort();
  const kept = (sql: SqlStorage) => [...sql.exec<{ message: string }>("SELECT message FROM dead_letter")];
  await inObject(async (start, sql) => {
    const unreadable = { ...told("job_new"), summary: { ...told("job_new").summary, status: "of-newer-code" } };
    const texts = [{ kind: "answer", input: "a private text", output: "x" }];
    const bad = { ...unreadable, examples: texts } as unknown as SettlementMessage;
    const lesson = told("job_lesson");
    for (const one of lesson.settlements) one.kind = "no-such-kind" as "answer";
    await start().settle([told("job_good"), bad, lesson]);
    expect(await ids()).toEqual(["job_good", "job_lesson"]);
    expect(kept(sql)).toHaveLength(2);
    expect(JSON.stringify(kept(sql))).not.toContain("a private text");
    // Newer code would read it as it is; here it is put right.
    sql.exec("UPDATE dead_letter SET message = replace(message, 'of-newer-code', 'succeeded')");
    const next = start();
    await next.settle([told("job_good")]);
    await expect.poll(() => kept(sql).length).toBe(1);
    await next.settle([told("job_good")]);
    expect(await ids()).toEqual(["job_good", "job_lesson", "job_new"]);
    expect(kept(sql)).toHaveLength(1);
  });
});
