import { spawn } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";

it("the list shows prices with all their digits", async () => {
  const bidder = (id: string, inputPerMtok: number, outputPerMtok: number) => ({
    ...{ id, serves: "generative", enabled: true, price: { inputPerMtok, outputPerMtok } },
  });
  const bidders = [
    bidder("a/llama", 293_000_000, 2_253_000_000),
    bidder("b/round", 100_000_000_000, 0),
    bidder("c/low", 100, 20),
  ];
  const server = createServer((_, response) =>
    response.setHeader("content-type", "application/json").end(JSON.stringify({ bidders })),
  );
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const child = spawn(process.execPath, ["scripts/bidders.ts", "list", "--url", url], {
    env: { ...process.env, NODE_NO_WARNINGS: "1", ATOMIC_API_KEY: "" },
  });
  let out = "";
  child.stdout.on("data", (data) => {
    out += data;
  });
  await new Promise((done) => child.on("close", done));
  server.close();
  expect(out.match(/\S+ per Mtok/g)).toEqual([
    "$0.293/$2.253 per Mtok",
    "$100/$0 per Mtok",
    "$0.0000001/$0.00000002 per Mtok",
  ]);
});

it("a bidder is added with what it bills for a picture", async () => {
  let sent = "";
  const server = createServer(async (request, response) => {
    for await (const piece of request) sent += piece;
    response.setHeader("content-type", "application/json").end("{}");
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const options = ["--no-try", "--input", "0.15", "--output", "0.6", "--images", "url", "--image-tokens", "48169"];
  const child = spawn(process.execPath, ["scripts/bidders.ts", "add", "mine/mini", ...options, "--url", url], {
    env: { ...process.env, NODE_NO_WARNINGS: "1", ATOMIC_API_KEY: "" },
  });
  expect(await new Promise((done) => child.on("close", done))).toBe(0);
  server.close();
  expect(JSON.parse(sent)).toMatchObject({ images: "url", imageTokens: 48_169 });
});

describe("a bidder is tried", () => {
  /** What the server answers to a job, in turn; the last stays. */
  async function bidders(answers: { status?: number; body: object }[], ...args: string[]) {
    const asked: string[] = [];
    let jobs = 0;
    const server = createServer(async (request, response) => {
      let body = "";
      for await (const piece of request) body += piece;
      asked.push(`${request.method} ${request.url} ${body}`);
      const job = request.url?.startsWith("/v1/jobs") ? answers[Math.min(jobs++, answers.length - 1)] : { body: {} };
      response.writeHead(job?.status ?? 200, { "content-type": "application/json" }).end(JSON.stringify(job?.body));
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const child = spawn(process.execPath, ["scripts/bidders.ts", ...args, "--url", url], {
      env: { ...process.env, NODE_NO_WARNINGS: "1", ATOMIC_API_KEY: "" },
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (data) => {
        said += data;
      });
    const code = await new Promise((done) => child.on("close", done));
    server.close();
    return { code, said, asked };
  }
  const job = (status: string, failure: string | null, message = "") => ({
    body: {
      ...{ id: "job_1", status, costUsd: 0.0000125, error: message === "" ? null : { message } },
      microtasks: [{ attempts: [{ bidder: "a/b", failure, totalMs: 812, firstTokenMs: 300 }] }],
    },
  });
  const failed = (reason: string, words: string) =>
    job("failed", reason, `Microtask "answer": a/b: ${reason} (${words}). a/b: ${reason} (${words}). No other bidder.`);
  const add = ["add", "a/b", "--base-url", "http://127.0.0.1:9/v1", "--input", "0", "--output", "0"];

  it("when it is added, by one small job of its own, and tells how long that took and what it cost", async () => {
    const { code, said, asked } = await bidders([job("succeeded", null)], ...add);
    expect(code).toBe(0);
    expect(said).toContain("a/b was tried and answers: 812 ms, first token after 300 ms, $0.0000125.");
    expect(asked.map((one) => one.split(" {")[0])).toEqual(["PUT /v1/bidders/a/b", "POST /v1/jobs?wait=true"]);
    expect(JSON.parse(asked[1]?.slice("POST /v1/jobs?wait=true ".length) ?? "")).toMatchObject({
      bidders: ["a/b"],
      strategy: "single",
    });
  });

  it("and stays where it does not answer: why, what to check, and how to take it away", async () => {
    const words =
      "HTTP 404: check the bidder's model name, and whether its base URL ends as its server wants (most: /v1)";
    const { code, said, asked } = await bidders([failed("client-error", words)], ...add);
    expect(code).toBe(1);
    expect(said).toContain(`a/b was tried and gave no answer: client-error (${words}).\n`);
    expect(said).toContain("npm run bidders -- remove a/b");
    expect(asked.some((one) => one.startsWith("DELETE"))).toBe(false);
  });

  it.each([
    ["connection-lost", "no connection to the provider", /Nothing answers there.*--base-url/],
    ["first-token-timeout", "no token within 30000 ms", /may load the model/],
    ["unauthorized", "the secret A_API_KEY is not set", /Set that secret/],
    ["unauthorized", "HTTP 403 egress_refused", /--egress/],
  ])("alone: %s (%s) says what to check", async (reason, words, hint) => {
    const { code, said } = await bidders([failed(reason, words)], "try", "a/b");
    expect([code, said]).toEqual([1, expect.stringMatching(hint)]);
    expect(said).toContain(`${reason} (${words}).`);
  });

  it("again until the server has heard of it, and works where it only thought", async () => {
    const unknown = { status: 400, body: { detail: 'There is no bidder "a/b". GET /v1/bidders lists them.' } };
    const thought = failed(
      "empty-answer",
      "the cap of 64 tokens was used up before any text, by thinking if it thinks",
    );
    const { code, said, asked } = await bidders([unknown, thought], ...add);
    expect([code, asked.length]).toEqual([0, 3]);
    expect(said).toContain("--thinking TOKENS");
  });
});
