import { AtomicError } from "../error.ts";
import type { JobRequest } from "../plan/job-request.ts";
import { admit } from "./admit.ts";
import { clientField, type Places } from "./client-field.ts";
import { requireModel } from "./model-name.ts";
import type { HttpPorts } from "./ports.ts";

/** Admits a job of a foreign dialect; a refusal names the field as the client wrote it. `model`: as it is called there. */
export async function admitModel(
  model: string,
  request: JobRequest,
  ports: HttpPorts,
  tenant: string,
  places: Places,
): Promise<void> {
  requireModel(model, await ports.market.bidders());
  try {
    await admit(request, ports, tenant);
  } catch (error) {
    if (!(error instanceof AtomicError)) throw error;
    const field = clientField(error.field, places);
    // Where its sentence names the field too, it is the client's word for it.
    const message = error.field === undefined ? error.message : error.message.replace(`"${error.field}"`, `"${field}"`);
    throw new AtomicError(error.code, message, { field, reason: error.reason });
  }
}
