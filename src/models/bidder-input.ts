import { z } from "zod";
import type { Refusal } from "../error.ts";
import { fromUsd } from "../money/nano-usd.ts";
import type { PriceSheet } from "../money/price.ts";
import { imageWays } from "../plan/image.ts";
import { kindNames } from "../plan/kind.ts";
import { usualRoom } from "./effort-arms.ts";
import { type ConfiguredBidder, type Endpoint, omittedFields } from "./endpoint.ts";
import { familyOf } from "./family.ts";
import { isLocalHost, isLoopbackHost } from "./llm-server.ts";
import { priceRowOn, priceSheetOf } from "./price-file.ts";

const idPattern = /^[A-Za-z0-9][\w.:@+-]*(\/[A-Za-z0-9@][\w.:@+-]*){1,3}$/;
const usdPerMtok = z.number().min(0).max(10_000);

/** Body of PUT /v1/bidders/{id}: an operator's own bidder. Keys are named by their secret binding, never given. */
export const bidderInputSchema = z.strictObject({
  endpoint: z.strictObject({
    type: z.enum(["openai-compatible", "openai", "anthropic", "google", "workers-ai"]),
    model: z
      .string()
      .min(1)
      .max(200)
      .regex(/^[\w.:@+/-]+$/),
    baseUrl: z.string().max(2048).optional(),
    /** Names the secret binding. Atomic's own secrets are not for sending. */
    apiKeySecretName: z
      .string()
      .max(64)
      .regex(/^[A-Z][A-Z0-9_]*_(KEY|TOKEN)$/, "must name a secret binding that ends in _KEY or _TOKEN")
      .refine((name) => !name.startsWith("ATOMIC_") || name === "ATOMIC_LLM_KEY", "is Atomic's own secret")
      .optional(),
    local: z.boolean().optional(),
    reasoning: z.enum(["none", "minimal", "low", "medium", "high"]).optional(),
    reasoningTokens: z.int().min(0).max(65_536).optional(),
    prefixMark: z.enum(["prefix", "continue-final-message"]).optional(),
    omit: z.array(z.enum(omittedFields)).max(omittedFields.length).optional(),
  }),
  /** USD per million tokens. May be left out for a model of the price file. */
  price: z
    .strictObject({
      input: usdPerMtok,
      output: usdPerMtok,
      cachedInput: usdPerMtok.optional(),
      /** Of input that is written to the provider's cache; left out: what the provider is known to take. */
      cacheWrite: usdPerMtok.optional(),
      reasoning: usdPerMtok.optional(),
      perCallUsd: z.number().min(0).max(100).optional(),
    })
    .optional(),
  family: z.string().min(1).max(64).optional(),
  serves: z.union([z.literal("generative"), z.array(z.enum(kindNames)).min(1).max(kindNames.length)]).optional(),
  contextTokens: z.int().min(256).max(10_000_000).optional(),
  maxOutputTokens: z.int().min(1).max(1_000_000).optional(),
  structuredOutput: z.boolean().optional(),
  /** false: the model cannot call functions, and is left out where tools are offered. */
  tools: z.boolean().optional(),
  /** How the model takes pictures: in the call, or by their address too. Left out: it is shown none. */
  images: z.enum(imageWays).optional(),
  /** Input tokens that the model bills for one picture, at most. Left out: what is known of its name, or 5,000. */
  imageTokens: z.int().min(1).max(1_000_000).optional(),
  region: z
    .string()
    .min(1)
    .max(32)
    .regex(/^[a-z0-9-]+$/)
    .optional(),
  noRetention: z.boolean().optional(),
  concurrency: z.int().min(1).max(10_000).nullable().optional(),
  cancelStopsBill: z.boolean().optional(),
  expected: z
    .strictObject({ firstTokenMs: z.number().min(1).max(600_000), tokensPerSecond: z.number().min(0.1).max(100_000) })
    .optional(),
  continuesPrefix: z.boolean().optional(),
  enabled: z.boolean().optional(),
});
export type BidderInput = z.infer<typeof bidderInputSchema>;

const example =
  'A bidder is, for example, {"endpoint": {"type": "openai-compatible", "baseUrl": "https://host/v1", "model": "name"}, "price": {"input": 1, "output": 2}}.';

/** How near a stored bidder's server may be: public hosts only, also this machine, also hosts of a private network. */
export type Nearness = "public" | "loopback" | "private";

/** What the operator's configuration allows. */
export const nearnessOf = (env: { ATOMIC_ALLOW_LOOPBACK?: string; ATOMIC_PRIVATE_BIDDERS?: string }): Nearness =>
  env.ATOMIC_PRIVATE_BIDDERS === "1" ? "private" : env.ATOMIC_ALLOW_LOOPBACK === "1" ? "loopback" : "public";

