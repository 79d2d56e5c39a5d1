import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import type { ReadableStream as NodeStream } from "node:stream/web";

/** Serves a fetch handler on a free loopback port, as a Worker's runtime does: with a signal for clients that leave. */
export async function serveOnLoopback(
  fetchHandler: (request: Request) => Response | Promise<Response>,
  port = 0,
): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing, fetchHandler).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  fetchHandler: (request: Request) => Response | Promise<Response>,
): Promise<void> {
  const gone = new AbortController();
  outgoing.on("close", () => gone.abort());
  const headers = new Headers();
  for (let i = 0; i + 1 < incoming.rawHeaders.length; i += 2)
    headers.append(incoming.rawHeaders[i] ?? "", incoming.rawHeaders[i + 1] ?? "");
  const bare = incoming.method === "GET" || incoming.method === "HEAD";
  const response = await fetchHandler(
    new Request(`http://${incoming.headers.host}${incoming.url}`, {
      method: incoming.method,
      headers,
      signal: gone.signal,
      ...(bare ? {} : { body: Readable.toWeb(incoming) as ReadableStream, duplex: "half" as const }),
    }),
  );
  // Framing belongs to the server, not to the handler.
  for (const [name, value] of response.headers)
    if (!["connection", "transfer-encoding"].includes(name)) outgoing.appendHeader(name, value);
  outgoing.writeHead(response.status);
  if (response.body === null) outgoing.end();
  else {
    outgoing.flushHeaders();
    const body = Readable.fromWeb(response.body as unknown as NodeStream<Uint8Array>);
    body.on("error", () => outgoing.destroy());
    outgoing.on("close", () => body.destroy());
    body.pipe(outgoing);
  }
}
