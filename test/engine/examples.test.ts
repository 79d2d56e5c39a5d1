import { expect, it } from "vitest";
import type { ModelCall } from "../../src/race/model-port.ts";
import { bidderOf, requestOf, says, World } from "./world.ts";

/** A world whose tenant has kept these. */
class Keeping extends World {
  override ports() {
    const ports = super.ports();
    const kept = [
      { input: "The red lamp is broken.", output: '{"label":"complaint"}' },
      { input: "The red lamp is heavy.", output: '{"label":"heavy"}' },
    ];
    return { ...ports, market: () => ({ ...ports.market(), examples: () => kept }) };
  }
}

it("an example of another use, with labels that are not this one's, is not shown", async () => {
  const calls: ModelCall[] = [];
  const world = new Keeping([bidderOf("a/one")], (call) => {
    calls.push(call);
    return says('{"label":"heavy"}');
  });
  const input = { type: "text" as const, text: "The red lamp is broken." };
  world.accept(requestOf({ kind: "classify", labels: ["heavy", "light"], examples: true, input }));
  expect((await world.settle()).status).toBe("succeeded");
  const shown = JSON.stringify(calls[0]?.messages);
  expect(shown).toContain("The red lamp is heavy.");
  expect(shown).not.toContain("complaint");
});
