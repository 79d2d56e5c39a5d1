import { expect, it } from "vitest";
import { promptFor } from "../../src/adapt/prompt.ts";
import { type Kind, kindLabels } from "../../src/plan/kind.ts";
import { singlePlan } from "../../src/plan/templates.ts";
import { requestOf } from "../engine/world.ts";

function systemOf(kind: Kind, labels: string[] | null): string {
  const [task] = singlePlan(requestOf({ kind, labels })).microtasks;
  if (task === undefined) throw new Error("a plan without a microtask");
  return promptFor(task, "a text", null, null, [])[0]?.content ?? "";
}
const namedIn = (system: string): string[] => (system.match(/"[^"]+"/g) ?? []).map((quoted) => quoted.slice(1, -1));

it("tells a model the labels that its answer is held to, and no others", () => {
  for (const [kind, labels] of Object.entries(kindLabels) as [Kind, string[]][]) {
    expect(namedIn(systemOf(kind, null))).toEqual(labels);
    expect(namedIn(systemOf(kind, ["one", "other"]))).toEqual(["one", "other"]);
  }
  expect(namedIn(systemOf("answer", null))).toEqual([]);
});
