import { rankOf } from "../plan/effort.ts";
import type { ImageWay } from "../plan/image.ts";
import type { JobRequest } from "../plan/job-request.ts";
import type { Kind } from "../plan/kind.ts";
import type { AuctionRequest } from "./bid.ts";
import type { Bidder } from "./bidder.ts";
import { contextTokensNeeded } from "./request.ts";

/** May a bidder be asked for a kind at all? */
export const servesKind = ({ serves }: Pick<Bidder, "serves">, kind: Kind): boolean =>
  serves === "generative" || (Array.isArray(serves) && serves.includes(kind));

/** Why a bidder is not asked for a kind, in words. */
export const unservedReason = (kind: Kind): string => `it does not serve ${kind}`;

const switchedOff = "it is switched off";
const onlyByName = "it takes part only in requests that name it";
const notAllowed = "it is not on the allow-list";

/**
 * Who is out for one of these was never in question, whatever it costs and however busy it is: such are told by number.
 * Many and one in words; null: another reason, which is one bidder's own.
 */
export function neverInQuestion(reason: string, kind: Kind): { one: string; many: string } | null {
  const words = {
    [unservedReason(kind)]: { one: `does not serve ${kind}`, many: `do not serve ${kind}` },
    [onlyByName]: {
      one: "takes part only in requests that name it",
      many: "take part only in requests that name them",
    },
    [notAllowed]: { one: "is not on the allow-list", many: "are not on the allow-list" },
    [switchedOff]: { one: "is switched off", many: "are switched off" },
  };
  return words[reason] ?? null;
}

/** Why a bidder cannot take part, in words that name the field at fault; null: it can. Never throws on bad data. */
export function ineligible(bidder: Bidder, request: AuctionRequest): string | null {
  const broken = brokenField(bidder);
  if (broken) return `its entry is broken: ${broken}`;
  if (!bidder.enabled) return switchedOff;
  if (!servesKind(bidder, request.kind)) return unservedReason(request.kind);
  if (!isAskedFor(bidder, request)) return request.allowed === null ? onlyByName : notAllowed;
  if (thinksTooLittle(bidder, request)) return `the request asks for more thought (${request.effort}): its arm bids`;
  if (request.instructed && bidder.fixed) return "it follows no instruction";
  if (request.noRetention && !bidder.noRetention) return "its provider keeps what it is sent";
  if (request.region !== null && bidder.region !== request.region && bidder.region !== "local") {
    return `it runs in ${bidder.region}, not in ${request.region}`;
  }
  if (request.needsStructuredOutput && !bidder.structuredOutput) return "it cannot promise structured output";
  if (request.needsTools && bidder.tools === false) return "it cannot call tools";
  if (!takesImages(bidder, request.needsImages ?? null)) return unseen(bidder);
  const needed = contextTokensNeeded(request) + (bidder.reasoningTokens ?? 0);
  if (isTooLong(bidder, request)) return `it takes ${bidder.contextTokens} tokens, the task needs ${needed}`;
  const tried = request.tried.find((one) => one.bidder === bidder.id);
  if (tried) return tried.how === "rejected" ? "its answer was rejected" : "it failed already";
  const away = request.unavailable.find((one) => one.bidder === bidder.id);
  if (away) return away.reason;
  return null;
}

type Asked = Pick<AuctionRequest, "allowed" | "effort">;

/** An arm is asked for by its own name, by its effort, or, once it takes part always, by nothing. */
export function isAskedFor({ id, arm, onlyByName }: Pick<Bidder, "id" | "arm" | "onlyByName">, asked: Asked): boolean {
  const { allowed, effort } = asked;
  if (allowed?.includes(id)) return true;
  const byEffort = arm !== undefined && arm.effort === effort;
  if (allowed !== null) return byEffort && allowed.includes(arm.of);
  return byEffort || !onlyByName;
}

/** It could think as long as is asked under another name: that one bids in its place. Not so an arm that is named itself. */
function thinksTooLittle({ id, arm, arms }: Bidder, { allowed, effort }: Asked): boolean {
  if (effort === undefined) return false;
  if (arm === undefined) return arms?.includes(effort) === true;
  return rankOf(arm.effort) < rankOf(effort) && !allowed?.includes(id);
}

/** Can it be shown pictures that come so? */
export const takesImages = ({ images }: Pick<Bidder, "images">, way: ImageWay | null): boolean =>
  way === null || images === "url" || images === way;

const unseen = ({ images }: Bidder): string =>
  images === undefined ? "it is shown no pictures" : "it takes pictures in the call only, as data: URLs";

const isTooLong = (bidder: Bidder, request: AuctionRequest): boolean =>
  contextTokensNeeded(request) + (bidder.reasoningTokens ?? 0) > bidder.contextTokens;

/** Would somebody take part in a shorter request, and nobody in this one, now or later? */
export function tooLongForAll(bidders: readonly Bidder[], request: AuctionRequest): boolean {
  const shorter = { ...request, inputTokens: 0, unavailable: [] };
  const others = bidders.filter((bidder) => ineligible(bidder, shorter) === null);
  return others.length > 0 && others.every((bidder) => isTooLong(bidder, request));
}

/** May a request's texts go to this bidder: it is named or open to all, keeps nothing and runs where the request says. */
export const mayBeAsked = (
  bidder: Pick<Bidder, "id" | "onlyByName" | "noRetention" | "region">,
  { bidders, noRetention, region }: Pick<JobRequest, "bidders" | "noRetention" | "region">,
): boolean =>
  (bidders === null ? !bidder.onlyByName : bidders.includes(bidder.id)) &&
  (!noRetention || bidder.noRetention) &&
  (region === null || bidder.region === region || bidder.region === "local");

/** The field of an operator's entry that no auction can be held with, and why; null: it is sound. */
export function brokenField(bidder: Bidder): string | null {
  if (bidder.serves !== "generative" && !Array.isArray(bidder.serves)) return "serves is neither generative nor a list";
  for (const name of ["family", "region"] as const) if (typeof bidder[name] !== "string") return `${name} is missing`;
  const price = bidder.price as Bidder["price"] | null | undefined;
  if (!price) return "price is missing";
  const expected = bidder.expected as Bidder["expected"] | undefined;
  return (
    badNumber("price.inputPerMtok", price.inputPerMtok) ??
    badNumber("price.outputPerMtok", price.outputPerMtok) ??
    badNumber("price.cachedInputPerMtok", price.cachedInputPerMtok ?? 0) ??
    badNumber("price.cacheWritePerMtok", price.cacheWritePerMtok ?? 0) ??
    badNumber("price.perCall", price.perCall ?? 0) ??
    badNumber("contextTokens", bidder.contextTokens) ??
    badNumber("maxOutputTokens", bidder.maxOutputTokens) ??
    badNumber("reasoningTokens", bidder.reasoningTokens ?? 0) ??
    badNumber("imageTokens", bidder.imageTokens ?? 0) ??
    badNumber("expected.firstTokenMs", expected?.firstTokenMs) ??
    badNumber("expected.tokensPerSecond", expected?.tokensPerSecond) ??
    (bidder.concurrency !== null && !(bidder.concurrency > 0) ? `concurrency is ${bidder.concurrency}` : null)
  );
}

function badNumber(name: string, value: number | undefined): string | null {
  if (typeof value !== "number" || !Number.isFinite(value)) return `${name} is not a number`;
  if (value > Number.MAX_SAFE_INTEGER) return `${name} is too large (${value})`;
  return value < 0 ? `${name} is negative (${value})` : null;
}
