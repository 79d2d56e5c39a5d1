import type { CallToolResult } from "@modelcontextprotocol/server";
import { AtomicError } from "../../error.ts";
import { InputError } from "../error-response.ts";
import type { Caller, HttpPorts } from "../ports.ts";

/** Whom a tool acts for. */
export interface Acting {
  ports: HttpPorts;
  caller: Caller;
  report: (error: unknown) => void;
  /** Work that is finished even if the client is gone. */
  keepAlive: (work: Promise<unknown>) => void;
}

/** What a tool says: `text` for the model, `data` for programs (left out: only text). */
export const told = (text: string, data?: Record<string, unknown>): CallToolResult => ({
  content: [{ type: "text", text }],
  ...(data === undefined ? {} : { structuredContent: data }),
});

/** Runs a tool. A refusal is an answer that its model can read and act on; what was not expected is reported, not shown. */
export async function answerOrRefusal({ report }: Acting, run: () => Promise<CallToolResult>): Promise<CallToolResult> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof AtomicError) return refused(refusalText(error));
    report(error);
    return refused("Something went wrong inside Atomic. Try again.");
  }
}

const refused = (text: string): CallToolResult => ({ content: [{ type: "text", text }], isError: true });

function refusalText(error: AtomicError): string {
  const faults = error instanceof InputError ? error.faults : [];
  const rest = faults.slice(1).map(({ field, detail }) => `\n${field}: ${detail}`);
  return `${error.code}${error.field === undefined || error.field === "" ? "" : ` (${error.field})`}: ${error.message}${rest.join("")}`;
}
