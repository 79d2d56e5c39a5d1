import type { LoggedEvent } from "../src/job/job-event.ts";
import { type ExportResult, exportSpans, otlpHeaders } from "../src/observe/export-spans.ts";
import { spansOf } from "../src/observe/otlp.ts";
import type { OtlpTraces } from "../src/observe/otlp-json.ts";

/** The operator's collector, as it is configured. */
interface Collector {
  ATOMIC_OTLP_URL?: string;
  ATOMIC_OTLP_HEADERS?: string;
}

/** Waits before the second and the third try, the last, ms; longer where the collector asks for it. */
const waitsMs = [1_000, 5_000];
/** A collector that wants to be left alone for longer is not tried again, ms. */
const longestWaitMs = 30_000;
/** So many traces of one isolate wait at a time: they are in its memory. */
const mostWaiting = 50;
let waiting = 0;

/**
 * Sends an ended job's spans to the operator's collector, if one is set; `log` is read only then. Three tries at most,
 * within a minute or so. Best effort: between tries a trace is in memory alone, so an object that starts anew then, or
 * is killed during the first, has lost it, and it is not made again. What was not taken is told on the console.
 */
export async function traceJob(
  env: Collector,
  object: string,
  log: () => LoggedEvent[],
  wait: (ms: number) => Promise<void> = sleep,
): Promise<void> {
  const { ATOMIC_OTLP_URL: url, ATOMIC_OTLP_HEADERS: headers } = env;
  if (url === undefined || url === "") return;
  const spans = spansOf(log());
  if (spans === null) return;
  const say = (event: string, facts: object) => console.error(JSON.stringify({ event, object, ...facts }));
  for (let tries = 1; ; tries++) {
    const result = await send(url, headers ?? "", spans);
    if (result.ok) {
      if (result.rejectedSpans > 0) say("trace-partly-rejected", { rejectedSpans: result.rejectedSpans });
      return;
    }
    const waitMs = waitOf(result, tries);
    if (waitMs === null) return say("trace-not-exported", { status: result.status, tries });
    waiting++;
    await wait(waitMs).finally(() => waiting--);
  }
}

/** Until the next try, ms; null: that was the last. */
function waitOf(failed: ExportResult & { ok: false }, tries: number): number | null {
  const leastMs = waitsMs[tries - 1];
  if (leastMs === undefined || !failed.retryable || waiting >= mostWaiting) return null;
  const waitMs = Math.max(leastMs, failed.retryAfterMs ?? 0);
  // Spread over a tenth: many jobs end while a collector is away.
  return waitMs > longestWaitMs ? null : waitMs * (1 + 0.1 * Math.random());
}

const send = (url: string, headers: string, spans: OtlpTraces): Promise<ExportResult> =>
  exportSpans(url, otlpHeaders(headers), spans, (to, init) => fetch(to, init), AbortSignal.timeout(10_000));

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
