import { expect, it } from "vitest";
import type { JobRequest } from "../../src/plan/job-request.ts";
import type { Message } from "../../src/plan/microtask.ts";
import type { ModelCall } from "../../src/race/model-port.ts";
import { bidderOf, requestOf, says, World } from "./world.ts";

const first: Message = { role: "user", content: "Where is my lamp?" };
const goesOn: Message[] = [
  first,
  { role: "assistant", content: "On its way." },
  { role: "user", content: "Since when?" },
];
const conversation = (messages: Message[]): Partial<JobRequest> => ({ input: { type: "messages", messages } });

async function callsOf(request: Partial<JobRequest>): Promise<ModelCall[]> {
  const calls: ModelCall[] = [];
  const world = new World(
    [bidderOf("a/one"), bidderOf("b/two"), bidderOf("c/judge", { contextTokens: 100 })],
    (call) => {
      calls.push(call);
      return call.kind === "judge"
        ? says('{"results":[{"criterion":0,"result":"accept","evidence":"so"}]}', 1, 50)
        : says("Since Monday.");
    },
  );
  world.accept(requestOf(request));
  expect((await world.settle()).status).toBe("succeeded");
  return calls;
}

it.each<[string, Partial<JobRequest>, ModelCall["promptCache"]]>([
  ["a conversation that goes on", conversation(goesOn), "conversation"],
  ["a first turn", conversation([first]), undefined],
  ["a text", { input: { type: "text", text: "Where is my lamp?" } }, undefined],
  ["what its caller says comes again", { ...conversation([first]), promptCache: true }, "asked"],
  ["what its caller wants nobody to cache", { ...conversation(goesOn), promptCache: false }, "never"],
  ["what nobody is to keep", { ...conversation(goesOn), noRetention: true }, "never"],
])("of %s", async (_, request, expected) => {
  const [call] = await callsOf(request);
  expect(call?.promptCache).toBe(expected);
});

it("is none of a judge's, whose prompts are Atomic's own", async () => {
  const calls = await callsOf({
    ...conversation(goesOn),
    contract: { criteria: [], judged: ["It says since when."] },
    valueNano: 1e12,
  });
  expect(calls.map((call) => [call.kind === "judge", call.promptCache])).toContainEqual([true, undefined]);
});
