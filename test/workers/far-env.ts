import type { AtomicEnv } from "../../src/env.ts";

/** One call of an object or of D1, as it was made; epoch ms. */
export interface Hop {
  to: string;
  atMs: number;
}

/**
 * Bindings that are far away: each call of an object or of D1 takes `ms` longer and is written down. What it wraps is
 * the real thing.
 */
export function farEnv(env: AtomicEnv, ms: number, hops: Hop[], hints: unknown[] = []): AtomicEnv {
  const far = async <T>(to: string, call: () => Promise<T>): Promise<T> => {
    hops.push({ to, atMs: Date.now() });
    await new Promise((resolve) => setTimeout(resolve, ms));
    return await call();
  };
  const objects = (name: string, namespace: DurableObjectNamespace) =>
    new Proxy(namespace, {
      get(target, key) {
        if (key !== "get") {
          const value = Reflect.get(target, key) as unknown;
          return typeof value === "function" ? value.bind(target) : value;
        }
        return (id: DurableObjectId, options?: DurableObjectNamespaceGetDurableObjectOptions) => {
          hints.push(options?.locationHint);
          const stub = target.get(id, options) as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
          return new Proxy(stub, {
            get: (_stub, method) => {
              const rpc = String(method);
              if (rpc === "then") return undefined;
              return (...args: unknown[]) => far(`${name}.${rpc}`, () => stub[rpc]?.(...args) ?? Promise.resolve());
            },
          });
        };
      },
    });
  const { JOB, TENANT, LOG_SHARD } = env as unknown as Record<string, DurableObjectNamespace>;
  if (JOB === undefined || TENANT === undefined || LOG_SHARD === undefined) throw new Error("no objects are bound");
  const wrapped = {
    JOB: objects("JOB", JOB),
    TENANT: objects("TENANT", TENANT),
    LOG_SHARD: objects("LOG_SHARD", LOG_SHARD),
    DB: database(env.DB, far),
  };
  return { ...env, ...wrapped } as unknown as AtomicEnv;
}

type Far = <T>(to: string, call: () => Promise<T>) => Promise<T>;
const asked = ["all", "raw", "run", "first"];

function database(db: D1Database, far: Far): D1Database {
  const real = new WeakMap<object, D1PreparedStatement>();
  const statement = (one: D1PreparedStatement): D1PreparedStatement => {
    const proxy = new Proxy(one, {
      get(target, key) {
        const value = Reflect.get(target, key) as (...args: unknown[]) => unknown;
        if (key === "bind") return (...args: unknown[]) => statement(target.bind(...args));
        if (asked.includes(String(key)))
          return (...args: unknown[]) => far("D1", () => value.apply(target, args) as Promise<unknown>);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    real.set(proxy, one);
    return proxy;
  };
  const connection = <T extends D1Database | D1DatabaseSession>(of: T): T =>
    new Proxy(of, {
      get(target, key) {
        if (key === "prepare") return (sql: string) => statement(target.prepare(sql));
        if (key === "batch")
          return (list: D1PreparedStatement[]) => far("D1", () => target.batch(list.map((s) => real.get(s) ?? s)));
        if (key === "withSession")
          return (bookmark: string) => connection((target as D1Database).withSession(bookmark));
        const value = Reflect.get(target, key) as unknown;
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  return connection(db);
}
