import { expect, it } from "vitest";
import type { ModelCall } from "../../src/race/model-port.ts";
import { bidderOf, requestOf, says, World } from "./world.ts";

const schema = { type: "object", properties: { label: { enum: ["spam", "ham"] } }, required: ["label"] };
const three = [bidderOf("a/one"), bidderOf("b/two"), bidderOf("c/three")];
const request = requestOf({
  kind: "classify",
  labels: ["spam", "ham"],
  contract: { schema, criteria: [], judged: [] },
  // Audits run where they are small change beside the answer.
  valueNano: 1_000_000_000_000,
});

/** A world whose leader breaks the schema, which only its whole answer shows; what it and its audits say after that is the test's. */
function broken(again: (call: ModelCall) => ReturnType<typeof says>, audit: () => ReturnType<typeof says>): World {
  let leader = "";
  for (let seed = 1; seed < 50; seed++) {
    const world = new World(three, (call) => {
      leader ||= call.bidder;
      if (call.bidder !== leader) return audit();
      return call.messages.length > 2 ? again(call) : says("I cannot tell.");
    });
    world.accept(request, seed);
    const award = world.run?.job.microtasks[0]?.decisions[0]?.award ?? [];
    leader = award[0]?.bidder ?? "";
    if (award.some((place) => place.role === "audit")) return world;
  }
  throw new Error("No audit was drawn with fifty seeds.");
}

it("takes an audit's answer while the leader is asked again: one in hand is not made to wait", async () => {
  const world = broken(
    () => says('{"label":"ham"}', 20, 60_000),
    () => says('{"label":"spam"}', 20, 2_000),
  );
  const job = await world.settle();
  const attempts = job.microtasks[0]?.attempts ?? [];
  expect(job.answer?.value).toEqual({ label: "spam" });
  expect((job.endedAtMs ?? 0) - job.acceptedAtMs).toBeLessThan(5_000);
  expect(attempts.find((a) => a.role === "reask")?.status).toBe("cancelled");
  expect(attempts.find((a) => a.id === job.microtasks[0]?.joined?.attempt)?.role).toBe("audit");
});

it("does not ask the leader again where an audit has passed already", async () => {
  const world = broken(
    () => says('{"label":"ham"}'),
    () => says('{"label":"spam"}', 1, 1),
  );
  const job = await world.settle();
  expect(job.answer?.value).toEqual({ label: "spam" });
  expect(job.microtasks[0]?.attempts.some((a) => a.role === "reask")).toBe(false);
});

it("still takes the leader's second answer when it comes first", async () => {
  const world = broken(
    () => says('{"label":"ham"}'),
    () => says('{"label":"spam"}', 20, 9_000),
  );
  const job = await world.settle();
  const [microtask] = job.microtasks;
  expect(job.answer?.value).toEqual({ label: "ham" });
  expect(microtask?.attempts.find((a) => a.id === microtask.joined?.attempt)?.role).toBe("reask");
});

it("shows a turn of the bidder's also where its answer was cut at the first error: models want the sides to alternate", async () => {
  const turns: string[][] = [];
  const world = new World([bidderOf("a/one")], ({ messages }) => {
    turns.push(messages.map(({ role }) => role));
    return says(turns.length === 1 ? '{"label": {"is": 1}, "and": "so on"}' : '{"label":"ham"}');
  });
  world.accept(request);
  const job = await world.settle();
  expect(job.microtasks[0]?.attempts.map(({ role, status }) => [role, status])).toEqual([
    ["leader", "cancelled"],
    ["reask", "complete"],
  ]);
  expect(turns[1]).toEqual(["system", "user", "assistant", "user"]);
});
