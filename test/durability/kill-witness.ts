import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Post } from "./evidence.ts";

/** On loopback: a receiver of webhooks that fails every third message's first try, and a collector of spans. */
export interface Witness {
  url: string;
  posts: Post[];
  /** Bodies of what was exported as telemetry. */
  spans: string[];
  close(): Promise<void>;
}

export async function startWitness(): Promise<Witness> {
  const posts: Post[] = [];
  const spans: string[] = [];
  let messages = 0;
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      if (request.url === "/v1/traces") {
        spans.push(body);
        return void response.end("{}");
      }
      const id = String(request.headers["webhook-id"]);
      const taken = posts.some((post) => post.id === id) || ++messages % 3 !== 0;
      posts.push({ id, body, taken, logAt: null });
      response.writeHead(taken ? 204 : 500).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, posts, spans, close };
}
