import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";
import { type EngineTrace, engineTrace } from "../market/golden.ts";
import { startProvider } from "../provider/provider.ts";

/** What a webhook's receiver was sent. */
export interface SinkPost {
  path: string;
  headers: Record<string, string>;
  body: string;
}

/** A receiver of webhooks: keeps what comes, `GET /posts` tells; a path `/fail-N...` answers 500 the first N times, `/busy-N...` 503. */
async function startSink(): Promise<{ url: string; close: () => Promise<void> }> {
  const posts: SinkPost[] = [];
  const server = createServer((request, response) => {
    if (request.method === "GET") return void response.end(JSON.stringify(posts));
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      const path = request.url ?? "";
      posts.push({ path, headers: request.headers as Record<string, string>, body });
      const [, how, times = "0"] = /^\/(fail|busy)-(\d+)/.exec(path) ?? [];
      const fails = posts.filter((p) => p.path === path).length <= Number(times);
      response.writeHead(!fails ? 204 : how === "busy" ? 503 : 500).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

/** One scripted provider and one receiver for all Worker tests; `inject("providerUrl")` and `inject("sinkUrl")`. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [provider, sink] = await Promise.all([startProvider(), startSink()]);
  project.provide("providerUrl", provider.url);
  project.provide("nodeTrace", engineTrace());
  project.provide("sinkUrl", sink.url);
  return async () => {
    await Promise.all([provider.close(), sink.close()]);
  };
}

declare module "vitest" {
  interface ProvidedContext {
    providerUrl: string;
    sinkUrl: string;
    nodeTrace: EngineTrace;
  }
}
