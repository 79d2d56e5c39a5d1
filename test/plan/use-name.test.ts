import { describe, expect, it } from "vitest";
import type { Microtask } from "../../src/plan/microtask.ts";
import { singlePlan } from "../../src/plan/templates.ts";
import { useName } from "../../src/plan/use-name.ts";
import { requestOf } from "../engine/world.ts";

const [plain] = singlePlan(requestOf()).microtasks as [Microtask];
const task = (more: Partial<Microtask> = {}): Microtask => ({ ...plain, ...more });
const chat = (system: string, user = "Hello") =>
  requestOf({
    input: {
      type: "messages",
      messages: [
        { role: "system", content: system },
        { role: "user", content: user },
      ],
    },
  });
const own = { planned: false };

describe("the name of a use", () => {
  it("is the same for the same standing instructions, whatever is asked and whatever the date", () => {
    const name = useName(task(), chat("You support ACME. Today is 2026-11-26, 09:15."), own);
    expect(name).toMatch(/^use-[0-9a-f]{8}$/);
    expect(useName(task(), chat("You support  ACME. Today is 2027-01-02, 17:40.", "Refund?"), own)).toBe(name);
    // A longer date moves nothing out of what is looked at.
    const dated = (day: string) => chat(`Today is ${day}. ${"You sell lamps, chairs and tables. ".repeat(12)}`);
    expect(useName(task(), dated("10 May"), own)).toBe(useName(task(), dated("9 May"), own));
    // What is retrieved for each request comes after the instructions.
    const long = `You support ACME.${" Be kind.".repeat(40)}`;
    expect(useName(task(), chat(`${long} Document A`), own)).toBe(useName(task(), chat(`${long} Paper B`), own));
  });

  it("differs by system message, instruction, labels and schema", () => {
    const text = requestOf();
    const schema = (name: string) => ({ criteria: [], judged: [], schema: { properties: { [name]: {} } } });
    const names = [
      useName(task(), chat("You write SQL."), own),
      useName(task(), chat("You write poems."), own),
      useName(task({ instruction: "You write SQL." }), text, own),
      useName(task({ kind: "classify", labels: ["a", "b"] }), text, own),
      useName(task({ kind: "classify", labels: ["a", "c"] }), text, own),
      useName(task({ contract: schema("total") }), text, own),
      useName(task({ contract: schema("name") }), text, own),
    ];
    expect(new Set(names).size).toBe(names.length);
    expect(names).not.toContain(null);
  });

  it("is none where nothing stands, or only what a planner wrote for this job", () => {
    expect(useName(task(), requestOf(), own)).toBeNull();
    expect(useName(task({ instruction: "Find the price of flight 12." }), requestOf(), { planned: true })).toBeNull();
    // A closed kind's own schema names no use: every job of that kind has it.
    const closed = { criteria: [], judged: [], schema: { type: "object" } };
    expect(useName(task({ kind: "spam", contract: closed }), requestOf(), own)).toBeNull();
  });
});
