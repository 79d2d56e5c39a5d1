import { DurableObject } from "cloudflare:workers";

interface FloorEnv extends Cloudflare.Env {
  FLOOR: DurableObjectNamespace<FloorObject>;
}

/** The least a durable job could be: a fresh object, one row on disk, one upstream call read to its end. */
export class FloorObject extends DurableObject<FloorEnv> {
  async run(url: string, body: string): Promise<string> {
    this.ctx.storage.sql.exec("CREATE TABLE log (seq INTEGER PRIMARY KEY, body TEXT NOT NULL)");
    this.ctx.storage.sql.exec("INSERT INTO log (seq, body) VALUES (1, ?)", body);
    const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
    return await answer.text();
  }
}

export default {
  async fetch(request, env) {
    const url = request.headers.get("x-upstream");
    if (url === null) return new Response(null, { status: 204 });
    const object = env.FLOOR.get(env.FLOOR.newUniqueId());
    return new Response(await object.run(url, await request.text()));
  },
} satisfies ExportedHandler<FloorEnv>;
