import fc from "fast-check";
import { expect, it } from "vitest";
import { type Confined, type Example, mayShow } from "../../src/adapt/examples.ts";
import type { ModelCall } from "../../src/race/model-port.ts";
import { bidderOf, requestOf, says, World } from "./world.ts";

/** Anybody, anywhere. */
const unconfined: Confined = { bidders: null, region: null };

/** A world whose tenant has kept these. */
class Keeping extends World {
  kept: Example[] = [
    { input: "The red lamp is broken.", output: '{"label":"complaint"}', only: unconfined },
    { input: "The red lamp is heavy.", output: '{"label":"heavy"}', only: unconfined },
  ];

  override ports() {
    const ports = super.ports();
    return { ...ports, market: () => ({ ...ports.market(), examples: () => this.kept }) };
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

it("an example of a job that was confined is shown only to those whom that job could have asked", async () => {
  const kept: Example[] = [
    { input: "A lamp for Ana.", output: "of the eu", only: { bidders: null, region: "eu" } },
    { input: "A lamp for Ben.", output: "of the us", only: { bidders: null, region: "us" } },
    { input: "A lamp for Cleo.", output: "of a/one", only: { bidders: ["a/one", "b/two"], region: null } },
    { input: "A lamp for Dan.", output: "of anybody", only: unconfined },
  ];
  const shownTo = async (more: object) => {
    const calls: ModelCall[] = [];
    const world = new Keeping([{ ...bidderOf("a/one"), region: "eu" }], (call) => {
      calls.push(call);
      return says("Fine.");
    });
    world.kept = kept;
    world.accept(requestOf({ examples: true, input: { type: "text", text: "A lamp." }, ...more }));
    expect((await world.settle()).status).toBe("succeeded");
    const shown = JSON.stringify(calls[0]?.messages);
    return ["of the eu", "of the us", "of a/one", "of anybody"].filter((output) => shown.includes(output));
  };
  expect(await shownTo({})).toEqual(["of anybody"]);
  expect(await shownTo({ region: "eu" })).toEqual(["of the eu", "of anybody"]);
  expect(await shownTo({ bidders: ["a/one"] })).toEqual(["of a/one", "of anybody"]);
});

it("whoever a job may ask and is shown an example could have been asked by the example's own job", () => {
  const ids = ["a", "b", "c"];
  const confined = fc.record({
    bidders: fc.option(fc.subarray(ids, { minLength: 1 }), { nil: null }),
    region: fc.option(fc.constantFrom("eu", "us"), { nil: null }),
  });
  const asks = ({ bidders, region }: Confined, id: string, at: string) =>
    (bidders?.includes(id) ?? true) && (region === null || region === at);
  fc.assert(
    fc.property(confined, confined, (only, to) => {
      const everywhere = [...ids, "d"].flatMap((id) => ["eu", "us"].map((at) => [id, at] as const));
      if (!mayShow({ input: "", output: "", only }, to)) return;
      for (const [id, at] of everywhere) if (asks(to, id, at)) expect(asks(only, id, at)).toBe(true);
    }),
  );
});
