import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { exportSpans, otlpHeaders } from "../../src/observe/export-spans.ts";

const spans = { resourceSpans: [] };
let server: Server | null = null;

async function collector(
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void,
): Promise<string> {
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => answer(request, response, body));
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`;
}

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = null;
});

const send = (url: string, signal = AbortSignal.timeout(5_000)) =>
  exportSpans(url, otlpHeaders("authorization=Basic%20abc,x-scope=one"), spans, fetch, signal);

describe("an export", () => {
  it("posts JSON with the operator's headers", async () => {
    const seen: { method?: string; type?: string; auth?: string; body: string }[] = [];
    const url = await collector((request, response, body) => {
      seen.push({
        method: request.method,
        type: request.headers["content-type"],
        auth: request.headers.authorization,
        body,
      });
      response.end("{}");
    });
    expect(await send(url)).toEqual({ ok: true, rejectedSpans: 0 });
    expect(seen).toEqual([
      { method: "POST", type: "application/json", auth: "Basic abc", body: JSON.stringify(spans) },
    ]);
  });

  it("says how many spans a collector refused, and bears an answer that is not JSON", async () => {
    const url = await collector((_, response) =>
      response.end('{"partialSuccess":{"rejectedSpans":"3","errorMessage":"x"}}'),
    );
    expect(await send(url)).toEqual({ ok: true, rejectedSpans: 3 });
    server?.close();
    const odd = await collector((_, response) => response.end("x".repeat(200_000)));
    expect(await send(odd)).toEqual({ ok: true, rejectedSpans: 0 });
  });

  it("tells what may be tried again, and when", async () => {
    const url = await collector((_, response) => response.writeHead(429, { "retry-after": "7" }).end("slow down"));
    expect(await send(url)).toEqual({ ok: false, status: 429, retryable: true, retryAfterMs: 7_000 });
    server?.close();
    const refusing = await collector((_, response) => response.writeHead(401).end());
    expect(await send(refusing)).toEqual({ ok: false, status: 401, retryable: false, retryAfterMs: null });
  });

  it("follows no redirect: the headers are for the collector alone", async () => {
    let calls = 0;
    const url = await collector((_, response) => {
      calls += 1;
      response.writeHead(307, { location: "/elsewhere" }).end();
    });
    expect(await send(url)).toMatchObject({ ok: false, retryable: false });
    expect(calls).toBe(1);
  });

  it("is a retryable failure, not a throw, when nobody answers in time", async () => {
    const url = await collector(() => {});
    expect(await send(url, AbortSignal.timeout(100))).toEqual({
      ok: false,
      status: null,
      retryable: true,
      retryAfterMs: null,
    });
  });
});

describe("OTLP headers", () => {
  it("are read as OpenTelemetry writes them, and garbage is left out", () => {
    expect(otlpHeaders("Api-Key=a%3Db, x=1=2 ,nothing,=no,bad=%zz")).toEqual({
      "api-key": "a=b",
      x: "1=2",
      bad: "%zz",
    });
    expect(otlpHeaders("")).toEqual({});
  });
});
