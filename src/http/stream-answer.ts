import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import { AtomicError } from "../error.ts";
import type { AnswerPart } from "./answer-parts.ts";
import type { AppEnv } from "./app-env.ts";
import type { Disconnect } from "./disconnect.ts";

/** A server-sent event. */
export interface Frame {
  event?: string;
  data: string;
}

/** An answer as the events of one dialect. */
export interface Dialect {
  /** What is sent, as it is, so that nobody gives a silent connection up. */
  beat: string;
  /** Before any part. */
  opens: () => Frame[];
  of: (part: AnswerPart) => Frame[];
  /** Why there is no more. Nothing comes after it: a cut answer must not look like a whole one. */
  fails: (error: AtomicError) => Frame[];
}

/** Sends an answer as it comes. */
export function streamAnswer(
  c: Context<AppEnv>,
  first: AnswerPart,
  parts: AsyncGenerator<AnswerPart>,
  gone: Disconnect,
  dialect: Dialect,
): Response {
  return streamSSE(c, async (stream) => {
    stream.onAbort(() => gone.left());
    const send = async (frames: Frame[]) => {
      for (const frame of frames) await stream.writeSSE(frame);
    };
    const pass = async (part: AnswerPart) => {
      if (part.type === "beat") await stream.write(dialect.beat);
      else await send(dialect.of(part));
    };
    try {
      await send(dialect.opens());
      await pass(first);
      for await (const part of parts) await pass(part);
    } catch (error) {
      if (!(error instanceof AtomicError)) c.get("report")(error);
      await send(dialect.fails(error instanceof AtomicError ? error : broken()));
    } finally {
      gone.end();
    }
  });
}

const broken = () => new AtomicError("internal", "The stream broke inside Atomic. The job goes on: see GET /v1/jobs.");
