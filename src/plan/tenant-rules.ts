import type { Refusal } from "../error.ts";
import { type JobRequest, jobImages } from "./job-request.ts";
import { bothRedactions, type RedactionRules } from "./redaction.ts";

/** What the operator confines all jobs of a tenant to, whatever they ask for. Part of each job's request from then on. */
export interface TenantRules {
  /** Who may be asked, by id; null: whom the request allows. */
  bidders: string[] | null;
  /** Where bidders run; null: where the request says. Those in this process always may. */
  region: string | null;
  /** Only bidders that promise not to keep what they are sent; texts are not kept as examples either. */
  noRetention: boolean;
  /** What is replaced in all that leaves, beside what a request asks for. Absent: nothing. */
  redact?: RedactionRules;
}

export const noRules: TenantRules = { bidders: null, region: null, noRetention: false };

/** Do these rules confine nothing? */
export const isFree = ({ bidders, region, noRetention, redact }: TenantRules): boolean =>
  bidders === null && region === null && !noRetention && redact === undefined;

/** The request as the tenant's rules allow it, or why they do not. Pure. */
export function confine(request: JobRequest, rules: TenantRules): JobRequest | Refusal {
  if (rules.region !== null && request.region !== null && request.region !== rules.region)
    return {
      code: "forbidden",
      field: "region",
      reason: "tenant-rules",
      message: `Your operator confines this tenant's jobs to the region "${rules.region}". Leave "region" out.`,
    };
  const { bidders: allowed } = rules;
  const bidders =
    allowed === null
      ? request.bidders
      : request.bidders === null
        ? allowed
        : request.bidders.filter((id) => allowed.includes(id));
  if (bidders?.length === 0)
    return {
      code: "forbidden",
      field: "bidders",
      reason: "tenant-rules",
      message: `Your operator lets this tenant's jobs ask ${listOf(allowed ?? [])} only. Name one of them, or none.`,
    };
  const judges = allowed === null ? request.judges : request.judges?.filter((id) => allowed.includes(id));
  if (judges?.length === 0)
    return {
      code: "forbidden",
      field: "judges",
      reason: "tenant-rules",
      message: `Your operator lets this tenant's jobs ask ${listOf(allowed ?? [])} only. Name one of them as a judge, or none.`,
    };
  const redact = bothRedactions(request.redact, rules.redact);
  if (redact !== undefined && jobImages(request.input).length > 0)
    return {
      code: "forbidden",
      field: "messages",
      reason: "tenant-rules",
      message:
        "Your operator has this tenant's texts redacted, and nothing can be replaced within a picture. Leave it out.",
    };
  return {
    ...request,
    ...(redact === undefined ? {} : { redact }),
    bidders,
    ...(judges === undefined ? {} : { judges }),
    region: rules.region ?? request.region,
    noRetention: request.noRetention || rules.noRetention,
  };
}

const shown = 8;
const listOf = (ids: string[]): string =>
  ids.length <= shown ? ids.join(", ") : `${ids.slice(0, shown).join(", ")} and ${ids.length - shown} more`;
