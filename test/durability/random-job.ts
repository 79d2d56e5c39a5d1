import type { Bidder } from "../../src/market/bidder.ts";
import type { Contract } from "../../src/plan/contract.ts";
import type { JobRequest } from "../../src/plan/job-request.ts";
import type { Kind } from "../../src/plan/kind.ts";
import type { Microtask, Wait } from "../../src/plan/microtask.ts";
import type { Tools } from "../../src/plan/tool.ts";
import { bidderOf, requestOf } from "../engine/world.ts";
import type { Seeded } from "./seeded.ts";

/** In every prompt, and never to be seen outside the log. */
export const promptMarker = "the-prompt-of-the-chaos-tests";

/** Four bidders that differ in all that scheduling depends on. */
export function randomBidders(random: Seeded): Bidder[] {
  return ["north/one", "east/two", "south/three", "west/four"].map((id, i) =>
    bidderOf(id, {
      cancelStopsBill: random.chance(0.6),
      expected: { firstTokenMs: random.int(50, 900), tokensPerSecond: random.int(20, 200) },
      price: { inputPerMtok: 1_000_000_000 * (i + 1), outputPerMtok: 4_000_000_000 * (i + 1) },
      ...(random.chance(0.6) ? { continuesPrefix: true } : {}),
      ...(i === 3 ? { family: "north/one" } : {}),
    }),
  );
}

const schema = { type: "object", properties: { word: { type: "string" } }, required: ["word"] };

function randomContract(random: Seeded): Contract {
  const contains = { type: "contains" as const, text: "ok", must: true, ignoreCase: false };
  const never = { type: "contains" as const, text: "bad", must: false, ignoreCase: false };
  switch (random.int(0, 5)) {
    case 0:
      return { criteria: [], judged: [] };
    case 1:
      return { criteria: [contains], judged: [] };
    case 2:
      return { criteria: [never], judged: [] };
    case 3:
      return { criteria: [], judged: ["It is helpful."] };
    case 4:
      return { criteria: [never], judged: ["It is helpful.", "It is short."] };
    default:
      return { schema, criteria: [], judged: [] };
  }
}

const lookUp = {
  name: "look_up",
  description: "Looks a place up.",
  parameters: { type: "object", properties: { place: { type: "string" } }, required: ["place"] },
};

/** Some may ask for a call, and some of them must. */
function randomTools(random: Seeded, kind: Kind): { tools?: Tools } {
  if (kind !== "answer" || random.chance(0.5)) return {};
  return {
    tools: {
      offered: [lookUp],
      choice: random.pick(["auto", "auto", "required", { name: "look_up" }]),
      parallel: random.chance(0.5),
    },
  };
}

/** Some microtasks wait: for a person, for a time, for a time that is over before it comes up. */
function randomWait(random: Seeded, startMs: number): { wait?: Wait } {
  if (random.chance(0.85)) return {};
  if (random.chance(0.5)) return { wait: { for: "approval" } };
  return { wait: { untilMs: startMs + random.int(0, random.chance(0.5) ? 20_000 : 7_200_000) } };
}

/** A job of 1 to 20 microtasks: dependencies, strategies, contracts, deadlines, budgets, waits, webhooks. */
export function randomRequest(random: Seeded, startMs: number, mostMicrotasks = 20): JobRequest {
  const alone = random.chance(0.45);
  const contract = randomContract(random);
  const checked = contract.criteria.length > 0 || contract.judged.length > 0 || contract.schema !== undefined;
  const shared: Partial<JobRequest> = {
    input: { type: "text", text: `${promptMarker} What is the capital of France?` },
    strategy: random.pick(["auto", "single", "race", "best-of", "agreement"]),
    policy: random.pick(["balanced", "cheap", "fast", "best"]),
    leaderChange: random.chance(0.6) ? "restart" : random.pick(["continue", "continue", "fail"]),
    ...(random.chance(0.2) ? { leaderChangeElse: "fail" as const } : {}),
    deadlineMs: random.chance(0.3) ? random.int(500, 90_000) : null,
    budgetNano: random.chance(0.15) ? random.int(50_000, 60_000_000) : null,
    ...(random.chance(0.3) ? { webhook: { url: "https://receiver.example/hook" } } : {}),
  };
  if (alone) {
    const kind = random.pick<Kind>(["answer", "summarise", "spam", "answer"]);
    const plan = random.chance(0.1) ? "auto" : "single";
    return requestOf({
      ...shared,
      kind,
      contract: kind === "spam" ? { criteria: [], judged: [] } : contract,
      plan,
      delivery: kind !== "spam" && random.chance(checked ? 0.4 : 0.8) ? "live" : "accepted",
      ...(plan === "single" ? randomTools(random, kind) : {}),
    });
  }
  const many = Math.min(mostMicrotasks, random.chance(0.7) ? random.int(2, 6) : random.int(7, 20));
  const count = Math.max(2, many);
  const microtasks: Microtask[] = [];
  for (let i = 0; i < count; i++) {
    const needs = microtasks.filter(() => random.chance(1.2 / count)).map((m) => m.id);
    const reads = needs.filter(() => random.chance(0.7));
    const kind = random.pick<Kind>(["answer", "extract", "summarise", "spam", "draft"]);
    microtasks.push({
      id: `m${i}`,
      kind,
      instruction: "",
      input: [{ from: "job" }, ...reads.map((id) => ({ from: "microtask" as const, id }))],
      contract: kind === "spam" ? { criteria: [], judged: [] } : randomContract(random),
      needs,
      required: random.chance(0.6),
      valueNano: null,
      ...randomWait(random, startMs),
    });
  }
  const last = microtasks.at(-1)?.id ?? "m0";
  const fields = Object.fromEntries(microtasks.map((m) => [m.id, m.id]));
  const single = random.chance(0.5);
  return requestOf({
    ...shared,
    plan: { microtasks, assembly: single ? { type: "single", of: last } : { type: "object", fields } },
    delivery: single && random.chance(0.5) ? "live" : "accepted",
  });
}
