import { JobObject } from "../durable-objects/job.ts";
import { TenantObject } from "../durable-objects/tenant.ts";
import { summaryKeptMs } from "../durable-objects/tombstone.ts";
import { takeIntake } from "./entry/intake.ts";
import type { ClientPlace } from "./entry/location.ts";
import { handleMail } from "./entry/mail.ts";
import { portsOf } from "./entry/ports.ts";
import { takeSettlements } from "./entry/settlements.ts";
import type { AtomicEnv } from "./env.ts";
import { createApp } from "./http/app.ts";
import { openDatabase } from "./store/database.ts";
import { prune } from "./store/prune.ts";

export { JobObject, TenantObject };

/** The composition root: the platform's events come in here, and nothing imports this file. */
export default {
  fetch(request, env, ctx) {
    const app = createApp(
      portsOf(env, (work) => ctx.waitUntil(work), request.cf as ClientPlace | undefined),
      {
        assets: (asked) => env.ASSETS.fetch(asked),
        unexpected: (error, requestId) => {
          const name = error instanceof Error ? error.name : "unknown";
          console.error(JSON.stringify({ event: "request-failed", requestId, error: name }));
        },
      },
    );
    return app.fetch(request, env, ctx);
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
    await prune(openDatabase(env.DB), Date.now(), summaryKeptMs(env.ATOMIC_RETENTION_DAYS));
  },
} satisfies ExportedHandler<AtomicEnv>;
