import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { identifierKinds } from "../../src/plan/redaction.ts";
import { confine, noRules } from "../../src/plan/tenant-rules.ts";
import { requestOf } from "../engine/world.ts";

const ids = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d"), { minLength: 1 });
const redactions = fc.option(
  fc.record({
    identifiers: fc.subarray([...identifierKinds]),
    terms: fc.uniqueArray(fc.constantFrom("Ann", "Lee", "C++")),
  }),
  { nil: undefined },
);
const regions = fc.option(fc.constantFrom("eu", "us"));

describe("what a tenant is confined to", () => {
  it("holds whatever a request asks for, which is narrowed and never widened", () => {
    fc.assert(
      fc.property(
        fc.record({ bidders: fc.option(ids), region: regions, noRetention: fc.boolean() }),
        fc.record({ bidders: fc.option(ids), region: regions, noRetention: fc.boolean() }),
        redactions,
        redactions,
        (restricted, limits, wished, due) => {
          const asked = { ...restricted, ...(wished === undefined ? {} : { redact: wished }) };
          const rules = { ...limits, ...(due === undefined ? {} : { redact: due }) };
          const request = requestOf(asked);
          const confined = confine(request, rules);
          const regionsDiffer = asked.region !== null && rules.region !== null && asked.region !== rules.region;
          const common = (asked.bidders ?? ["a", "b", "c", "d"]).filter((id) => rules.bidders?.includes(id) ?? true);
          if ("code" in confined) {
            expect(confined).toMatchObject({ code: "forbidden", reason: "tenant-rules" });
            expect(confined.field).toBe(regionsDiffer ? "region" : "bidders");
            expect(regionsDiffer || common.length === 0).toBe(true);
            return;
          }
          expect(regionsDiffer).toBe(false);
          expect(confined.region).toBe(rules.region ?? asked.region);
          expect(confined.noRetention).toBe(asked.noRetention || rules.noRetention);
          if (asked.bidders === null && rules.bidders === null) expect(confined.bidders).toBeNull();
          else expect([...(confined.bidders ?? [])].sort()).toEqual([...common].sort());
          for (const one of [wished, due]) {
            expect(confined.redact?.identifiers ?? []).toEqual(expect.arrayContaining(one?.identifiers ?? []));
            expect(confined.redact?.terms ?? []).toEqual(expect.arrayContaining(one?.terms ?? []));
          }
          const { bidders: _, region: __, noRetention: ___, redact: ____, ...rest } = confined;
          expect(request).toMatchObject(rest);
          // Once confined, it stays as it is.
          expect(confine(confined, rules)).toEqual(confined);
        },
      ),
    );
  });

  it("holds for judges too", () => {
    const rules = { ...noRules, bidders: ["a", "b"] };
    expect(confine(requestOf({ judges: ["b", "c"] }), rules)).toMatchObject({ judges: ["b"] });
    expect(confine(requestOf({ judges: ["c"] }), rules)).toMatchObject({ code: "forbidden", field: "judges" });
    expect(confine(requestOf({ judges: ["c"] }), noRules)).toMatchObject({ judges: ["c"] });
  });

  it("is nothing where nothing was set", () => {
    const request = requestOf({ bidders: ["a"], region: "eu" });
    expect(confine(request, noRules)).toEqual(request);
  });

  it("is named in the refusal, as far as it can be read", () => {
    const many = Array.from({ length: 20 }, (_, i) => `m${i}`);
    const refusal = confine(requestOf({ bidders: ["x"] }), { ...noRules, bidders: many });
    expect(refusal).toMatchObject({ message: expect.stringContaining("m7 and 12 more only") });
  });
});
