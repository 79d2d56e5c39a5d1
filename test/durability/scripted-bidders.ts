import type { Bidder } from "../../src/market/bidder.ts";
import { costOf } from "../../src/money/price.ts";
import type { ToolCall } from "../../src/plan/tool.ts";
import {
  type AbortSignalLike,
  type ModelCall,
  ModelFailure,
  type ModelPart,
  type ModelPort,
} from "../../src/race/model-port.ts";
import type { ProviderCall } from "./evidence.ts";
import { type Seeded, seeded } from "./seeded.ts";

/** What a process gives the provider to live in: its clock dies with it. */
export interface CallerProcess {
  nowMs(): number;
  isAlive(): boolean;
  /** Never calls when the process is dead by then. */
  after(ms: number, then: () => void): () => void;
  /** Number of the log's last event. */
  logEnd(): number;
}

/** Tokens of a prompt that every provider bills at least. */
const leastInput = 5;
/** Characters of a token at most: the provider's count is never above what a caller counts. */
const charsOfToken = 8;

/** Bidders whose every call is random by a seed, and the provider's own ledger of what they were asked and bill. */
export class ScriptedBidders {
  readonly calls: ProviderCall[] = [];
  readonly #bidders: Bidder[];
  readonly #seed: number;

  constructor(bidders: Bidder[], seed: number) {
    this.#bidders = bidders;
    this.#seed = seed;
  }

  port(caller: CallerProcess): ModelPort {
    return { stream: (call, signal) => this.#stream(call, signal, caller) };
  }

  async *#stream(call: ModelCall, signal: AbortSignalLike, caller: CallerProcess): AsyncGenerator<ModelPart> {
    if (!caller.isAlive()) throw new ModelFailure("connection-lost", "The process is dead.");
    const random = seeded(this.#seed ^ Math.imul(this.calls.length + 1, 0x85ebca6b));
    const price = this.#bidders.find((b) => b.id === call.bidder)?.price ?? { inputPerMtok: 0, outputPerMtok: 0 };
    const entry: ProviderCall = {
      attempt: call.attempt,
      bidder: call.bidder,
      startedAtMs: caller.nowMs(),
      endedAtMs: null,
      logAtStart: caller.logEnd(),
      cut: null,
      billedNano: 0,
    };
    this.calls.push(entry);
    let sent = 0;
    let answered = false;
    const bill = () => {
      const usage = { input: leastInput, output: Math.floor(sent / charsOfToken), source: "provider" as const };
      entry.billedNano = answered ? costOf(price, usage) : 0;
      return usage;
    };
    const endMs = caller.nowMs() + call.timeouts.totalMs;
    /** false: the caller cut the call. */
    const pause = async (ms: number): Promise<boolean> => {
      const late = caller.nowMs() + ms > endMs;
      const cutAt = await wait(late ? endMs - caller.nowMs() : ms, signal, caller);
      if (cutAt !== null) {
        if (caller.isAlive()) entry.cut = { why: String(signal.reason), logAt: cutAt };
        entry.endedAtMs = caller.nowMs();
        return false;
      }
      if (late) throw new ModelFailure("total-timeout", "scripted");
      return true;
    };
    try {
      if (random.chance(0.08)) {
        await pause(random.int(10, 300));
        throw new ModelFailure(random.pick(["overloaded", "server-error", "rate-limited", "unauthorized"]), "scripted");
      }
      if (random.chance(0.05)) {
        if (await pause(call.timeouts.firstTokenMs)) throw new ModelFailure("first-token-timeout", "scripted");
        return;
      }
      if (!(await pause(random.int(20, 1500)))) return;
      answered = true;
      bill();
      yield { type: "open" };
      const calls = call.tools === undefined ? [] : callsOf(random);
      const words = answerOf(call, random.chance(0.7), random.int(2, 9));
      const pieces = calls.length > 0 && random.chance(0.5) ? [] : words;
      const breaksAt = random.chance(0.07) ? random.int(0, pieces.length) : -1;
      const everyMs = random.int(1, 400);
      for (const [i, text] of pieces.entries()) {
        if (!(await pause(random.int(0, everyMs)))) return;
        if (i === breaksAt) throw new ModelFailure("connection-lost", "scripted");
        sent += text.length;
        bill();
        yield { type: "text", text };
      }
      for (const one of calls) {
        if (!(await pause(random.int(0, everyMs)))) return;
        sent += one.arguments.length;
        bill();
        yield { type: "call-text", text: one.arguments };
        yield { type: "call", call: one };
      }
      if (random.chance(0.8)) yield { type: "usage", usage: bill() };
      if (!(await pause(random.int(0, 30)))) return;
      yield { type: "end", finish: "stop" };
    } finally {
      entry.endedAtMs ??= caller.nowMs();
    }
  }
}

/** Waits on the caller's clock; when the caller cuts it short, how far the log was at that moment. */
function wait(ms: number, signal: AbortSignalLike, caller: CallerProcess): Promise<number | null> {
  if (signal.aborted) return Promise.resolve(caller.logEnd());
  return new Promise((resolve) => {
    const off = caller.after(Math.max(0, ms), () => resolve(null));
    signal.addEventListener("abort", () => {
      off();
      resolve(caller.logEnd());
    });
  });
}

/** What a model says: an answer of its kind, good or not, in pieces. */
function answerOf(call: ModelCall, good: boolean, words: number): string[] {
  if (call.kind === "judge") return [judgement(call, good)];
  if (call.kind === "plan") return [good ? planned : "I would rather not."];
  if (call.kind === "spam") return [good ? '{"label":"spam",' : '{"label":"ham",', '"confidence":0.9}'];
  if (call.schema !== null) return good ? ['{"word":', '"ok"}'] : ['{"wo', 'rds":"ok"}'];
  return Array.from({ length: words }, (_, i) => (i === words - 1 ? (good ? "ok. " : "bad. ") : `word${i} `));
}

/** None, one or two calls; some do not fit, some name nobody. */
function callsOf(random: Seeded): ToolCall[] {
  return Array.from({ length: random.pick([0, 1, 1, 2]) }, (_, i) => ({
    id: `call_${i}`,
    name: random.chance(0.9) ? "look_up" : "look_out",
    arguments: random.pick(['{"place":"Paris"}', '{"place":"Paris",}', '{"plaice":1}']),
  }));
}

const planned = JSON.stringify({
  microtasks: [
    { id: "facts", kind: "extract", instruction: "List facts.", needs: [] },
    { id: "text", kind: "answer", instruction: "Write.", needs: ["facts"] },
  ],
  answer: "text",
});

function judgement(call: ModelCall, good: boolean): string {
  const asked = call.messages.map((m) => m.content).join("\n");
  if (asked.includes("TIE")) return JSON.stringify({ better: good ? "ONE" : "TWO" });
  const count = asked.includes("It is short.") ? 2 : 1;
  const results = Array.from({ length: count }, (_, criterion) => ({
    criterion,
    result: good ? "accept" : "reject",
    evidence: "so it seems",
  }));
  return JSON.stringify({ results });
}
