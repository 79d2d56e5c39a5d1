import { waitUntil } from "cloudflare:workers";
import { JobObject } from "../durable-objects/job.ts";
import { LogShardObject } from "../durable-objects/log-shard.ts";
import { SettlerObject } from "../durable-objects/settler.ts";
import { TenantObject } from "../durable-objects/tenant.ts";
import { summaryKeptMs } from "../durable-objects/tombstone.ts";
import { takeIntake } from "./entry/intake.ts";
import { handleMail } from "./entry/mail.ts";
import { portsOf } from "./entry/ports.ts";
import { takeSettlements } from "./entry/settlements.ts";
import type { AtomicEnv } from "./env.ts";
import { AtomicError } from "./error.ts";
import { createApp } from "./http/app.ts";
import { originsIn } from "./http/middleware/other-pages.ts";
import { openDatabase } from "./store/database.ts";
import { prune } from "./store/prune.ts";

export { JobObject, LogShardObject, SettlerObject, TenantObject };

let made: { env: AtomicEnv; app: ReturnType<typeof createApp> } | null = null;

/** The app of this isolate; it holds nothing of any request. */
function appOf(env: AtomicEnv): ReturnType<typeof createApp> {
  if (made?.env !== env)
    made = {
      env,
      // Of the request that is being served, whichever that is.
      app: createApp(portsOf(env, waitUntil), {
        assets: (asked) => env.ASSETS.fetch(asked),
        origins: originsIn(env.ATOMIC_CORS_ORIGINS),
        unexpected: (error, requestId) => {
          const name = error instanceof Error ? error.name : "unknown";
          console.error(JSON.stringify({ event: "request-failed", requestId, error: name }));
        },
      }),
    };
  return made.app;
}

/** The composition root: the platform's events come in here, and nothing imports this file. */
export default {
  fetch(request, env, ctx) {
    return appOf(env).fetch(request, env, ctx);
  },

  async email(message, env, ctx) {
    await handleMail(message, env, portsOf(env, (work) => ctx.waitUntil(work)).jobs);
  },

  async queue(batch, env, ctx) {
    const keepAlive = (work: Promise<unknown>) => ctx.waitUntil(work);
    if (batch.queue.startsWith("atomic-settlements")) await takeSettlements(batch, env, keepAlive);
    else await takeIntake(batch, env, keepAlive);
  },

  async scheduled(_controller, env) {
    const failed = await prune(openDatabase(env.DB), Date.now(), summaryKeptMs(env.ATOMIC_RETENTION_DAYS));
    for (const { step, error } of failed) {
      const name = error instanceof Error ? error.name : "unknown";
      console.error(JSON.stringify({ event: "tidying-failed", step, error: name }));
    }
    // Marks the run as failed where the platform lists runs.
    if (failed.length > 0)
      throw new AtomicError("internal", "Not all that is old could be deleted; the next run tries again.");
  },
} satisfies ExportedHandler<AtomicEnv>;
