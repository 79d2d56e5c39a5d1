import { describe, expect, it } from "vitest";
import { openCriteria } from "../../src/engine/criteria.ts";
import type { Criterion } from "../../src/plan/contract.ts";
import type { Microtask } from "../../src/plan/microtask.ts";
import { bidderOf, requestOf, says, World } from "./world.ts";

/** A microtask whose pattern counts how often it is read, which is when it is compiled. */
function counted(): { task: Microtask; reads: () => number } {
  let reads = 0;
  const criterion: Criterion = {
    type: "pattern",
    get pattern() {
      reads += 1;
      return "so (yes|no)+ b*";
    },
    must: true,
  };
  const task: Microtask = {
    id: "m",
    kind: "answer",
    needs: [],
    input: [{ from: "job" }],
    instruction: "",
    contract: { criteria: [criterion], judged: [] },
    required: true,
  } as unknown as Microtask;
  return { task, reads: () => reads };
}

describe("the criteria of a microtask", () => {
  it("are compiled once for all that race, and judge each of them by itself", () => {
    const { task, reads } = counted();
    const open = (input = "where?") => openCriteria(task, input, () => null, null);
    const first = open();
    const once = reads();
    expect(once).toBeGreaterThan(0);
    const others = Array.from({ length: 20 }, () => open());
    expect(reads()).toBe(once);
    first.push("it is so yes by now");
    expect(first.prefix().result).toBe("accept");
    for (const other of others) {
      other.push("it is so");
      expect(other.prefix().result).toBe("undecided");
    }
    // Its input is known when it is awarded; were it another, quotations would be looked up in the wrong text.
    open("another text");
    expect(reads()).toBeGreaterThan(once);
  });

  it("are those of the attempt's own microtask", async () => {
    const contract = { criteria: [{ type: "pattern" as const, pattern: "Paris", must: true }], judged: [] };
    const world = new World([bidderOf("a/one"), bidderOf("b/two")], (call) =>
      says(call.bidder === "a/one" ? "London it is." : "Paris it is."),
    );
    world.accept(requestOf({ contract }));
    const job = await world.settle();
    expect(job.answer?.text).toBe("Paris it is.");
  });
});
