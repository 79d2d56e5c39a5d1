import { expect, it } from "vitest";
import type { Plan } from "../../src/plan/microtask.ts";
import { plannerTask, readPlanned } from "../../src/plan/planner.ts";
import { requestOf } from "../engine/world.ts";

const step = (id: string, needs: string[] = [], kind = "extract") => ({ id, kind, instruction: "Do it.", needs });

it("drops microtasks that the answer does not need, and shares the value among the others", () => {
  const microtasks = [step("idle"), step("facts"), step("reply", ["facts"], "draft"), step("late", ["idle"])];
  const plan = readPlanned({ microtasks, answer: "reply" }, requestOf({ plan: "auto", valueNano: 100 })) as Plan;
  expect(plan.microtasks.map((m) => [m.id, m.valueNano])).toEqual([
    ["facts", 50],
    ["reply", 50],
  ]);
});

it("refuses what is no plan, needed or not", () => {
  const cycle = { microtasks: [step("a", ["b"]), step("b", ["a"]), step("c")], answer: "c" };
  expect(readPlanned(cycle, requestOf({ plan: "auto" }))).toMatchObject({ code: "invalid-plan" });
});

it("knows of classifying only where there are labels, since it can name none", () => {
  const plan = { microtasks: [step("it", [], "classify")], answer: "it" };
  const bare = requestOf({ plan: "auto" });
  expect(plannerTask(bare).instruction).not.toContain("classify");
  expect(readPlanned(plan, bare)).toMatchObject({ code: "invalid-plan" });
  const labelled = requestOf({ plan: "auto", kind: "classify", labels: ["red", "blue"] });
  expect(plannerTask(labelled).instruction).toContain("classify");
  expect(readPlanned(plan, labelled)).toMatchObject({ microtasks: [{ kind: "classify", labels: ["red", "blue"] }] });
});
