import { describe, expect, it } from "vitest";
import type { LoggedEvent } from "../../src/job/job-event.ts";
import { spansOf } from "../../src/observe/otlp.ts";
import { type Attributes, attributes, type Span, unixNano } from "../../src/observe/otlp-json.ts";
import { bidderOf, fails, requestOf, type Script, says, World } from "../engine/world.ts";
import { otlpTraces } from "./otlp-schema.ts";

const secret = "Zanzibar";
const question = requestOf({ input: { type: "text", text: `What is the capital of ${secret}?` } });

function spansIn(log: readonly LoggedEvent[]): Span[] {
  const traces = spansOf(log);
  otlpTraces.parse(traces);
  return traces?.resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
}

/** The tree as text: names, indented below their parents. */
function drawn(spans: Span[], parent?: string, depth = 0): string[] {
  return spans
    .filter((s) => s.parentSpanId === parent)
    .flatMap((s) => [`${"  ".repeat(depth)}${s.name}`, ...drawn(spans, s.spanId, depth + 1)]);
}

const get = (span: Span | undefined, key: string) => {
  const value = span?.attributes.find((a) => a.key === key)?.value;
  return value === undefined ? undefined : Object.values(value)[0];
};

const ask = async (bidders: string[], script: (bidder: string, kind: string) => Script, more = {}) => {
  const world = new World(
    bidders.map((id) => bidderOf(id)),
    (call) => script(call.bidder, call.kind),
  );
  world.accept({ ...question, ...more });
  await world.settle();
  return world;
};

