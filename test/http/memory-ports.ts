import PostalMime from "postal-mime";
import { z } from "zod";
import { createAccess } from "../../src/access/access.ts";
import type { KeyRow } from "../../src/access/key.ts";
import { createApp } from "../../src/http/app.ts";
import type { Assets } from "../../src/http/pages/assets.ts";
import type { BidderListing, HttpPorts } from "../../src/http/ports.ts";
import { TenantLedger } from "../../src/money/tenant-ledger.ts";
import { MemoryRows } from "../money/memory-rows.ts";
import { memoryJobs, type Script } from "./memory-jobs.ts";
import { answers } from "./scripts.ts";

export const operatorKey = "operator-key-of-these-tests";

export interface TestServerOptions {
  local?: boolean;
  operatorKey?: string | null;
  bidders?: BidderListing[];
  assets?: Assets;
}

const embedded: BidderListing = { id: "embedded/eld", provider: "embedded", serves: ["language"], enabled: true };
const model = (id: string): BidderListing => ({
  id,
  provider: id.split("/")[0] ?? "",
  serves: "generative",
  enabled: true,
});
export const twoModels: BidderListing[] = [embedded, model("openai/small"), model("workers-ai/@cf/meta/llama")];
export const onlyEmbedded: BidderListing[] = [embedded];

/** A whole server in memory: the real app, access, ids and folds; what is scripted is only what the models say. */
export function testServer(options: TestServerOptions = {}) {
  const keys = new Map<string, KeyRow>();
  const bidders = new Map((options.bidders ?? twoModels).map((b) => [b.id, b]));
  const clock = { nowMs: 1_790_000_000_000 };
  let script: Script = answers("Hello.");
  const jobs = memoryJobs("secret", () => script);
  const unexpected: unknown[] = [];
  const ledgers = new Map<string, { rows: MemoryRows; ledger: TenantLedger }>();
  const ledgerOf = (tenant: string) => {
    const rows = new MemoryRows();
    const known = ledgers.get(tenant) ?? { rows, ledger: new TenantLedger(rows) };
    ledgers.set(tenant, known);
    return known;
  };
  const access = createAccess({
    operatorKey: options.operatorKey === undefined ? operatorKey : options.operatorKey,
    local: options.local ?? false,
    keys: {
      get: async (id) => keys.get(id) ?? null,
      put: async (row) => void keys.set(row.id, row),
      revoke: async (id, nowMs) => {
        const row = keys.get(id);
        if (row === undefined || row.revokedAtMs !== null) return false;
        keys.set(id, { ...row, revokedAtMs: nowMs });
        return true;
      },
    },
    nowMs: () => clock.nowMs,
    random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
  });
  const ports: HttpPorts = {
    jobs: jobs.port,
    money: {
      standing: async (caller) => ledgerOf(caller.tenant).ledger.standing(clock.nowMs),
      months: async (caller, limit) => ledgerOf(caller.tenant).rows.months().slice(0, limit),
      setLimits: async (tenant, limits) => {
        ledgerOf(tenant).ledger.setLimits(limits);
        return ledgerOf(tenant).ledger.standing(clock.nowMs);
      },
    },
    market: {
      preview: async (_caller, request) => [
        { microtask: "answer", decision: { code: "no-bidder", message: `Nothing bids on ${request.kind} here.` } },
      ],
      bidders: async () => [...bidders.values()],
      putBidder: async (id, body) => {
        const parsed = z.strictObject({ serves: z.literal("generative") }).safeParse(body);
        if (!parsed.success)
          return { code: "invalid-bidder", field: "serves", message: 'Say what it serves: "serves": "generative".' };
        bidders.set(id, model(id));
        return null;
      },
      deleteBidder: async (id) => bidders.delete(id),
    },
    access,
    checkRequest: ({ contract: { schema } }) => {
      try {
        if (schema !== undefined) z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
        return null;
      } catch {
        return {
          code: "invalid-contract",
          field: "contract.schema",
          message: "This is not a JSON Schema. Correct it.",
        };
      }
    },
    parseMail: async (raw) => {
      const oversized = raw.length > 25 * 1024 * 1024;
      const mail = await PostalMime.parse(oversized ? raw.slice(0, 1000) : raw);
      if (mail.from === undefined)
        return { code: "invalid-email", field: "email", message: "The mail has no From line. Send the raw message." };
      return {
        type: "email",
        text: oversized ? "" : (mail.text ?? ""),
        mail: {
          subject: mail.subject ?? "",
          from: mail.from.address ?? "",
          to: [],
          messageId: mail.messageId ?? null,
          oversized,
          attachments: [],
        },
      };
    },
    newRequestId: () => crypto.randomUUID(),
  };
  const app = createApp(ports, { assets: options.assets, unexpected: (error) => void unexpected.push(error) });
  return {
    app,
    ledgerOf,
    jobs,
    clock,
    keys,
    ports,
    unexpected,
    /** What runs the jobs made from now on. */
    runs(next: Script) {
      script = next;
    },
    /** A request with a key, the operator's by default. JSON bodies are given as values. */
    ask(
      path: string,
      init: { method?: string; body?: unknown; key?: string | null; headers?: Record<string, string> } = {},
    ) {
      const key = init.key === undefined ? operatorKey : init.key;
      return app.request(path, {
        method: init.method ?? (init.body === undefined ? "GET" : "POST"),
        headers: {
          ...(init.body === undefined ? {} : { "content-type": "application/json" }),
          ...(key === null ? {} : { authorization: `Bearer ${key}` }),
          ...init.headers,
        },
        body:
          init.body === undefined || typeof init.body === "string" || init.body instanceof Uint8Array
            ? (init.body as BodyInit | undefined)
            : JSON.stringify(init.body),
      });
    },
  };
}
export type TestServer = ReturnType<typeof testServer>;
