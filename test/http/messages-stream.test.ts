import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { testServer } from "./memory-ports.ts";
import { SseReader } from "./read-sse.ts";
import {
  answers,
  asksFor,
  begin,
  fail,
  failedAttempt,
  finished,
  joined,
  stalls,
  started,
  streamed,
  succeed,
} from "./scripts.ts";

const messages = [{ role: "user", content: "Say hello." }];
const path = "/v1/messages";
const body = { model: "atomic", max_tokens: 100, messages, stream: true };
const zero =
  '"usage":{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0,"output_tokens_details":{"thinking_tokens":0}}';
const used = zero.replace('"input_tokens":0', '"input_tokens":12').replace('"output_tokens":0', '"output_tokens":5');

const frame = (type: string, rest: string) => `event: ${type}\ndata: {"type":"${type}"${rest}}\n\n`;
const opened = (id: string | undefined) =>
  frame(
    "message_start",
    `,"message":{"id":"msg_${id}","type":"message","role":"assistant","model":"atomic","content":[],"stop_reason":null,"stop_sequence":null,"stop_details":null,"container":null,${zero}}`,
  );
const ended = (id: string | undefined, reason: string) =>
  frame(
    "message_delta",
    `,"delta":{"stop_reason":"${reason}","stop_sequence":null},${used},"atomic":{"job":"${id}","bidder":"openai/small","cost_usd":0.0000015}`,
  ) + frame("message_stop", "");

