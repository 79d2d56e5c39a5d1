import type { AtomicEnv } from "../src/env.ts";
import type { LoggedEvent } from "../src/job/job-event.ts";
import { exportSpans, otlpHeaders } from "../src/observe/export-spans.ts";
import { spansOf } from "../src/observe/otlp.ts";

/** Sends an ended job's spans to the operator's collector, if one is set. Best effort: a trace is no ledger. `log` is read only then. */
export async function traceJob(
  env: AtomicEnv,
  log: () => LoggedEvent[],
  complain: (error: Error) => void,
): Promise<void> {
  const { ATOMIC_OTLP_URL: url, ATOMIC_OTLP_HEADERS: headers } = env;
  if (url === undefined || url === "") return;
  const spans = spansOf(log());
  if (spans === null) return;
  const result = await exportSpans(
    url,
    otlpHeaders(headers ?? ""),
    spans,
    (to, init) => fetch(to, init),
    AbortSignal.timeout(10_000),
  );
  if (!result.ok) complain(new Error(`the collector answered ${result.status ?? "nothing"}`));
}