/** Makes a bidder of an operator's input, or says which field is wrong. Only what is near may be http. */
export function readBidder(
  id: string,
  body: unknown,
  { near, nowMs }: { near: Nearness; nowMs: number },
): ConfiguredBidder | Refusal {
  const refuse = (field: string, message: string): Refusal => ({ code: "invalid-bidder", field, message });
  if (id.length > 128 || !idPattern.test(id))
    return refuse("id", "A bidder's id is provider/model, at most 128 characters.");
  const provider = id.slice(0, id.indexOf("/"));
  if (provider === "sim" || provider === "embedded")
    return refuse("id", `${provider}/... bidders are built in; choose another provider name.`);
  const parsed = bidderInputSchema.safeParse(body, { reportInput: true });
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const field = issue?.path.join(".") ?? "";
    const missing = field !== "" && issue?.code === "invalid_type" && issue.input === undefined;
    if (missing) return refuse(field, `"${field}" is missing. ${example}`);
    return refuse(field, faultOf(field, issue?.message));
  }
  const input = parsed.data;
  const { type, model } = input.endpoint;
  const url = checkUrl(input.endpoint.baseUrl, type, near);
  if (url.problem !== null) return refuse("endpoint.baseUrl", url.problem);
  if (input.continuesPrefix && type === "openai")
    return refuse("continuesPrefix", "OpenAI's API starts a new message after a trailing assistant message.");
  if (input.endpoint.prefixMark !== undefined && (type !== "openai-compatible" || !input.continuesPrefix))
    return refuse(
      "endpoint.prefixMark",
      "prefixMark is for openai-compatible endpoints whose bidder has continuesPrefix: true.",
    );
  const day = new Date(nowMs).toISOString().slice(0, 10);
  const row = priceRowOn(type, model, day);
  const price: PriceSheet | null = input.price
    ? { ...sheetOf(input.endpoint, input.price), from: day }
    : row
      ? priceSheetOf(input.endpoint, row)
      : null;
  if (price === null)
    return refuse(
      "price",
      "The price file does not know this model: give price.input and price.output, USD per million tokens.",
    );
  const contextTokens = input.contextTokens ?? 8192;
  const maxOutputTokens = input.maxOutputTokens ?? Math.min(4096, contextTokens);
  if (maxOutputTokens > contextTokens)
    return refuse("maxOutputTokens", "maxOutputTokens is larger than contextTokens.");
  const local = input.endpoint.local ?? url.local;
  const { reasoning = "none" } = input.endpoint;
  const reasoningTokens = input.endpoint.reasoningTokens ?? usualRoom(reasoning, contextTokens);
  const endpoint: Endpoint = {
    ...input.endpoint,
    ...(reasoningTokens > 0 ? { reasoningTokens } : {}),
    ...(url.href === null ? {} : { baseUrl: url.href }),
    ...(local ? { local } : {}),
  };
  return {
    endpoint,
    bidder: {
      id,
      model,
      provider,
      family: input.family ?? familyOf(model),
      serves: input.serves ?? "generative",
      price,
      contextTokens,
      maxOutputTokens,
      structuredOutput: input.structuredOutput ?? true,
      ...(input.tools === false ? { tools: false } : {}),
      ...(input.images === undefined ? {} : { images: input.images }),
      ...(input.imageTokens === undefined ? {} : { imageTokens: input.imageTokens }),
      region: input.region ?? (local ? "local" : "global"),
      noRetention: input.noRetention ?? local,
      concurrency: input.concurrency === undefined ? (local ? 1 : null) : input.concurrency,
      cancelStopsBill: input.cancelStopsBill ?? (local || type === "openai" || type === "anthropic"),
      expected: input.expected ?? { firstTokenMs: 1000, tokensPerSecond: 50 },
      enabled: input.enabled ?? true,
      ...(input.continuesPrefix ? { continuesPrefix: true } : {}),
      ...(endpoint.reasoningTokens ? { reasoningTokens: endpoint.reasoningTokens } : {}),
    },
  };
}

/** A fault with the field it is in: messages alone are read in consoles too. */
function faultOf(field: string, message = "not valid"): string {
  if (field === "") return `${message}. ${example}`;
  const says = message.replace(/^Invalid \w+: /, "");
  return `"${field}"${/^(must|is) /.test(says) ? "" : ":"} ${says}.`;
}

function sheetOf(endpoint: BidderInput["endpoint"], price: NonNullable<BidderInput["price"]>): PriceSheet {
  return {
    ...priceSheetOf(endpoint, price),
    ...(price.reasoning === undefined ? {} : { reasoningPerMtok: fromUsd(price.reasoning) }),
    ...(price.perCallUsd === undefined ? {} : { perCall: fromUsd(price.perCallUsd) }),
  };
}

type CheckedUrl =
  | { problem: string; href: null; local: false }
  | { problem: null; href: string | null; local: boolean };

function checkUrl(baseUrl: string | undefined, type: Endpoint["type"], near: Nearness): CheckedUrl {
  const bad = (problem: string): CheckedUrl => ({ problem, href: null, local: false });
  if (baseUrl === undefined)
    return type === "openai-compatible"
      ? bad("An openai-compatible endpoint needs its base URL.")
      : { problem: null, href: null, local: false };
  if (type === "workers-ai") return bad("Workers AI is called through the AI binding; leave the base URL out.");
  let url: URL;
  try {
    url = new URL(baseUrl);
  } catch {
    return bad("Not a URL: write it as https://host/v1.");
  }
  if (url.username || url.password)
    return bad("A base URL must not hold credentials; name a secret in endpoint.apiKeySecretName.");
  if (url.search || url.hash) return bad("A base URL has no query and no fragment.");
  const loopback = isLoopbackHost(url.hostname);
  if (loopback && near === "public") return bad("Loopback URLs are not allowed here.");
  const local = isLocalHost(url.hostname);
  if (local && !loopback && near !== "private")
    return bad("Hosts of a private network are configured by ATOMIC_LLM_URL.");
  if (/^169\.254\.|^0\.|^\[?(::|fe80)/i.test(url.hostname) && !loopback) return bad("Not a public host.");
  // On a network of one's own a name does not say whether it is near.
  const plain = local || near === "private";
  if (url.protocol !== "https:" && !(url.protocol === "http:" && plain)) return bad("A base URL is https.");
  return { problem: null, href: `${url.origin}${url.pathname.replace(/\/+$/, "")}`, local };
}