describe("messages, streamed", () => {
  it("are framed byte for byte as Anthropic's are", async () => {
    const server = testServer();
    server.runs(answers("Hello, wörld.", ["Hello", ", wörld", "."]));
    const response = await server.ask(path, { body });
    const id = server.jobs.last()?.id;
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect(response.headers.get("request-id")).toBe(response.headers.get("x-request-id"));
    const delta = (text: string) =>
      frame("content_block_delta", `,"index":0,"delta":{"type":"text_delta","text":"${text}"}`);
    expect(await response.text()).toBe(
      [
        opened(id),
        frame("content_block_start", ',"index":0,"content_block":{"type":"text","text":"","citations":null}'),
        delta("Hello"),
        delta(", wörld"),
        delta("."),
        frame("content_block_stop", ',"index":0'),
        ended(id, "end_turn"),
      ].join(""),
    );
  });

  it("tell calls one after the other, whole", async () => {
    const server = testServer();
    const call = { id: "c1", name: "now", arguments: '{"zone":"UTC"}' };
    server.runs(asksFor([call, { ...call, id: "c2" }]));
    const tools = [{ name: "now", input_schema: { type: "object" } }];
    const response = await server.ask(path, { body: { ...body, tools } });
    const id = server.jobs.last()?.id;
    const told = (index: number) => [
      frame(
        "content_block_start",
        `,"index":${index},"content_block":{"type":"tool_use","id":"c${index + 1}","name":"now","input":{},"caller":{"type":"direct"}}`,
      ),
      frame(
        "content_block_delta",
        `,"index":${index},"delta":{"type":"input_json_delta","partial_json":"{\\"zone\\":\\"UTC\\"}"}`,
      ),
      frame("content_block_stop", `,"index":${index}`),
    ];
    expect(await response.text()).toBe([opened(id), ...told(0), ...told(1), ended(id, "tool_use")].join(""));
  });

  it("pass text on while the model still writes", async () => {
    const server = testServer();
    server.runs(stalls);
    const asked = server.ask(path, { body });
    await vi.waitFor(() => expect(server.jobs.last()?.streams.size).toBe(1));
    const job = server.jobs.last();
    job?.write(streamed("a1", 0, "One"));
    const reader = new SseReader(await asked);
    expect((await reader.next())?.[0]).toBe("event: message_start");
    await reader.next();
    expect((await reader.next())?.[1]).toContain('"text":"One"');
    job?.write(streamed("a1", 3, " two"));
    expect((await reader.next())?.[1]).toContain('"text":" two"');
    job?.write(finished("a1", "One two three", "length"), joined("a1", "One two three"));
    if (job !== undefined) succeed(job, "One two three");
    const rest = await reader.all();
    expect(rest[0]?.[1]).toContain('"text":" three"');
    expect(rest[2]?.[1]).toContain('"stop_reason":"max_tokens"');
    expect(rest.at(-1)?.[0]).toBe("event: message_stop");
  });

  it("send nothing before it is accepted when there is something to check", async () => {
    const server = testServer();
    server.runs(answers("[1,2]", ["[1", ",2]"], [1, 2]));
    const atomic = { criteria: [{ type: "parses", language: "json" }] };
    const frames = await new SseReader(await server.ask(path, { body: { ...body, atomic } })).all();
    expect(server.jobs.last()?.request.delivery).toBe("accepted");
    expect(frames.filter((f) => f[1]?.includes('"text":"[1,2]"'))).toHaveLength(1);
    expect(frames).toHaveLength(6);
  });

  it.each<[string, (job: Parameters<typeof begin>[0]) => void]>([
    [
      "another bidder takes over",
      (job) => {
        job.write(
          failedAttempt("a1"),
          { type: "leader-changed", microtask: "answer", from: "a1", to: "a2", policy: "fail" },
          started("a2", "workers-ai/@cf/meta/llama", 1),
          streamed("a2", 0, "Good day."),
        );
        fail(job, "bidders-failed", "The leader changed.");
      },
    ],
    [
      "another's answer is accepted",
      (job) => {
        job.write(
          started("a2", "workers-ai/@cf/meta/llama", 1),
          finished("a2", "Good day."),
          joined("a2", "Good day."),
        );
        succeed(job, "Good day.");
      },
    ],
    [
      "the job is cancelled",
      (job) => {
        job.write({ type: "job-ended", status: "cancelled" });
        job.close();
      },
    ],
  ])("never end as if whole when %s after text was sent", async (_, goOn) => {
    const server = testServer();
    server.runs((job) => {
      begin(job);
      job.write(started("a1", "openai/small"), streamed("a1", 0, "Hel"));
      goOn(job);
    });
    const response = await server.ask(path, { body });
    expect(response.status).toBe(200);
    expect(server.jobs.last()?.request.leaderChange).toBe("fail");
    const frames = await new SseReader(response).all();
    expect(frames[2]?.[1]).toContain('"text":"Hel"');
    expect(frames.at(-1)?.[0]).toBe("event: error");
    const { type, error, request_id } = JSON.parse(frames.at(-1)?.[1]?.slice(6) ?? "{}");
    expect([type, Object.keys(error), request_id]).toEqual([
      "error",
      ["type", "message", "details"],
      response.headers.get("request-id"),
    ]);
    for (const end of ["message_stop", "message_delta", "Good day"]) expect(JSON.stringify(frames)).not.toContain(end);
  });

  it("tell of a bidder that goes on from another's text on its first piece", async () => {
    const server = testServer();
    server.runs((job) => {
      begin(job);
      job.write(
        started("a1", "openai/small"),
        streamed("a1", 0, "Hel"),
        failedAttempt("a1"),
        {
          type: "leader-changed",
          microtask: "answer",
          from: "a1",
          to: "a2",
          fromBidder: "openai/small",
          toBidder: "x/y",
          policy: "continue",
          offset: 3,
        },
        started("a2", "x/y", 1),
        streamed("a2", 3, "lo."),
        finished("a2", "Hello."),
        joined("a2", "Hello."),
      );
      succeed(job, "Hello.");
    });
    const response = await server.ask(path, { body: { ...body, atomic: { leader_change: "continue" } } });
    const frames = await new SseReader(response).all();
    const deltas = frames
      .filter((f) => f[0]?.endsWith("content_block_delta"))
      .map((f) => JSON.parse(f[1]?.slice(6) ?? ""));
    expect(deltas.map(({ delta, atomic }) => [delta.text, atomic?.leader_changed])).toEqual([
      ["Hel", undefined],
      ["lo.", { policy: "continue", from: "openai/small", to: "x/y", at: 3 }],
    ]);
  });

  it("send headers and pings when nothing comes for long, and then an error event", async () => {
    const server = testServer();
    server.runs(stalls);
    const asked = server.ask(path, { body });
    await vi.waitFor(() => expect(server.jobs.last()?.streams.size).toBe(1));
    const job = server.jobs.last();
    job?.beat();
    job?.beat();
    const reader = new SseReader(await asked);
    expect((await reader.next())?.[0]).toBe("event: message_start");
    expect(await reader.next()).toEqual(["event: ping", 'data: {"type":"ping"}']);
    if (job !== undefined) fail(job, "deadline-exceeded", "Too late.");
    const rest = await reader.all();
    expect(rest).toHaveLength(1);
    expect(rest[0]?.[1]).toContain('"type":"timeout_error","message":"Too late."');
  });

  it.each([true, false])("cancel the job of a client that left only if asked to (%s)", async (asked) => {
    const server = testServer();
    server.runs((job) => {
      begin(job);
      job.write(started("a1", "openai/small"), streamed("a1", 0, "Hel"));
    });
    const reader = new SseReader(
      await server.ask(path, { body: { ...body, atomic: { cancel_on_disconnect: asked } } }),
    );
    await reader.next();
    await reader.leave();
    const job = server.jobs.last();
    await vi.waitFor(() => expect(job?.streams.size).toBe(0));
    if (asked) await vi.waitFor(() => expect(job?.cancelled).toBe("disconnect"));
    else expect((await server.ask(`/v1/jobs/${job?.id}`)).status).toBe(200);
    expect(job?.cancelled).toBe(asked ? "disconnect" : null);
  });
});

