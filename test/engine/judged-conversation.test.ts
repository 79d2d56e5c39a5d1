import { expect, it } from "vitest";
import type { JobRequest } from "../../src/plan/job-request.ts";
import type { Message } from "../../src/plan/microtask.ts";
import { bidderOf, requestOf, says, World } from "./world.ts";

const home: Message[] = [
  { role: "system", content: "Speak GERMAN-ONLY." },
  { role: "user", content: "I live in Paris." },
  { role: "assistant", content: "Noted." },
  { role: "user", content: "Where do I live?" },
];
const judged = ["It is right given what the user said."];
const price = { inputPerMtok: 1_000_000_000, outputPerMtok: 4_000_000_000 };
/** Too small for the task, large enough for what a judge writes: it is in no line-up. */
const judge = bidderOf("c/judge", { contextTokens: 100, price });

async function run(messages: Message[], more: Partial<JobRequest> = {}) {
  const prompts: string[] = [];
  const world = new World([bidderOf("a/one"), bidderOf("b/two"), judge], (call) => {
    if (call.bidder !== judge.id) return says(`In Paris, says ${call.bidder}.`);
    prompts.push(call.messages.map((m) => m.content).join("\n"));
    return says('{"results":[{"criterion":0,"result":"accept","evidence":"so"}],"better":"ONE"}', 1, 50);
  });
  const input = { type: "messages" as const, messages };
  world.accept(requestOf({ input, contract: { criteria: [], judged }, valueNano: 1_000_000_000_000, ...more }));
  return { job: await world.settle(), prompts };
}
const whole = ["| system: Speak GERMAN-ONLY.", "| user: I live in Paris.", "| assistant: Noted."].join("\n");

it.each(["auto", "best-of", "fusion"] as const)(
  "is shown whole to whoever judges, compares or merges its answers: %s",
  async (strategy) => {
    const { prompts } = await run(home, { strategy });
    expect(prompts.length).toBeGreaterThan(0);
    for (const prompt of prompts) expect(prompt).toContain(`${whole}\n| user: Where do I live?`);
  },
);

it("counts in what a look is expected to cost", async () => {
  const long: Message[] = [...home.slice(0, 1), { role: "user", content: "word ".repeat(4000) }, ...home.slice(2)];
  const look = async (messages: Message[]) => {
    const { job } = await run(messages);
    const { decisions, attempts } = job.microtasks[0] ?? { decisions: [], attempts: [] };
    const inputs = decisions[0]?.inputs;
    const claimed = (inputs as { verdict: { costNano: number } }).verdict.costNano;
    return { claimed, paid: attempts.find((a) => a.role === "judge")?.reservedNano ?? 0 };
  };
  const [short, dear] = [await look(home), await look(long)];
  // 20,000 characters at a quarter token each.
  expect(dear.claimed - short.claimed).toBeGreaterThan(4000 * 1000);
  expect(dear.paid).toBeGreaterThan(dear.claimed);
});

it("may be quoted from any of its turns", async () => {
  const quote = async (text: string) => {
    const world = new World([bidderOf("a/one")], () => says(text));
    const messages: Message[] = [
      { role: "user", content: "The contract says:\nthe lamp is delivered by Friday." },
      { role: "assistant", content: "I have read it." },
      { role: "user", content: "When? Quote it." },
    ];
    const contract = { criteria: [{ type: "quotes" as const, minChars: 12 }], judged: [] };
    world.accept(requestOf({ input: { type: "messages", messages }, contract }));
    return (await world.settle()).status;
  };
  expect(await quote('"says: the lamp is delivered by Friday"')).toBe("succeeded");
  expect(await quote('"the lamp is delivered by Monday"')).toBe("failed");
});

it("is judged as coolly as ever, however an answer is to be drawn", async () => {
  const drawn: (number | null)[] = [];
  const world = new World([bidderOf("a/one"), judge], (call) => {
    if (call.bidder !== judge.id) return says("In Paris.");
    drawn.push(call.temperature);
    return says('{"results":[{"criterion":0,"result":"accept","evidence":"so"}]}', 1, 50);
  });
  world.accept(requestOf({ temperature: 1.5, contract: { criteria: [], judged }, valueNano: 1_000_000_000_000 }));
  await world.settle();
  expect(drawn).toEqual([0]);
});
