import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { JobView } from "../../src/job/job-view.ts";
import type { ConfiguredBidder } from "../../src/models/endpoint.ts";
import { ModelFailure } from "../../src/race/model-port.ts";
import { operatorKey } from "../http/memory-ports.ts";
import { type Provider, startProvider } from "../provider/provider.ts";
import { startLiveServer } from "./live-server.ts";
import { bidderOf, requestOf, says, World } from "./world.ts";

describe("a server that does not mark where its model's thoughts begin", () => {
  const timeouts = { connectMs: 2_000, firstTokenMs: 2_000, betweenTokensMs: 2_000, totalMs: 8_000 };
  const pieces = ["Two and three, ", "so five.\n", "</think>\n", "\n", "The answer ", "is 5"];
  let provider: Provider;
  let server: Awaited<ReturnType<typeof startLiveServer>>;
  beforeAll(async () => {
    provider = await startProvider();
    const thinker: ConfiguredBidder = {
      bidder: bidderOf("p/thinker"),
      endpoint: { type: "openai-compatible", model: "thinker", baseUrl: `${provider.url}/v1` },
    };
    server = await startLiveServer([thinker], timeouts, "p/thinker");
  });
  afterAll(async () => {
    await server.close();
    await provider.close();
  });
  beforeEach(() => provider.script("thinker", { pieces, betweenMs: 5 }));

  const headers = { "content-type": "application/json", authorization: `Bearer ${operatorKey}` };
  const post = (path: string, body: object) =>
    fetch(`${server.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });

  it("is asked once more, and from then on nobody sees a thought of it", async () => {
    const job = async () => (await (await post("/v1/jobs?wait=true", { text: "2 + 3?" })).json()) as JobView;
    const first = await job();
    expect(first.answer?.text).toBe("The answer is 5");
    const [lost, won] = first.microtasks[0]?.attempts ?? [];
    expect([lost?.failure, won?.failure]).toEqual(["unmarked-thoughts", null]);
    expect((await job()).microtasks[0]?.attempts).toHaveLength(1);
    const stream = await post("/v1/chat/completions", {
      model: "atomic",
      stream: true,
      messages: [{ role: "user", content: "2 + 3?" }],
    });
    const said = await stream.text();
    expect(said).toContain("The answer");
    expect(said).not.toContain("three");
  });
});

describe("a cap that is used up by thinking", () => {
  const failing = () => [{ afterMs: 200, fail: new ModelFailure("empty-answer", "used up", { capped: true }) }];

  it("fails the job where it is the caller's", async () => {
    const world = new World([bidderOf("a/one")], failing);
    world.accept(requestOf({ maxOutputTokens: 64 }));
    expect(await world.settle()).toMatchObject({ status: "failed", error: { code: "bidders-failed" } });
    expect(world.calls).toHaveLength(1);
  });

  it("is raised to all that is allowed where it was Atomic's own", async () => {
    const world = new World([bidderOf("a/one")], ({ maxOutputTokens }) =>
      maxOutputTokens < 4096 ? failing() : says("Paris"),
    );
    world.accept(requestOf({ budgetNano: 10_000_000_000 }));
    const job = await world.settle();
    expect(job.answer?.text).toBe("Paris");
    expect(job.microtasks[0]?.attempts.map((a) => a.failure)).toEqual(["cut-short", null]);
  });
});
