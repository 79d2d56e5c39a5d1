import { spawn } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";

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
  const options = ["--input", "0.15", "--output", "0.6", "--images", "url", "--image-tokens", "48169"];
  const child = spawn(process.execPath, ["scripts/bidders.ts", "add", "mine/mini", ...options, "--url", url], {
    env: { ...process.env, NODE_NO_WARNINGS: "1", ATOMIC_API_KEY: "" },
  });
  expect(await new Promise((done) => child.on("close", done))).toBe(0);
  server.close();
  expect(JSON.parse(sent)).toMatchObject({ images: "url", imageTokens: 48_169 });
});
