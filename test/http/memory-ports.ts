import { z } from "zod";
import { createAccess } from "../../src/access/access.ts";
import type { KeyRow } from "../../src/access/key.ts";
import { mailText } from "../../src/email/mail-text.ts";
import { isRefusal, parseMail } from "../../src/email/parse-mail.ts";
import { previewAuctions } from "../../src/engine/preview.ts";
import { promptTokens } from "../../src/engine/prompt-tokens.ts";
import { createApp } from "../../src/http/app.ts";
import type { Assets } from "../../src/http/pages/assets.ts";
import type { HttpPorts } from "../../src/http/ports.ts";
import { noCounters } from "../../src/job/counters.ts";
import { checkContract } from "../../src/judge/check-contract.ts";
import { checkTools } from "../../src/judge/check-tools.ts";
import type { Bidder } from "../../src/market/bidder.ts";
import { emptyMarket, learn, profilesOf, seedPriors, settlementsOf } from "../../src/market/market.ts";
import { firstPace } from "../../src/market/pace.ts";
import { bidderInputSchema } from "../../src/models/bidder-input.ts";
import { TenantLedger } from "../../src/money/tenant-ledger.ts";
import { checkLane } from "../../src/plan/check-lane.ts";
import { noRules, type TenantRules } from "../../src/plan/tenant-rules.ts";
import { MemoryRows } from "../money/memory-rows.ts";
import { freshMarket, generative, twoModels } from "./bidders.ts";
import { memoryJobs, type Script } from "./memory-jobs.ts";
import { answers } from "./scripts.ts";

export const operatorKey = "operator-key-of-these-tests";

export interface TestServerOptions {
  local?: boolean;
  operatorKey?: string | null;
  bidders?: Bidder[];
  assets?: Assets;
  origins?: string[];
}

const readMail: HttpPorts["parseMail"] = async (raw) => {
  const mail = await parseMail(raw);
  if (isRefusal(mail)) return mail;
  const { subject, from, messageId, oversized } = mail;
  return {
    type: "email",
    text: mailText(mail),
    mail: { subject, from: from?.address ?? "", to: [], messageId, oversized, attachments: [] },
  };
};

/** A whole server in memory: the real app, access, ids, checks and folds; what is scripted is only what the models say. */
export function testServer(options: TestServerOptions = {}) {
  const keys = new Map<string, KeyRow>();
  const bidders = new Map((options.bidders ?? twoModels).map((b) => [b.id, b]));
  const clock = { nowMs: 1_790_000_000_000 };
  let script: Script = answers("Hello.");
  const jobs = memoryJobs("secret", () => script);
  const market = emptyMarket();
  const counters = noCounters();
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
      list: async (limit) => [...keys.values()].slice(-limit).map(({ secretHash: _, ...row }) => row),
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
  const rules = new Map<string, TenantRules>();
  const ports: HttpPorts = {
    jobs: jobs.port,
    money: {
      standing: async (caller) => ({ ...ledgerOf(caller.tenant).ledger.standing(clock.nowMs), pace: firstPace }),
      months: async (caller, limit) => ledgerOf(caller.tenant).rows.months().slice(0, limit),
      setLimits: async (tenant, limits) => {
        ledgerOf(tenant).ledger.setLimits(limits);
        return { ...ledgerOf(tenant).ledger.standing(clock.nowMs), pace: firstPace };
      },
    },
    examples: { list: async () => [], forget: async () => 0 },
    rules: {
      of: async (tenant) => rules.get(tenant) ?? noRules,
      set: async (tenant, set) => void rules.set(tenant, set),
    },
    market: {
      preview: async (_caller, request) => previewAuctions(request, freshMarket([...bidders.values()]), clock.nowMs, 1),
      promptTokens,
      candidates: async () => [...bidders.values()],
      bidders: async () => [...bidders.values()].map((b) => ({ ...b })),
      counters: async () => counters,
      profiles: async () => profilesOf(market, [...bidders.values()], clock.nowMs),
      bidderBody: bidderInputSchema,
      putBidder: async (id, body) => {
        const parsed = z.strictObject({ serves: z.literal("generative") }).safeParse(body);
        if (!parsed.success)
          return { code: "invalid-bidder", field: "serves", message: 'Say what it serves: "serves": "generative".' };
        bidders.set(id, generative(id));
        return null;
      },
      switchBidder: async (id, enabled) => {
        const bidder = bidders.get(id);
        if (bidder !== undefined) bidders.set(id, { ...bidder, enabled });
        return bidder !== undefined;
      },
      deleteBidder: async (id) => bidders.delete(id),
      seed: async (rows) => seedPriors(market, rows, [...bidders.values()], clock.nowMs),
      evaluate: async (rows) => {
        const { settlements, refused } = settlementsOf(rows, [...bidders.values()], clock.nowMs);
        for (const settlement of settlements) learn(market, settlement, [...bidders.values()]);
        return { taken: rows.length - refused.length, repeated: 0, refused };
      },
    },
    access,
    webhookSecret: async (caller) => `whsec_${btoa(caller.tenant)}`,
    checkRequest: (request) => checkContract(request.contract) ?? checkTools(request) ?? checkLane(request),
    parseMail: readMail,
    newRequestId: () => crypto.randomUUID(),
  };
  const app = createApp(ports, {
    assets: options.assets,
    ...(options.origins === undefined ? {} : { origins: options.origins }),
    unexpected: (error) => void unexpected.push(error),
  });
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
          init.body === undefined ||
          typeof init.body === "string" ||
          init.body instanceof Uint8Array ||
          init.body instanceof ReadableStream
            ? (init.body as BodyInit | undefined)
            : JSON.stringify(init.body),
        // Node's word for a body that is a stream.
        ...{ duplex: "half" },
      });
    },
  };
}
export type TestServer = ReturnType<typeof testServer>;
