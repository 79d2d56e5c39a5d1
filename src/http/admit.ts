import { AtomicError, type Refusal } from "../error.ts";
import { checkReuse } from "../plan/check-reuse.ts";
import type { JobRequest } from "../plan/job-request.ts";
import { checkBidders } from "./check-bidders.ts";
import type { HttpPorts } from "./ports.ts";

/** What every door checks before a job is made or previewed: its contract, and that somebody can serve it. */
export async function admit(request: JobRequest, ports: HttpPorts, tenant: string): Promise<void> {
  const refusal = checkReuse(request) ?? (await ports.checkRequest(request));
  if (refusal !== null) throw AtomicError.from({ ...refusal, message: asSentence(refusal) });
  const candidates = await ports.market.candidates();
  try {
    checkBidders(request, candidates);
  } catch (error) {
    if (!(error instanceof AtomicError) || error.code !== "no-bidder" || request.bidders !== null) throw error;
    // Its tenant's rules may name who takes part by name only. They are read here only, where it would be refused.
    const { bidders } = await ports.rules.of(tenant);
    if (bidders === null) throw error;
    const named = bidders.filter((id) => candidates.some((b) => b.id === id));
    checkBidders({ ...request, bidders: named }, candidates, true);
  }
}

/** Checks of single values say what must hold ("this must be ..."); a client reads a sentence that says of what. */
const asSentence = ({ message, field }: Refusal): string =>
  /^[\p{Lu}"\d]/u.test(message) ? message : `"${field ?? "contract"}" is refused: ${message.replace(/\.$/, "")}.`;
