import fc from "fast-check";
import { expect, it } from "vitest";
import { emailTriagePlan, mapReducePlan } from "../../src/plan/templates.ts";
import { validatePlan } from "../../src/plan/validate-plan.ts";
import { requestOf } from "../engine/world.ts";

const planOf = (text: string) => mapReducePlan(requestOf({ plan: "map-reduce", input: { type: "text", text } }));

it("a long text of paragraphs without spaces is not cut into more pieces than a plan may have", () => {
  const plan = planOf(`${"字".repeat(2990)}\n\n`.repeat(100));
  expect(validatePlan(plan)).toBe(null);
  expect(plan.microtasks.length).toBeLessThanOrEqual(31);
});

it("pieces are at most 30 and make up the text, wherever it can be cut", () => {
  const text = fc
    .tuple(fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 1, max: 400 }), fc.constantFrom(" ", ". ", "\n\n"))
    .map(([length, times, end]) => `${"x".repeat(length)}${end}`.repeat(times).slice(0, 1_000_000));
  fc.assert(
    fc.property(text, (whole) => {
      const { microtasks } = planOf(whole);
      expect(microtasks.length).toBeLessThanOrEqual(31);
      if (microtasks.length === 1) return;
      const slices = microtasks.flatMap((m) => m.input.flatMap((part) => (part.from === "slice" ? [part] : [])));
      expect(slices.map(({ start, end }) => whole.slice(start, end)).join("")).toBe(whole);
    }),
    { numRuns: 60 },
  );
});

it("a long mail is judged by its beginning, and read whole where all of it counts", () => {
  const readBy = (text: string) => {
    const { microtasks } = emailTriagePlan(requestOf({ plan: "email-triage", input: { type: "text", text } }));
    return Object.fromEntries(
      microtasks.map(({ id, input: [part] }) => [id, part?.from === "slice" ? part.end - part.start : part?.from]),
    );
  };
  const judged = ["language", "spam", "sentiment", "action-request"];
  const short = readBy("A short mail.");
  expect(judged.map((id) => short[id])).toEqual(Array(4).fill("job"));
  const long = readBy("Some words of a long mail. ".repeat(8_000));
  for (const id of judged) {
    expect(long[id]).toBeGreaterThan(15_000);
    expect(long[id]).toBeLessThanOrEqual(16_000);
  }
  expect([long.entities, long.summary, long["reply-draft"]]).toEqual(["job", "job", "job"]);
});

it("pieces are told what the whole is asked for, so that summaries do not lose it", () => {
  const text = "The lamp was sent on Friday. ".repeat(2_000);
  const partsOf = (more: object) => {
    const { microtasks } = mapReducePlan(
      requestOf({ plan: "map-reduce", input: { type: "text", text }, kind: "extract", ...more }),
    );
    return microtasks.filter(({ id }) => id !== "reduce").map(({ instruction }) => instruction);
  };
  expect(partsOf({ kind: "answer" }).every((words) => !words.includes("\n"))).toBe(true);
  const schema = { type: "object", properties: { due: { type: "string" }, item: { type: "string" } } };
  const told = partsOf({ instruction: "Name each day.", contract: { criteria: [], judged: [], schema } });
  expect(told.length).toBeGreaterThan(3);
  for (const words of told) {
    expect(words).toContain("Name each day.");
    expect(words).toContain("due, item");
  }
  for (const words of partsOf({ kind: "classify", labels: ["late", "in time"] }))
    expect(words).toContain("late, in time");
});
