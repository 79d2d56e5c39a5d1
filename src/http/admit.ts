import { AtomicError, type Refusal } from "../error.ts";
import type { JobRequest } from "../plan/job-request.ts";
import { checkBidders } from "./check-bidders.ts";
import type { HttpPorts } from "./ports.ts";

/** What every door checks before a job is made or previewed: its contract, and that somebody can serve it. */
export async function admit(request: JobRequest, ports: HttpPorts): Promise<void> {
  const refusal = await ports.checkRequest(request);
  if (refusal !== null) throw AtomicError.from({ ...refusal, message: asSentence(refusal) });
  checkBidders(request, await ports.market.candidates());
}

/** Checks of single values say what must hold ("this must be ..."); a client reads a sentence that says of what. */
const asSentence = ({ message, field }: Refusal): string =>
  /^[\p{Lu}"\d]/u.test(message) ? message : `"${field ?? "contract"}" is refused: ${message.replace(/\.$/, "")}.`;
