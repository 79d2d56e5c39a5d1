import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { answer } from "./answer.ts";
import { anthropic, type Dialect, google, openai } from "./dialect.ts";
import { Ledger, type LedgerEntry } from "./ledger.ts";
import { type Behaviour, type Script, type ScriptedRequest, scriptOfName } from "./script.ts";

/**
 * A real HTTP server on loopback that plays scripts: OpenAI chat completions, Anthropic messages and Gemini, streamed
 * and not, with every fault a provider can have. It keeps its own ledger, which tests believe rather than the client.
 */
export interface Provider {
  /** "http://127.0.0.1:PORT". Base URLs: OpenAI `${url}/v1`, Anthropic `${url}/v1`, Gemini `${url}/v1beta`. */
  url: string;
  port: number;
  /** Sets what a model does from now on; "*" is every model without a script of its own. */
  script(model: string, behaviour: Behaviour): void;
  ledger(): LedgerEntry[];
  /** Forgets ledger and scripts. */
  reset(): void;
  close(): Promise<void>;
}

const maxBodyBytes = 32 * 1024 * 1024;

/** Starts the provider. Port 0 (default): a free one. A header `x-script: {...}` overrides the model's script. */
export async function startProvider({ port = 0 }: { port?: number } = {}): Promise<Provider> {
  const ledger = new Ledger();
  const behaviours = new Map<string, Behaviour>();
  const calls = new Map<string, number>();

  const pick = (request: ScriptedRequest, header: string | undefined): Script | null => {
    if (header) return JSON.parse(header) as Script;
    const behaviour = behaviours.get(request.model);
    const chosen = behaviour ?? scriptOfName(request.model, request.prompt) ?? behaviours.get("*");
    if (!chosen) return null;
    if (typeof chosen === "function") return chosen(request);
    if (Array.isArray(chosen)) return chosen[Math.min(request.calls, chosen.length - 1)] ?? {};
    return chosen;
  };

  const call = async (req: IncomingMessage, res: ServerResponse, path: string, route: Route): Promise<void> => {
    const body = await readJson(req);
    const model = route.model ?? String(body.model ?? "");
    const stream = route.stream ?? body.stream === true;
    const texts = textsOf(body);
    const before = calls.get(model) ?? 0;
    calls.set(model, before + 1);
    const entry = ledger.add({
      dialect: route.dialect.name,
      path,
      model,
      stream,
      body,
      headerNames: Object.keys(req.headers),
      credential: Boolean(req.headers.authorization ?? req.headers["x-api-key"] ?? req.headers["x-goog-api-key"]),
      clientPort: req.socket.remotePort ?? 0,
    });
    const script = pick({ model, ...texts, body, calls: before }, headerOf(req, "x-script"));
    if (!script) {
      entry.status = 404;
      entry.end = "faulted";
      return send(res, 404, route.dialect.failure(404, "model_not_found"));
    }
    await answer(res, route.dialect, script, entry, `${texts.system} ${texts.prompt}`);
  };

  const handle = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const path = (req.url ?? "/").split("?")[0] ?? "/";
    if (req.method === "GET" && path === "/ledger") return send(res, 200, ledger.entries);
    if (req.method === "DELETE" && path === "/ledger") {
      ledger.clear();
      return send(res, 200, {});
    }
    if (req.method === "POST" && path === "/script") {
      const { model, script } = (await readJson(req)) as { model?: string; script?: Script | Script[] };
      if (!model || !script) return send(res, 400, { error: "send {model, script}" });
      behaviours.set(model, script);
      return send(res, 200, {});
    }
    if (req.method === "GET" && path.endsWith("/models")) {
      const list = [...behaviours.keys(), "echo"].map((id) => ({
        id,
        object: "model",
        created: 1,
        owned_by: "scripted",
      }));
      return send(res, 200, { object: "list", data: list });
    }
    const route = req.method === "POST" ? routeOf(path) : null;
    if (!route) return send(res, 404, { error: { message: "no such route", type: "invalid_request_error" } });
    await call(req, res, path, route);
  };

  const server = createServer((req, res) => {
    handle(req, res).catch((error: unknown) => {
      if (!res.headersSent) send(res, 500, { error: String(error) });
      else res.destroy();
    });
  });
  // Clients take a second off what they are told: less than this and none uses a connection twice.
  server.keepAliveTimeout = 5000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  const actual = typeof address === "object" && address ? address.port : port;
  return {
    url: `http://127.0.0.1:${actual}`,
    port: actual,
    script: (model, behaviour) => void behaviours.set(model, behaviour),
    ledger: () => ledger.entries,
    reset: () => {
      ledger.clear();
      behaviours.clear();
      calls.clear();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Route {
  dialect: Dialect;
  /** Where the path names them. */
  model?: string;
  stream?: boolean;
}

function routeOf(path: string): Route | null {
  if (path.endsWith("/chat/completions")) return { dialect: openai };
  if (path.endsWith("/messages")) return { dialect: anthropic };
  const gemini = path.match(/\/models\/(.+):(streamGenerateContent|generateContent)$/);
  if (!gemini?.[1]) return null;
  return { dialect: google, model: decodeURIComponent(gemini[1]), stream: gemini[2] === "streamGenerateContent" };
}

const headerOf = (req: IncomingMessage, name: string): string | undefined => {
  const value = req.headers[name];
  return Array.isArray(value) ? value[0] : value;
};

function send(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { "content-type": "application/json" });
  res.end(JSON.stringify(body));
}

async function readJson(req: IncomingMessage): Promise<Record<string, unknown>> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of req as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > maxBodyBytes) throw new Error("body too large");
    parts.push(part);
  }
  return JSON.parse(Buffer.concat(parts).toString("utf8") || "{}") as Record<string, unknown>;
}

const plain = (content: unknown): string => {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part: { text?: unknown }) => (typeof part.text === "string" ? part.text : "")).join("");
};

/** The last user turn and the system text of a request, whichever dialect it is in. */
function textsOf(body: Record<string, unknown>): { prompt: string; system: string } {
  type Turn = { role?: string; content?: unknown; parts?: unknown };
  const turns = (
    Array.isArray(body.messages) ? body.messages : Array.isArray(body.contents) ? body.contents : []
  ) as Turn[];
  const text = (turn: Turn) => plain(turn.content ?? turn.parts);
  const inline = turns.filter((turn) => turn.role === "system" || turn.role === "developer").map(text);
  const gemini = (body.systemInstruction as Turn | undefined)?.parts;
  const system = [plain(body.system), plain(gemini), ...inline].filter(Boolean).join("\n");
  const users = turns.filter((turn) => turn.role === "user");
  const last = users[users.length - 1];
  return { prompt: last ? text(last) : "", system };
}
