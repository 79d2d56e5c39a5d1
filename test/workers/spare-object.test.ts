import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { SpareObject } from "../../src/entry/spare-object.ts";
import { bidder, post } from "./call.ts";

/** The objects of jobs, which write down who was opened ahead, and where. */
function watched(opened: { id: string; hint: unknown }[], broken = false): DurableObjectNamespace {
  const { JOB } = env as unknown as { JOB: DurableObjectNamespace };
  return new Proxy(JOB, {
    get(target, key) {
      if (key === "get")
        return (id: DurableObjectId, options?: DurableObjectNamespaceGetDurableObjectOptions) => {
          opened.push({ id: id.toString(), hint: options?.locationHint ?? null });
          if (broken) return { warm: () => Promise.reject(new Error("no object")) };
          return target.get(id, options);
        };
      const value = Reflect.get(target, key) as unknown;
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function open(broken = false) {
  const spare = new SpareObject();
  const opened: { id: string; hint: unknown }[] = [];
  const jobs = watched(opened, broken);
  let work: Promise<unknown> = Promise.resolve();
  const next = (hint: DurableObjectLocationHint | null) =>
    spare
      .next(jobs, hint, (making) => {
        work = making;
      })
      .toString();
  return { opened, next, made: () => work };
}

it("is open before its job comes, empty, and given to one job only", async () => {
  const { opened, next, made } = open();
  const first = next("weur");
  expect(opened).toEqual([]);
  await made();
  expect(opened).toEqual([{ id: expect.not.stringMatching(first) as string, hint: "weur" }]);
  const spare = opened[0]?.id ?? "";
  const tables = await runInDurableObject(env.JOB.get(env.JOB.idFromString(spare)), (_, state) => [
    ...state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf\\_%' ESCAPE '\\'"),
  ]);
  expect(tables).toEqual([]);
  expect(next("weur")).toBe(spare);
  // The next spare is not there yet: a burst makes its own objects.
  const burst = [next("weur"), next("weur")];
  expect(new Set([first, spare, ...burst]).size).toBe(4);
  await made();
  expect(opened).toHaveLength(2);
  expect(next("weur")).toBe(opened[1]?.id);
});

it("is not given to a caller elsewhere", async () => {
  const { opened, next, made } = open();
  next("weur");
  await made();
  const far = next("apac");
  expect(far).not.toBe(opened[0]?.id);
  await made();
  expect(opened[1]?.hint).toBe("apac");
  expect(next("apac")).toBe(opened[1]?.id);
});

it("holds no job up when it cannot be made", async () => {
  const { opened, next, made } = open(true);
  next(null);
  await made();
  expect(opened).toHaveLength(1);
  const second = next(null);
  expect(second).not.toBe(opened[0]?.id);
  await made();
  expect(opened).toHaveLength(2);
});

it("serves jobs that come one after another", async () => {
  // A job takes longer than the next one's object does to be made.
  const model = await bidder("spared", { text: "one two", firstTokenAfterMs: 80 });
  const ids = new Set<string>();
  for (let i = 0; i < 4; i++) {
    const answer = await post("/v1/jobs?wait=true", { text: "Count.", bidders: [model] });
    const view = (await answer.json()) as { id: string; status: string };
    expect(view.status).toBe("succeeded");
    ids.add(view.id);
  }
  expect(ids.size).toBe(4);
});
