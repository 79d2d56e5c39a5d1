import { expect, it } from "vitest";
import { bidder, call, keyOf, operator, post, put } from "./call.ts";

const say = "Say it.";

async function confined(tenant: string, rules: object): Promise<Record<string, string>> {
  const set = await put(`/v1/tenants/${tenant}/rules`, rules);
  expect(set.status, await set.clone().text()).toBe(200);
  return keyOf(tenant);
}

it.each(["open", "capped"])("hold for every door, preview included: %s tenant", async (kind) => {
  const tenant = `ruled-${kind}`;
  const near = await bidder(`near-${kind}`, { text: "near" }, { region: "eu", noRetention: true });
  const far = await bidder(`far-${kind}`, { text: "far" }, { region: "us" });
  if (kind === "capped") expect((await put(`/v1/tenants/${tenant}/budget`, { monthlyUsd: 50 })).status).toBe(200);
  const key = await confined(tenant, { bidders: [near], region: "eu", noRetention: true });

  for (const lane of ["durable", "fast"]) {
    const view = (await (await post("/v1/jobs?wait=true", { text: say, lane }, key)).json()) as {
      id: string;
      answer: { text: string };
    };
    expect(view.answer.text).toBe("near");
    const events = await (await call(`/v1/jobs/${view.id}/events`, {}, key)).text();
    // The log says what held: a restart, and who explains it, read it there.
    expect(events).toContain(`"bidders":["${near}"]`);
    expect(events).toContain('"region":"eu"');
    expect(events).toContain('"noRetention":true');
  }
  const chat = await post("/v1/chat/completions", { model: "atomic", messages: [{ role: "user", content: say }] }, key);
  expect(await chat.json()).toMatchObject({ choices: [{ message: { content: "near" } }] });

  const refused = [
    post("/v1/jobs", { text: say, bidders: [far] }, key),
    post("/v1/jobs?wait=true", { text: say, bidders: [far], lane: "fast" }, key),
    post("/v1/chat/completions", { model: far, messages: [{ role: "user", content: say }] }, key),
    post("/v1/responses", { model: far, input: say }, key),
    post("/v1/auctions/preview", { text: say, bidders: [far] }, key),
    post("/v1/jobs", { text: say, region: "us" }, key),
  ];
  for (const answer of await Promise.all(refused)) {
    expect(answer.status, await answer.clone().text()).toBe(403);
    expect(await answer.text()).toContain(`Your operator`);
  }
  const preview = await (await post("/v1/auctions/preview", { text: say }, key)).json();
  const { auctions } = preview as { auctions: { decision: { bids: { bidder: string }[] } }[] };
  expect(auctions[0]?.decision.bids.map((bid) => bid.bidder)).toEqual([near]);

  // What only others could do is refused at the door, not after an auction among nobody.
  for (const answer of [
    await post(
      "/v1/jobs",
      { text: say, kind: "language" },
      await confined(`${tenant}-only`, { bidders: [near], region: "us" }),
    ),
    await post("/v1/auctions/preview", { text: say }, await keyOf(`${tenant}-only`)),
  ])
    expect(await answer.json()).toMatchObject({ code: "no-bidder", reason: "tenant-rules" });

  // Others are as free as before, and so is this one when the operator says so.
  expect((await post("/v1/jobs?wait=true", { text: say, bidders: [far] }, await keyOf(`free-${kind}`))).status).toBe(
    200,
  );
  await confined(tenant, {});
  expect((await post("/v1/jobs?wait=true", { text: say, bidders: [far] }, key)).status).toBe(200);
});

it("are the operator's alone, whole, and name bidders that exist", async () => {
  const key = await keyOf("ruled-none");
  const path = "/v1/tenants/ruled-none/rules";
  const asTenant = await call(path, { method: "PUT", body: "{}" }, key);
  expect(asTenant.status).toBe(403);
  expect((await call(path, {}, key)).status).toBe(403);
  for (const [body, field] of [
    [{ bidders: ["test/nobody"] }, "bidders[0]"],
    [{ bidders: [] }, "bidders"],
    [{ region: "" }, "region"],
    [{ regions: "eu" }, "regions"],
  ] as const) {
    const refused = await put(path, body);
    expect(refused.status, JSON.stringify(body)).toBe(400);
    expect(await refused.json()).toMatchObject({ field });
  }
  expect(await (await call(path, {}, operator)).json()).toEqual({
    tenant: "ruled-none",
    bidders: null,
    region: null,
    noRetention: false,
  });
  await put(path, { region: "eu", noRetention: true });
  await put(path, { region: "us" });
  expect(await (await call(path)).json()).toMatchObject({ region: "us", noRetention: false });
});
