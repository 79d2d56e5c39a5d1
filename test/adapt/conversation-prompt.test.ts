import { expect, it } from "vitest";
import type { Kind } from "../../src/plan/kind.ts";
import type { Message } from "../../src/plan/microtask.ts";
import type { ModelCall } from "../../src/race/model-port.ts";
import { bidderOf, requestOf, says, World } from "../engine/world.ts";

const turns: Message[] = [
  { role: "system", content: "Write for children of SIX." },
  { role: "user", content: "My name is Ana." },
  { role: "assistant", content: "Noted." },
  { role: "user", content: "Good day." },
];

async function sent(kind: Kind, messages: Message[]): Promise<Message[]> {
  const calls: ModelCall[] = [];
  const world = new World([bidderOf("a/one")], (call) => {
    calls.push(call);
    return says("red");
  });
  const labels = kind === "classify" ? ["red", "blue"] : null;
  world.accept(requestOf({ kind, labels, input: { type: "messages", messages } }));
  expect((await world.settle()).status).toBe("succeeded");
  return calls[0]?.messages ?? [];
}

const material = "is material to work on";

it.each(["translate", "summarise", "draft", "classify"] as const)(
  "a model that does %s is told the whole conversation, and that its last turn is material",
  async (kind) => {
    const [system, ...rest] = await sent(kind, turns);
    expect(system?.content).toContain("Write for children of SIX.");
    expect(system?.content).toContain(`last message ${material}`);
    expect(rest).toEqual(turns.slice(1));
  },
);

it("one that writes code does what the last turn asks for", async () => {
  const [system, ...rest] = await sent("code", turns);
  expect(system?.content).toContain("Write for children of SIX.");
  expect(system?.content).not.toContain(material);
  expect(rest).toEqual(turns.slice(1));
});

it("a lone turn stays material", async () => {
  const [system, ...rest] = await sent("translate", turns.slice(-1));
  expect(system?.content).toContain(`message ${material}`);
  expect(rest).toEqual([{ role: "user", content: "Good day." }]);
});

it("a text is what is asked where nothing says what to do with it, and material where something does", async () => {
  const sentFor = async (more: object) => {
    const calls: ModelCall[] = [];
    const world = new World([bidderOf("a/one")], (call) => {
      calls.push(call);
      return says("Paris.");
    });
    world.accept(requestOf({ input: { type: "text", text: "What is the capital of France?" }, ...more }));
    expect((await world.settle()).status).toBe("succeeded");
    return calls[0]?.messages ?? [];
  };
  expect(await sentFor({})).toEqual([{ role: "user", content: "What is the capital of France?" }]);
  const [code] = await sentFor({ kind: "code" });
  expect(code?.content).toContain("Write the code that is asked for.");
  expect(code?.content).not.toContain(material);
  for (const more of [{ instruction: "Count its words." }, { kind: "summarise" }, { kind: "translate" }])
    expect((await sentFor(more))[0]?.content).toContain(material);
});
