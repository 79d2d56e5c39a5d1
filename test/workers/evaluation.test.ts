import { expect, it } from "vitest";
import { bidder, keyOf, post } from "./call.ts";

it("an evaluation moves the next auctions, is the operator's to tell, and names what it refuses", async () => {
  const [able, poor] = [await bidder("eval-able", { text: "a" }), await bidder("eval-poor", { text: "b" })];
  const context = "eval-words";
  const rows = Array.from({ length: 60 }, (_, n) => [
    { input: `q${n}`, bidder: able, kind: "answer", context: `${context}/latin`, good: n % 12 !== 0 },
    { input: `q${n}`, bidder: poor, kind: "answer", context: `${context}/latin`, good: n % 12 === 0 },
  ]).flat();
  const wrong = { input: "q1", bidder: "nobody/none", kind: "answer", good: true };
  const told = await post("/v1/market/evaluations", { rows: [...rows, wrong] });
  expect(await told.json()).toEqual({
    taken: 120,
    repeated: 0,
    refused: [{ row: 121, field: "bidder", reason: "nobody/none is not a bidder here" }],
  });
  expect(await (await post("/v1/market/evaluations", { rows })).json()).toMatchObject({ taken: 0, repeated: 120 });

  const body = { text: "Please say something of it.", context, bidders: [able, poor] };
  const preview = (await (await post("/v1/auctions/preview", body)).json()) as {
    auctions: { decision: { cell: string; bids: { bidder: string; accept: { mean: number } }[] } }[];
  };
  const decision = preview.auctions[0]?.decision;
  expect(decision?.cell).toContain(`${context}/latin`);
  const mean = (id: string) => decision?.bids.find((bid) => bid.bidder === id)?.accept.mean;
  expect(mean(able)).toBeGreaterThan(0.8);
  expect(mean(poor)).toBeLessThan(0.2);

  expect((await post("/v1/market/evaluations", { rows }, await keyOf("eval-tenant"))).status).toBe(403);
  for (const bad of [{}, { rows: [] }, { rows: Array(5001).fill(wrong) }, { rows, more: 1 }, { rows: ["text"] }])
    expect((await post("/v1/market/evaluations", bad)).status).toBe(400);
});