describe("spans of a job", () => {
  it("are the tree that the conventions and DESIGN name", async () => {
    const world = await ask(["a/one"], () => says("Stone Town."));
    const spans = spansIn(world.log);
    expect(drawn(spans)).toEqual([
      "invoke_workflow single",
      "  atomic.decompose",
      "  invoke_agent answer",
      "    chat one",
      "    atomic.auction",
      "    atomic.judge",
      "    atomic.join",
    ]);
    const chat = spans.find((s) => s.name === "chat one");
    expect(chat).toMatchObject({ kind: 3, status: { code: 0 } });
    expect(Object.fromEntries((chat?.attributes ?? []).map((a) => [a.key, a.value]))).toMatchObject({
      "gen_ai.operation.name": { stringValue: "chat" },
      "gen_ai.provider.name": { stringValue: "a" },
      "gen_ai.request.model": { stringValue: "one" },
      "gen_ai.usage.input_tokens": { intValue: "20" },
      "gen_ai.usage.output_tokens": { intValue: "3" },
      "gen_ai.response.finish_reasons": { arrayValue: { values: [{ stringValue: "stop" }] } },
      "gen_ai.response.time_to_first_chunk": { doubleValue: 0.22 },
      "atomic.race.role": { stringValue: "leader" },
    });
    const auction = spans.find((s) => s.name === "atomic.auction");
    expect(auction?.events.map((e) => e.name)).toEqual(["atomic.bid"]);
    expect(get(spans[0], "atomic.job.status")).toBe("succeeded");
    expect(Number(get(spans[0], "atomic.cost.nano_usd"))).toBe(world.run?.job.costNano);
  });

  it("name a provider as the conventions do", async () => {
    const world = await ask(["google/gemini"], () => says("Stone Town."));
    const chat = spansIn(world.log).find((s) => s.name === "chat gemini");
    expect(get(chat, "gen_ai.provider.name")).toBe("gcp.gemini");
  });

  it("name a cut loser as lost, without counting it as an error, and a failed attempt by its reason", async () => {
    const world = await ask(
      ["a/slow", "b/fast", "c/broken"],
      (bidder) =>
        bidder === "a/slow"
          ? says("word ".repeat(400), 50)
          : bidder === "c/broken"
            ? fails("overloaded")
            : says("Town."),
      { strategy: "race" },
    );
    const chats = spansIn(world.log).filter((s) => s.name.startsWith("chat "));
    const byStatus = (status: string) => chats.filter((s) => get(s, "atomic.attempt.status") === status);
    for (const cut of byStatus("cancelled")) {
      expect(get(cut, "error.type")).toBe("lost_race");
      expect(cut.status.code).toBe(0);
    }
    expect(byStatus("cancelled").length + byStatus("failed").length).toBeGreaterThan(0);
    for (const broken of byStatus("failed")) {
      expect(get(broken, "error.type")).toBe("overloaded");
      expect(broken.status.code).toBe(2);
    }
    expect(world.log.some((e) => e.type === "attempt-cancelled")).toBe(true);
  });

  it("put a model judge's call below its verdict, with an evaluation event a criterion", async () => {
    const verdict = '{"results":[{"criterion":0,"result":"accept","evidence":"Stone Town"}]}';
    const world = await ask(["a/one", "b/two"], (_, kind) => (kind === "judge" ? says(verdict) : says("Stone Town.")), {
      contract: { criteria: [], judged: [`It names a city of ${secret}.`] },
    });
    const spans = spansIn(world.log);
    const call = spans.find((s) => get(s, "atomic.race.role") === "judge");
    const judge = spans.find((s) => s.spanId === call?.parentSpanId);
    expect(judge?.name).toBe("atomic.judge");
    const evaluation = judge?.events.find((e) => e.name === "gen_ai.evaluation.result");
    expect(evaluation?.attributes).toEqual(
      expect.arrayContaining(
        attributes({
          "gen_ai.evaluation.name": "judged/0",
          "gen_ai.evaluation.score.label": "accept",
          "gen_ai.evaluation.score.value": { double: 1 },
        }),
      ),
    );
  });

  it("carry no text of prompt, answer, criterion or error", async () => {
    const tell = `${secret} town`;
    for (const script of [() => says(`${tell} it is.`), () => fails("client-error"), () => says("no")]) {
      const world = await ask(["a/one", "b/two"], script, {
        instruction: `Think of ${secret}.`,
        metadata: { note: secret },
        contract: { criteria: [{ type: "contains", text: secret, must: true, ignoreCase: false }], judged: [] },
      });
      expect(JSON.stringify(world.log)).toContain(secret);
      const sent = JSON.stringify(spansOf(world.log));
      expect(sent).not.toContain(secret);
      expect(sent).not.toContain("scripted");
    }
  });

  it("are the same for the same log, whenever they are made, and valid after every event of it", async () => {
    const world = await ask(["a/one", "b/two"], (bidder) =>
      bidder === "a/one" ? fails("overloaded") : says("Stone Town."),
    );
    expect(spansOf(structuredClone(world.log))).toEqual(spansOf(world.log));
    for (let upTo = 1; upTo <= world.log.length; upTo++) {
      const spans = spansIn(world.log.slice(0, upTo));
      const ids = new Set(spans.map((s) => s.spanId));
      expect(ids.size).toBe(spans.length);
      for (const span of spans) if (span.parentSpanId !== undefined) expect(ids).toContain(span.parentSpanId);
      expect(new Set(spans.map((s) => s.traceId)).size).toBe(1);
    }
    expect(spansOf([])).toBeNull();
  });

  it("mark a failed job and its microtask", async () => {
    const world = await ask(["a/one"], () => fails("server-error"));
    const [root] = spansIn(world.log);
    expect(root?.status.code).toBe(2);
    expect(get(root, "error.type")).toBe(world.run?.job.error?.code.replaceAll("-", "_"));
  });
});

describe("OTLP values", () => {
  it("keep nanoseconds exact, ints as text, doubles as numbers, and leave out what is not there", () => {
    expect(unixNano(1_795_348_800_123)).toBe("1795348800123000000");
    const named: Attributes = {
      "a.int": 3,
      "a.double": { double: 3 },
      "a.list": ["x"],
      "a.no": null,
      "a.nan": Number.NaN,
      "a.half": 0.5,
    };
    expect(attributes(named)).toEqual([
      { key: "a.int", value: { intValue: "3" } },
      { key: "a.double", value: { doubleValue: 3 } },
      { key: "a.list", value: { arrayValue: { values: [{ stringValue: "x" }] } } },
      { key: "a.half", value: { doubleValue: 0.5 } },
    ]);
  });
});
