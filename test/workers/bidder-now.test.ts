import { expect, inject, it } from "vitest";
import { addBidder, call, post } from "./api.ts";

const provider = inject("providerUrl");

it("a bidder that cannot be asked now says why in the list", async () => {
  await addBidder("busy/one", provider, { fault: "status-429", headers: { "retry-after": "600" } });
  const now = async () => ((await (await call("/v1/bidders/busy/one")).json()) as { now?: object }).now;
  expect(await now()).toBeUndefined();
  const response = await post("/v1/jobs?wait=true", { text: "Hi.", bidders: ["busy/one"], deadlineMs: 3_000 });
  expect(((await response.json()) as { status: string }).status).toBe("failed");
  expect(await now()).toMatchObject({ unavailable: expect.stringMatching(/^rate-limited for \d+ s$/) });
});