interface Told {
  type: string;
  index?: number;
  content_block?: { type: string; text?: string };
  delta?: { text?: string; partial_json?: string; stop_reason?: string; stop_sequence?: null };
  usage?: object;
  atomic?: { job: string };
}

/** What the events of a stream make together, each block within its own borders. */
function assembled(events: readonly Told[]) {
  const content: Record<string, unknown>[] = [];
  let open: number | null = null;
  let written = "";
  let end: Told = { type: "" };
  for (const { type, index, content_block: block, delta, ...rest } of events) {
    if (type === "content_block_start") {
      expect([open, index]).toEqual([null, content.length]);
      open = content.push({ ...block }) - 1;
      written = "";
    } else if (type === "content_block_delta") {
      expect(index).toBe(open);
      written += delta?.text ?? delta?.partial_json ?? "";
    } else if (type === "content_block_stop") {
      expect(index).toBe(open);
      const block = content.at(-1) ?? {};
      if (block.type === "text") block.text = written;
      else block.input = JSON.parse(written);
      open = null;
    } else if (type === "message_delta") end = { type, ...delta, ...rest };
  }
  const { type: _, atomic: __, ...ended } = end;
  return { content, ...ended };
}

it("are, put together, the message that is given whole", async () => {
  const call = fc.record({
    name: fc.constantFrom("now", "then"),
    input: fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 }),
  });
  const answer = fc
    .record({
      pieces: fc.array(fc.string({ minLength: 1, maxLength: 8 }), { maxLength: 5 }),
      calls: fc.array(call, { maxLength: 3 }),
    })
    .filter(({ pieces, calls }) => pieces.length + calls.length > 0);
  await fc.assert(
    fc.asyncProperty(answer, async ({ pieces, calls }) => {
      const server = testServer();
      const text = pieces.join("");
      const made = calls.map(({ name, input }, i) => ({ id: `c${i}`, name, arguments: JSON.stringify(input) }));
      server.runs(made.length === 0 ? answers(text, pieces) : asksFor(made, text));
      const tools = ["now", "then"].map((name) => ({ name, input_schema: { type: "object" } }));
      const asked = async (stream: boolean) => server.ask(path, { body: { ...body, tools, stream } });
      const { content, stop_reason, stop_sequence, usage } = await (await asked(false)).json();
      const frames = await new SseReader(await asked(true)).all();
      const events = frames.map((f) => JSON.parse(f[1]?.slice(6) ?? "")) as Told[];
      expect(frames.map((f) => f[0])).toEqual(events.map(({ type }) => `event: ${type}`));
      expect(assembled(events)).toEqual({ content, stop_reason, stop_sequence, usage });
    }),
    { numRuns: 60 },
  );
});
