import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Dialect } from "./dialect.ts";
import { Ledger, type LedgerEntry, now } from "./ledger.ts";
import { argumentPiecesOf, countsOf, piecesOf, type Script } from "./script.ts";

const statusCodes: Record<string, string> = {
  "400": "context_length_exceeded",
  "401": "invalid_api_key",
  "404": "model_not_found",
  "429": "rate_limit_exceeded",
  "529": "overloaded_error",
};

/** Plays a script on an open response; ends early, silently, when the client goes. */
export async function answer(
  res: ServerResponse,
  dialect: Dialect,
  script: Script,
  entry: LedgerEntry,
  prompt: string,
): Promise<void> {
  const gone = new AbortController();
  res.on("close", () => {
    if (res.writableFinished) return;
    if (entry.end === "open") {
      entry.clientClosedAtMs = now();
      entry.endedAtMs = entry.clientClosedAtMs;
      entry.end = "client-closed";
    }
    gone.abort();
  });
  try {
    await play(res, dialect, script, entry, prompt, gone.signal);
  } catch (error) {
    if (!gone.signal.aborted) throw error;
  }
}

async function play(
  res: ServerResponse,
  dialect: Dialect,
  script: Script,
  entry: LedgerEntry,
  prompt: string,
  gone: AbortSignal,
): Promise<void> {
  const { fault } = script;
  const pause = async (ms: number | undefined) => {
    if (ms !== undefined && ms > 0) await sleep(ms, undefined, { signal: gone });
  };
  const hang = () => sleep(2 ** 30, undefined, { signal: gone });
  const head = (status: number, type: string) => {
    res.writeHead(status, { "content-type": type, "cache-control": "no-cache", ...script.headers });
    res.flushHeaders();
    entry.headersAtMs = now();
    entry.status = status;
  };
  const finished = (end: LedgerEntry["end"]) => {
    entry.end = end;
    entry.endedAtMs = now();
  };

  await pause(script.headersAfterMs);
  if (fault === "hang-before-headers") return hang();
  if (fault === "reset-before-headers") {
    finished("faulted");
    res.socket?.resetAndDestroy();
    return;
  }
  if (fault === "error-body-hangs") {
    head(503, "application/json");
    res.write('{"error": {');
    return hang();
  }
  const status =
    fault === "quota" ? 429 : fault === "redirect" ? 302 : Number(fault?.match(/^status-(\d+)$/)?.[1] ?? 200);
  if (status !== 200) {
    if (fault === "redirect") script = { ...script, headers: { location: "/elsewhere", ...script.headers } };
    head(status, "application/json");
    const code = fault === "quota" ? "insufficient_quota" : (statusCodes[String(status)] ?? "server_error");
    finished("faulted");
    res.end(JSON.stringify(dialect.failure(status, code)));
    return;
  }

  const pieces = piecesOf(script);
  const counts = fault === "usage-missing" ? null : countsOf(script, prompt);
  const calls = (script.calls ?? []).map((call, at) => ({
    at,
    id: call.id === undefined ? `call_${at + 1}` : call.id,
    name: call.name,
    pieces: argumentPiecesOf(call, script),
  }));
  const reason = script.finish ?? (calls.length > 0 ? "tool_calls" : "stop");
  if (fault === "html-page") {
    head(200, "text/html");
    finished("faulted");
    res.end("<html><body>It works!</body></html>");
    return;
  }
  if (!entry.stream || fault === "not-a-stream") {
    await pause(script.firstTokenAfterMs);
    head(200, "application/json");
    const body = JSON.stringify(dialect.whole(entry.model, pieces.join(""), calls, reason, counts));
    Ledger.sent(entry, Buffer.byteLength(body));
    finished("complete");
    res.end(body);
    return;
  }

  head(200, "text/event-stream");
  const write = async (frame: string) => {
    gone.throwIfAborted();
    const bytes = Buffer.from(fault === "crlf" ? frame.replaceAll("\n", "\r\n") : frame);
    if (fault === "split-utf8") {
      for (let at = 0; at < bytes.length; at += 7) {
        res.write(bytes.subarray(at, at + 7));
        await new Promise((resolve) => setImmediate(resolve));
      }
    } else if (!res.write(bytes)) {
      await new Promise<void>((resolve) => {
        res.once("drain", resolve);
        gone.addEventListener("abort", () => resolve(), { once: true });
      });
      gone.throwIfAborted();
    }
    Ledger.sent(entry, bytes.length);
  };

  if (fault === "hang-before-first-token") return hang();
  if (fault === "choices-empty") await write('data: {"choices":[],"prompt_filter_results":[]}\n\n');
  for (const frame of dialect.open(entry.model)) await write(frame);
  await pause(script.firstTokenAfterMs);
  if (script.reasoning) await write(dialect.reasoning(script.reasoning));

  const after = script.faultAfter ?? 2;
  const frames = [
    ...pieces.map((piece) => dialect.piece(piece)),
    ...calls.flatMap((call) => dialect.call(call, script.callsAs ?? [])),
  ];
  for (const [index, said] of frames.entries()) {
    if (index > 0) await pause(script.betweenMs);
    if (index === after) {
      if (fault === "stall") return hang();
      if (fault === "reset") {
        finished("faulted");
        // Lets what was written reach the client before the reset throws it away.
        await sleep(20);
        res.socket?.resetAndDestroy();
        return;
      }
      if (fault === "clean-cut") {
        finished("faulted");
        res.end();
        return;
      }
      if (fault === "error-frame") {
        await write(dialect.error());
        finished("faulted");
        res.end();
        return;
      }
      if (fault === "garbage-line") await write("%%% this is not an event %%%\n\n");
      if (fault === "garbage-json") await write("data: {not json at all\n\n");
      if (fault === "comments") await write(": keep-alive\n\n");
      if (fault === "long-line") {
        // In parts, as a network brings it: ten megabytes at once would hold up whoever shares this process.
        const [head = "", tail = ""] = dialect.piece("@").split("@");
        await write(head);
        for (let mib = 0; mib < 10; mib += 1 / 16) await write("x".repeat(65_536));
        await write(tail);
      }
    }
    const frame = `${fault === "duplicate-numbered" ? `id: ${index}\n` : ""}${said}`;
    await write(frame);
    if ((fault === "duplicate-chunk" || fault === "duplicate-numbered") && index === after) await write(frame);
  }
  if (fault === "refusal") {
    for (const frame of dialect.refusal("I cannot help with that.")) await write(frame);
  } else {
    for (const frame of dialect.finish(fault === "content-filter" ? "content_filter" : reason, counts))
      await write(
        script.finishWord === undefined
          ? frame
          : frame.replace(
              /"finish_reason":"(stop|tool_calls)"/,
              `"finish_reason":${JSON.stringify(script.finishWord)}`,
            ),
      );
    if (fault === "usage-contradictory" && counts) {
      const less = { ...counts, output: Math.max(0, counts.output - 2), input: counts.input + 3 };
      for (const frame of dialect.finish(reason, less).slice(-1)) await write(frame);
    }
  }
  if (fault === "hang-after-finish") return hang();
  if (dialect.end !== null && fault !== "no-done") await write(dialect.end);
  if (fault === "hang-after-end-marker") return hang();
  await pause(script.endAfterMs);
  finished("complete");
  res.end();
}
